use perf::stream::{Draft, Kind, Suspect, Table, Whole};
use perf::{Iteration, Room};
use proptest::prelude::*;

use super::*;
use crate::recording::made::{amounts, draft, greeting, line, names, note};

const LEDGER: [&str; 4] = ["received", "forwarded", "runt", "parked"];

fn checked(bytes: &[u8]) -> Verdict {
    Verdict::of(&Recording::read(bytes).unwrap())
}

/// Two ledgers of core 1, and the beginning of another table, which ends the second.
fn ledgers(second: [u64; 4]) -> Vec<Draft> {
    vec![
        greeting(0, 1),
        names(Table::Ledger, &LEDGER),
        amounts((Table::Ledger, 1), 100, &[10, 7, 2, 1]),
        amounts((Table::Ledger, 1), 200, &second),
        amounts((Table::Counters, 1), 200, &[]),
    ]
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let mut drafts = ledgers([20, 17, 2, 1]);
    drafts.extend([note(1), note(2)]);
    let verdict = checked(&line(0, &drafts));
    assert_eq!(verdict.findings, [""; 0]);
    assert_eq!(verdict.remarks, ["2 copies of ledgers were judged"]);
}

#[test]
fn a_ledger_is_wrong_by_one_frame() {
    let verdict = checked(&line(0, &ledgers([20, 17, 1, 1])));
    assert_eq!(
        verdict.findings,
        ["ledger of core 1 at 0 ms: 18 frames ended and 1 wait, expected the 20 that came"]
    );
}

#[test]
fn a_copy_of_which_frames_may_be_missing_is_not_judged() {
    let drafts = ledgers([20, 17, 1, 1]);
    let mut bytes = line(0, &drafts[..4]);
    bytes.extend(line(5, &drafts[4..]));
    let verdict = checked(&bytes);
    assert_eq!(verdict.findings, ["1 frames are missing by their numbers, expected 0"]);
    assert_eq!(verdict.remarks.len(), 2, "{:?}", verdict.remarks);
}

#[test]
fn a_ledger_of_whose_names_a_part_is_missing_is_not_judged() {
    let piece = |first: u16, own: &[&str]| {
        let mut draft = draft(Kind::Names, &(Table::Ledger, 0_u16, first));
        own.iter().for_each(|name| draft.add(name).unwrap());
        draft
    };
    let behind = ledgers([20, 17, 2, 1]).split_off(2);
    let mut bytes = line(0, &[greeting(0, 1), piece(0, &LEDGER[..2])]);
    // The rest of the names is missing, and would have told which number is whose.
    bytes.extend(line(3, &behind));
    let verdict = checked(&bytes);
    assert_eq!(verdict.findings, ["1 frames are missing by their numbers, expected 0"]);
    assert_eq!(verdict.remarks[0], "0 copies of ledgers were judged");
    let mut whole = vec![greeting(0, 1), piece(0, &LEDGER[..2]), piece(2, &LEDGER[2..])];
    whole.extend(behind);
    assert_eq!(checked(&line(0, &whole)).remarks, ["2 copies of ledgers were judged"]);
}

#[test]
fn a_recording_that_begins_late_says_so_and_misses_nothing_before() {
    let verdict = checked(&line(40, &[note(7), greeting(0, 1), note(8)]));
    assert_eq!(verdict.findings, [""; 0]);
    assert_eq!(
        verdict.remarks[0],
        "it begins late: 40 frames had been sent before the first that it holds"
    );
    let verdict = checked(&line(40, &[note(7), note(9)]));
    assert!(
        verdict.findings[0].starts_with("1 events up to 9 were not received, the first of them 8")
    );
    let expected = "no greeting was received, so nothing converts counts to times";
    assert!(verdict.remarks.contains(&expected.to_owned()), "{:?}", verdict.remarks);
}

#[test]
fn an_event_that_was_neither_received_nor_announced_is_found() {
    let verdict = checked(&line(0, &[greeting(0, 1), note(1), note(4)]));
    assert_eq!(verdict.findings.len(), 1);
    assert!(
        verdict.findings[0].starts_with("2 events up to 4 were not received, the first of them 2")
    );
    let mut gap = Draft::new(Kind::Gap, perf::stream::PAYLOAD);
    gap.add(&perf::stream::Gap { kind: Kind::Suspect as u8, count: 2 }).unwrap();
    let verdict = checked(&line(0, &[greeting(0, 1), note(1), note(4), gap]));
    assert_eq!(verdict.findings, [""; 0]);
}

#[test]
fn rooms_that_are_more_than_their_iteration_are_found() {
    let readings = perf::stolen::Readings::default();
    let mut iteration = Iteration::default();
    (iteration.number, iteration.cycles) = (9, 300);
    // A row is what lets a reader set a room.
    let mut heading = perf::stream::Heading { event: 1, number: 8, end: 0 };
    let row = perf::stream::Row::of(&iteration, &heading);
    iteration = perf::stream::Row { upcall_cycles: 301, ..row }.iteration(&mut heading);
    assert_eq!(iteration.room(Room::Upcall), 301);
    let suspect = Suspect { event: 1, core: 1, iteration, has_rooms: true, readings, loss: None };
    let whole = Whole { event: 1, suspects: 1, rows: 1, missing: 0, is_cut: false };
    let drafts = [greeting(0, 1), draft(Kind::Suspect, &suspect), draft(Kind::Whole, &whole)];
    assert_eq!(
        checked(&line(0, &drafts)).findings,
        [
            "event 1 is not whole: 1 suspects and 0 rows, expected 1 and 1",
            "rooms of iteration 9 in event 1 add up to 301 cycles, expected 300"
        ]
    );
}

#[test]
fn a_crash_is_found_by_its_first_line() {
    let mut crash = Draft::new(Kind::Crash, perf::stream::PAYLOAD);
    crash.add_bytes(b"crash on core 1: panic at here: ouch\n  rip 0\n");
    let verdict = checked(&line(0, &[greeting(0, 1), crash]));
    assert_eq!(verdict.findings, ["it crashed: crash on core 1: panic at here: ouch"]);
}

proptest! {
    #[test]
    fn whatever_a_file_holds_is_judged_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut all = line(0, &ledgers([20, 17, 2, 1]));
        all.extend(bytes);
        let _verdict = checked(&all);
    }
}
