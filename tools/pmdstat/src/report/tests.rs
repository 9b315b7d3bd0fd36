use perf::report::{Percentiles, Suspect as Announced};
use perf::stream::{
    Amount, Draft, Fact, Gap, Greeting, Heading, Kind, Note, PAYLOAD, Row, Suspect, Table, Whole,
};
use perf::{Flags, Iteration, Reasons, Timebase};

use super::*;
use crate::recording::made::{draft, line};

/// Text that would be more than text, were it not escaped.
const HOSTILE: &str = "</pre><script>alert('&\"')</script>";

fn fact<'a>(name: &'a str, value: &'a str) -> Draft {
    draft(Kind::Fact, &Fact { about: "machine", name, value })
}

fn greeting() -> Draft {
    let base = Timebase::new(1_000_000, 0);
    draft(Kind::Greeting, &Greeting { version: 1, build: [0xab; 20], base, at: 1 })
}

fn took(number: u64, start: u64, cycles: u64) -> Iteration {
    let mut iteration = Iteration::default();
    (iteration.number, iteration.start, iteration.cycles) = (number, start, cycles);
    iteration
}

/// Iteration `number` of 300 cycles, or of those that `change` gives it.
fn suspect(event: u64, number: u64, change: impl Fn(&mut Iteration)) -> Suspect {
    let mut iteration = took(number, number * 1000, 300);
    iteration.reasons = Reasons::DURATION;
    change(&mut iteration);
    let readings = perf::stolen::Readings::default();
    Suspect { event, core: 1, iteration, has_rooms: true, readings, loss: None }
}

/// An event with a row before its suspicious iteration, and that itself.
fn event(suspect: &Suspect) -> [Draft; 3] {
    let event = suspect.event;
    let Iteration { number, start, .. } = suspect.iteration;
    let heading = Heading { event, number: number - 2, end: start - 500 };
    let mut before = took(number - 1, start - 500, 100);
    before.packets = suspect.iteration.packets;
    let whole = Whole { event, suspects: 1, rows: 1, missing: 0, is_cut: false };
    let mut rows = draft(Kind::Rows, &heading);
    rows.add(&Row::of(&before, &heading)).unwrap();
    [draft(Kind::Suspect, suspect), rows, draft(Kind::Whole, &whole)]
}

fn amounts(table: Table, counts: &[u64]) -> Draft {
    let mut amounts = draft(Kind::Amounts, &(table, 1_u16, 5_000_000_u64, 0_u16));
    counts.iter().for_each(|count| amounts.add(&Amount { skipped: 0, count: *count }).unwrap());
    amounts
}

/// Names of a ledger, and what it says of one port: of 9 frames 2 were dropped.
fn ledger(reason: &str) -> [Draft; 2] {
    let mut names = draft(Kind::Names, &(Table::Ledger, 0_u16, 0_u16));
    ["received", "forwarded", reason].iter().for_each(|name| names.add(name).unwrap());
    [names, amounts(Table::Ledger, &[9, 7, 2])]
}

fn statistics() -> [Draft; 2] {
    [amounts(Table::Counters, &[4]), amounts(Table::Histogram(0), &[0, 0, 5, 6, 7])]
}

fn recording(drafts: impl IntoIterator<Item = Draft>) -> Recording {
    let drafts: Vec<Draft> = [greeting()].into_iter().chain(drafts).collect();
    Recording::read(&*line(0, &drafts)).unwrap()
}

/// Two events, the second of which is the longer, and everything else that a page shows.
fn full() -> Recording {
    let short = suspect(1, 10, |_| {});
    let long = suspect(2, 20, |iteration| {
        (iteration.cycles, iteration.packets) = (9000, 4);
        iteration.flags.set(Flags::INJECTED);
    });
    let gap = draft(Kind::Gap, &Gap { kind: Kind::Amounts as u8, count: 12 });
    let facts = [fact("hypervisor", "QEMU"), fact("tsc_source", "HPET")];
    let all = facts.into_iter().chain(event(&short)).chain(event(&long));
    recording(all.chain(ledger("tx_full")).chain(statistics()).chain([gap]))
}

fn html(recording: &Recording) -> String {
    page(recording, "last.pmd")
}

/// The part of `page` in an element of this class, up to the next one that ends a picture or a table.
fn element<'a>(page: &'a str, class: &str) -> &'a str {
    let begin = page.find(&format!("class=\"{class}\"")).unwrap_or_else(|| panic!("no {class}"));
    let ends = ["</figure>", "</table>"].into_iter().filter_map(|end| page[begin..].find(end));
    &page[begin..begin + ends.min().unwrap()]
}

#[test]
fn every_picture_is_there_and_has_something_in_it() {
    let page = html(&full());
    let parts = [
        ("timeline", "<rect class=\"trigger\""),
        ("durations", "<path class=\"dots suspect\" d=\"M"),
        ("percentiles", "<polyline class=\"curve room0\" points=\""),
        ("scatter", "<path class=\"dots around\" d=\"M"),
        ("ledger", "<rect class=\"suspect\""),
        ("worst", "<td class=\"n\">9000</td>"),
        ("facts", "<td>HPET</td>"),
    ];
    parts
        .iter()
        .for_each(|(class, inside)| assert!(element(&page, class).contains(inside), "{class}"));
    assert_eq!(page.matches("<figure class=\"timeline\"").count(), 2);
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn the_page_needs_no_network_and_no_script() {
    let page = html(&full());
    ["<script", "src=", "href=", "http:", "https:", "url("]
        .iter()
        .for_each(|word| assert!(!page.contains(word), "{word}"));
}

#[test]
fn whatever_a_recording_says_is_text() {
    let note = draft(Kind::Note, &Note { event: 3, at: 5, text: HOSTILE });
    let mut crash = Draft::new(Kind::Crash, PAYLOAD);
    assert_eq!(crash.add_bytes(HOSTILE.as_bytes()), HOSTILE.len());
    let facts = [fact(HOSTILE, HOSTILE), fact("hypervisor", HOSTILE), note, crash];
    let mut recording = recording(facts.into_iter().chain(ledger(HOSTILE)));
    recording.text.push(HOSTILE.to_owned());
    let page = page(&recording, HOSTILE);
    assert!(!page.contains("<script") && !page.contains("'&\""));
    assert!(page.matches("&lt;script&gt;alert").count() >= 8);
}

#[test]
fn a_crash_stands_at_the_top_and_whole_below() {
    let mut crash = Draft::new(Kind::Crash, PAYLOAD);
    crash.add_bytes(b"crash on core 1: panic at here: ouch\n  rip 0\n");
    let page = html(&recording([crash]));
    assert!(page.contains(" It crashed: crash on core 1: panic at here: ouch.</li>"));
    assert!(page.contains("<pre>crash on core 1: panic at here: ouch\n  rip 0\n</pre>"));
}

#[test]
fn numbers_are_those_that_show_prints() {
    let recording = full();
    let (page, boot) = (html(&recording), &recording.boots[0]);
    let (snapshot, base) = (boot.snapshot(1).unwrap(), boot.base());
    assert!(page.contains(&Percentiles(&snapshot).to_string()));
    for event in boot.events.values() {
        let Suspect { iteration, event, .. } = &event.suspects[0];
        let line = Announced { iteration, core: 1, event: *event, base: &base }.to_string();
        assert!(page.contains(&line), "{line}");
    }
    assert!(page.contains("In flight 0; the sums are exact."));
    assert!(page.contains("<td>port 0</td><td>tx_full</td><td class=\"n\">2</td>"));
}

#[test]
fn five_lines_tell_what_happened() {
    let lines = story::lines(&full());
    let expected = [
        "Suspicious iterations: 2, in events: 2; starts of the machine: 1.",
        "The worst: iteration 20 on core 1 took 9000 us (event 2: excessive total cycles, injected). \
         Likely cause: the command `stall`.",
        "Frames dropped: 2 (most: 2 tx_full at port 0); in flight: 0; every frame is accounted for; \
         lost by NICs in suspicious iterations: 0.",
        "The recording: frames missing=0 damaged=0 of-later-versions=0; events that are not whole: 0; \
         not sent, because the line was slower: 12 amounts.",
        "The times are an emulator's (QEMU): they say what happened, not how long hardware takes; \
         the speed of its clock is known from: HPET.",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn times_of_a_machine_of_its_own_are_not_an_emulators() {
    let last = |drafts| story::lines(&recording(drafts))[4].clone();
    assert!(
        last(vec![fact("hypervisor", "none")]).starts_with("The times are a machine's of its own")
    );
    assert!(
        last(vec![fact("hypervisor", "KVM")])
            .starts_with("The times are a virtual machine's (KVM)")
    );
    assert!(
        last(vec![]).starts_with("Whether the times are an emulator's is not in the recording")
    );
}

#[test]
fn without_an_event_the_page_says_so() {
    let page = html(&recording([]));
    assert!(page.contains("No event was recorded; starts of the machine: 1."));
    assert!(page.contains("there is no event to draw") && !page.contains("<svg"));
}

#[test]
fn frames_that_went_astray_are_told() {
    let [names, _] = ledger("tx_full");
    let [mut drafts, end] =
        [vec![names, amounts(Table::Ledger, &[9, 7, 1])], statistics().to_vec()];
    let line = story::lines(&recording(drafts.clone()))[2].clone();
    assert!(
        line.contains("the sums were not judged, as a part of a ledger may be missing"),
        "{line}"
    );
    drafts.extend(end);
    let line = story::lines(&recording(drafts))[2].clone();
    assert!(line.contains("the sums are WRONG: frames are unaccounted for"), "{line}");
}

#[test]
fn iterations_that_cannot_be_are_drawn_all_the_same() {
    let odd = suspect(1, 10, |iteration| {
        (iteration.number, iteration.start, iteration.cycles) = (u64::MAX, u64::MAX, u64::MAX);
        iteration.packets = u32::MAX;
    });
    let page = html(&recording(event(&odd)));
    assert!(page.contains("<figure class=\"timeline\"") && !page.contains("NaN"));
}

#[test]
fn of_an_event_with_many_iterations_those_nearest_to_the_trigger_are_drawn() {
    let long = suspect(1, 500, |iteration| iteration.cycles = 9000);
    let mut recording = recording(event(&long));
    let row = |number| took(number, number * 1000, 10);
    let event = recording.boots[0].events.get_mut(&1).unwrap();
    event.rows = (1..1000).map(row).collect();
    let bars = element(&html(&recording), "timeline").matches("<rect class=\"").count();
    // 24 to either side, the trigger, and the one room that it was in.
    assert_eq!(bars, 24 + 1 + 24 + 1);
}
