//! Whatever a recording says, every verb reads it to its end.

mod messages;

use perf::stream::{Draft, Frame, Message, Table};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::export::schema::faults;
use crate::export::{self, Format, Wanted};
use crate::recording::Recording;
use crate::recording::made::{amounts, greeting, line, names};
use crate::{check, diff, report, show};
use clap::ValueEnum as _;
use messages::message;

const NAMES: [&str; 4] = ["received", "forwarded", "runt", "parked"];

/// All that any verb writes of `recording`.
fn written(recording: &Recording) -> Vec<u8> {
    let mut out = Vec::new();
    show::write(recording, None, &mut out).unwrap();
    show::write(recording, Some(u64::MAX), &mut out).unwrap();
    check::write(recording, &mut out).unwrap();
    out.extend(report::page(recording, "hostile").into_bytes());
    for format in Format::value_variants() {
        for table in export::Table::value_variants() {
            let wanted = Wanted { format: *format, table: *table, host: "lab" };
            export::write(recording, &wanted, &mut out).unwrap();
        }
    }
    let mut trace = Vec::new();
    let chrome = Wanted { format: Format::Chrome, table: export::Table::Events, host: "" };
    export::write(recording, &chrome, &mut trace).unwrap();
    assert_eq!(faults(&String::from_utf8(trace).unwrap()), [""; 0]);
    if let [first, .., last] = &*recording.boots {
        diff::write(first, last, &mut out).unwrap();
    }
    out
}

fn is_message(draft: &Draft) -> bool {
    Message::read(&Frame { sequence: 0, kind: draft.kind(), payload: draft.payload() }).is_ok()
}

#[test]
fn the_largest_numbers_in_every_place_stop_no_verb() {
    let mut drafts = vec![greeting(0, 1), names(Table::Ledger, &NAMES), names(Table::Card, &NAMES)];
    let histograms = (0..8).map(Table::Histogram);
    let tables =
        || [Table::Counters, Table::Ledger, Table::Card].into_iter().chain(histograms.clone());
    for (at, owner) in [(1, 0), (u64::MAX, 0), (1, 1), (u64::MAX, 1)] {
        drafts.extend(tables().map(|table| amounts((table, owner), at, &[u64::MAX; 40])));
    }
    let recording = Recording::read(&*line(0, &drafts)).unwrap();
    let text = String::from_utf8(written(&recording)).unwrap();
    assert!(text.contains("the sums are WRONG"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_well_formed_recording_stops_a_verb(parts in vec((0..3_u32, vec(message(), 0..40)), 1..4)) {
        // With names and a clock more of what follows means something.
        let known = [greeting(0, 1), names(Table::Ledger, &NAMES)];
        let (mut bytes, mut sequence) = (line(0, &known), 2_u32);
        for (skipped, drafts) in parts {
            prop_assert!(drafts.iter().all(is_message));
            bytes.extend(line(sequence + skipped, &drafts));
            sequence += skipped + drafts.len() as u32;
        }
        let recording = Recording::read(&*bytes).unwrap();
        prop_assert_eq!(recording.damaged, 0);
        let page = written(&recording);
        prop_assert!(!page.windows(3).any(|word| word == b"NaN"));
    }
}
