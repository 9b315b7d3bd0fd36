use super::*;
use crate::top::made::{SECOND, machine};

fn at(millis: u64) -> Figures {
    Figures::at(&machine(), Moment { start: 0, nanos: millis * 1_000_000 })
}

#[test]
fn rates_are_those_between_the_last_two_copies() {
    let figures = at(3500);
    let pmd = &figures.pmds[0];
    assert_eq!((pmd.core, pmd.pulse, pmd.at), (1, Pulse::Busy, 3 * SECOND));
    assert_eq!((pmd.rx, pmd.tx), (Some(1000.0), Some(990.0)));
    assert_eq!((pmd.cycles_per_packet, pmd.busy), (Some(250.0), Some(25.0)));
    assert_eq!(pmd.hits, [0.0, 0.0, 90.0, 0.0, 10.0, 0.0].map(Some));
    assert_eq!(pmd.past, [1000.0, 1000.0]);
    let port = &figures.ports[0];
    assert_eq!((port.rx, port.rx_bits, port.dropped), (1000.0, 800_000.0, 10.0));
    assert_eq!(port.drops[0], ports::Drops { reason: "no_rule".into(), frames: 20, rate: 10.0 });
    assert_eq!((figures.ports[1].tx, figures.ports[1].rx), (990.0, 0.0));
    assert_eq!(figures.balance, Some(Balance { parked: 0, is_exact: true }));
}

#[test]
fn what_comes_later_is_not_seen_before() {
    let (early, late) = (at(2999), at(3001));
    assert_eq!(early.pmds[0].at, 2 * SECOND);
    assert_eq!((early.event_count, late.event_count), (0, 1));
    let event = &late.events[0];
    assert_eq!((event.number, event.up, event.micros), (7, 3_000_000_000, Some(600)));
    assert_eq!((&*event.reasons, early.machine.not_sent), ("duration", 0));
    assert_eq!(late.machine.not_sent, 2);
}

#[test]
fn the_first_copy_counts_from_boot_on() {
    let first = &at(1000).pmds[0];
    assert_eq!((first.rx, first.pulse, first.interval), (Some(0.0), Pulse::Idle, Some(1.0)));
    assert!(at(999).pmds.is_empty());
}

#[test]
fn a_machine_that_says_nothing_more_is_late() {
    assert_eq!(at(7000).pmds[0].pulse, Pulse::Busy);
    let figures = at(8000);
    assert_eq!((figures.pmds[0].pulse, figures.machine.is_late), (Pulse::Silent, true));
}

#[test]
fn iterations_are_told_in_microseconds() {
    let [p50, p99, longest] = at(3500).pmds[0].micros.map(Option::unwrap);
    // Percentiles are those of buckets: at most a 32nd above.
    assert!((50.0..52.0).contains(&p50), "{p50}");
    assert_eq!(p99, p50 + (p99 - p50));
    assert!((200.0..207.0).contains(&longest), "{longest}");
}

#[test]
fn of_nobody_nothing_stands_there() {
    let figures = Figures::at(&Past::default(), Moment::default());
    assert!(figures.pmds.is_empty() && figures.ports.is_empty() && figures.events.is_empty());
}
