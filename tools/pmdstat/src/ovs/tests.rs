use perf::Quantity;
use proptest::prelude::*;

use super::*;
use crate::recording::Recording;

const REPORT: &str = include_str!("../../tests/golden/ovs-perf-show.txt");
const LOG: &str = include_str!("../../tests/golden/ovs-vswitchd.log");

fn told(text: &str) -> Boot {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    read(&lines).unwrap()
}

#[test]
fn a_report_tells_what_was_counted() {
    let boot = told(REPORT);
    let counted = boot.snapshot(4).unwrap();
    assert_eq!(counted.iterations, 900_000);
    for (counter, count) in [
        (Counter::Recv, 9_000_000),
        (Counter::Recirc, 9_000_000),
        (Counter::EmcHit, 17_000_000),
        (Counter::Lookups, 1_499_985),
        (Counter::Miss, 10),
        (Counter::IdleCycles, 248_000_000),
        (Counter::BusyCycles, 5_952_000_000),
        (Counter::Batches, 600_000),
    ] {
        assert_eq!(counted.count(counter), count, "{counter:?}");
    }
    let bins = counted.of(Quantity::Cycles).bins();
    assert_eq!((bins[3], bins[9], bins[31]), (300_000, 599_000, 1000));
    assert_eq!(boot.base().hertz, 2_500_000_000);
    assert_eq!(boot.facts[&("machine".into(), "source".into())], "Open vSwitch, as text");
}

#[test]
fn a_log_tells_suspicious_iterations_with_those_around_them() {
    let boot = told(LOG);
    let suspects = |event: u64| {
        let suspects = boot.events[&event].suspects.iter();
        suspects.map(|it| (it.core, it.iteration.number, it.iteration.cycles)).collect::<Vec<_>>()
    };
    assert_eq!(suspects(1), [(4, 1000, 1_000_000)]);
    assert_eq!(suspects(2), [(4, 2000, 30_000), (4, 2001, 750_000)]);
    let numbers: Vec<u64> = boot.events[&1].rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [998, 999, 1000, 1001, 1002]);
    let reasons: Vec<String> = boot.events[&2]
        .suspects
        .iter()
        .map(|it| it.iteration.reasons.names().to_string())
        .collect();
    assert_eq!(reasons, ["fill", "duration"]);
    assert_eq!(boot.base().hertz, 2_500_000_000);
    assert!(boot.events.values().all(crate::recording::Event::is_whole));
}

#[test]
fn a_console_of_ours_is_read_with_its_prompts() {
    let log = "barecore> show\r\nbarecore>           Suspicious iteration (excessive total cycles, stolen time): \
        iter=9 duration=6 us core=1 event=7 tsc=500 boot_ns=5 utc=n/a gap\r\n\
        Neighborhood of suspicious iteration:\r\n   iter  cycles\r\n   9    6000    0   0   0   0   0   0\r\n\
        \u{20}  8    40    0   0   0   0   0   0\r\nbarecore> ";
    let recording = Recording::read(log.as_bytes()).unwrap();
    let event = &recording.boots[0].events[&7];
    let own = &event.suspects[0];
    assert_eq!((own.core, own.iteration.start, own.iteration.cycles), (1, 500, 6000));
    assert_eq!(own.iteration.reasons.names().to_string(), "duration+stolen");
    assert_eq!((event.rows[0].start, event.rows.len()), (460, 2));
}

#[test]
fn text_of_another_kind_is_nothing() {
    assert!(read(&["BMC: fan 3 slow".to_owned(), "Rx packets: 7".to_owned()]).is_none());
}

proptest! {
    #[test]
    fn whatever_a_log_holds_is_read_without_a_panic(
        line in prop::sample::select(LOG.lines().chain(REPORT.lines()).collect::<Vec<_>>()),
        noise in "\\PC{0,60}",
        place in 0_usize..200,
    ) {
        let place = line.floor_char_boundary(place.min(line.len()));
        let mixed = [&line[..place], &*noise, &line[place..]].concat();
        let lines: Vec<String> = [REPORT, LOG, &*mixed, LOG].iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
        prop_assert!(read(&lines).is_some());
    }
}
