//! Each known defect of Open vSwitch's metrics as a test that its code would fail.
//!
//! The numbers are those of the list of defects that this project works by. Two are not about what
//! this crate measures alone: D9 (a clear resets the lookups of the whole datapath) cannot be made,
//! because a clear is a copy on the reader's side and no counter goes down; and D12 (a reload cuts
//! an iteration) neither, because orders are taken in housekeeping, inside an iteration that ends.

use crate::events::{Events, Open, Part, Source};
use crate::played::{HERTZ, Played};
use crate::recorder::Upcall;
use crate::report::{Overall, Row};
use crate::settings::{Duration, Settings};
use crate::{Counter, Flags, Iteration, Quantity, Snapshot};

/// A PMD and a control core.
struct Desk {
    pmd: Played,
    settings: Settings,
    events: Events<'static>,
    open: Option<Open>,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        let (parts, rows) = (vec![Part::default(); 64], vec![Iteration::default(); 8000]);
        let events = Events::new(parts.leak(), rows.leak()).unwrap();
        let mut desk = Self { pmd: Played::new(), settings, events, open: None };
        desk.set(settings);
        desk
    }

    fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.pmd.recorder.set_limits(settings.limits(HERTZ, 0));
    }

    /// Suspicious iterations and numbers of rows of every event.
    fn shown(&mut self) -> Vec<(Vec<u64>, usize)> {
        let Self { pmd, settings, events, open } = self;
        let source = Source { core: 1, metrics: pmd.metrics, settings: *settings };
        (0..4).for_each(|_| events.collect(&source, open));
        let mut all = Vec::new();
        while let Some(dump) = events.next_to_print() {
            let event = dump.event(events).unwrap();
            let suspects = event.parts().map(|part| part.suspect().number).collect();
            all.push((suspects, event.rows().count()));
        }
        all
    }

    /// Has iterations up to `end`, of which those in `suspicious` take too long.
    fn run(&mut self, suspicious: &[u64], end: u64) {
        for number in self.pmd.metrics.ended() + 1..=end {
            self.pmd.run(if suspicious.contains(&number) { 300 } else { 10 });
        }
    }
}

fn counted(pmd: &Played) -> Box<Snapshot> {
    let mut counted = Box::new(Snapshot::ZERO);
    pmd.metrics.copy_to(&mut counted, pmd.clock.0.get());
    counted
}

/// D1: once an extended range has gone round the ring its listing has 0 rows, or a few.
#[test]
fn d1_an_extended_listing_never_loses_its_rows() {
    let mut desk = Desk::new(Settings { after: 60, extend: true, ..Settings::DEFAULT });
    let suspicious: Vec<u64> = (100..=1050).step_by(50).collect();
    desk.run(&suspicious, 1200);
    let shown = desk.shown();
    let suspects: Vec<u64> = shown.iter().flat_map(|(suspects, _)| suspects.clone()).collect();
    assert_eq!(suspects, suspicious);
    assert_eq!(shown.iter().map(|(_, rows)| rows).sum::<usize>(), 1110 - 95 + 1);
}

/// D2: what is pending while supervision is switched off and on appears a ring later, with other
/// data.
#[test]
fn d2_a_window_that_is_open_when_supervision_goes_off_is_completed_with_its_own_rows() {
    let mut desk = Desk::new(Settings::DEFAULT);
    desk.run(&[100], 102);
    desk.set(Settings { log: false, ..Settings::DEFAULT });
    desk.run(&[110], 120);
    desk.set(Settings::DEFAULT);
    desk.run(&[2000], 2100);
    assert_eq!(desk.shown(), [(vec![100], 11), (vec![2000], 11)]);
}

/// D3: an iteration above 2^31 cycles makes busy or idle cycles go down.
#[test]
fn d3_a_very_long_iteration_adds_all_its_cycles() {
    let mut pmd = Played::new();
    pmd.run((1 << 31) + 5);
    pmd.recorder.burst(0, 1, 0);
    pmd.run((1 << 33) + 7);
    let counted = counted(&pmd);
    assert_eq!(counted.count(Counter::IdleCycles), (1 << 31) + 5);
    assert_eq!(counted.count(Counter::BusyCycles), (1 << 33) + 7);
}

/// D4: samples and sums of 32 bits wrap.
#[test]
fn d4_samples_and_sums_beyond_32_bits_are_what_they_are() {
    let mut pmd = Played::new();
    pmd.run((1 << 32) + 600);
    pmd.recorder.begin_upcalls(&pmd.clock);
    pmd.clock.0.set(pmd.clock.0.get() + (1 << 33));
    pmd.recorder.upcall(Upcall::Done, &pmd.clock);
    pmd.run(0);
    let counted = counted(&pmd);
    assert_eq!(counted.of(Quantity::Cycles).bins()[31], 2, "not in the bin of 600");
    assert_eq!(counted.of(Quantity::PerUpcall).bins()[31], 1);
    assert_eq!(counted.count(Counter::UpcallCycles), 1 << 33);
}

/// D5: a PMD that is to clear waits for a report that is being printed.
#[test]
fn d5_a_clear_asks_nothing_of_the_pmd() {
    let mut pmd = Played::new();
    pmd.idle(100);
    let cleared = counted(&pmd);
    let row = pmd.metrics.history().iteration(100);
    pmd.idle(1);
    let mut now = counted(&pmd);
    now.subtract(&cleared);
    assert_eq!((now.iterations, pmd.metrics.history().iteration(100)), (1, row));
}

/// D6: an upcall inside an upcall is counted in itself and in the outer one.
#[test]
fn d6_the_cycles_of_a_nested_upcall_are_counted_once() {
    let mut pmd = Played::new();
    pmd.recorder.begin_upcalls(&pmd.clock);
    pmd.clock.0.set(pmd.clock.0.get() + 30);
    pmd.recorder.upcall(Upcall::Done, &pmd.clock);
    pmd.clock.0.set(pmd.clock.0.get() + 70);
    pmd.recorder.upcall(Upcall::Done, &pmd.clock);
    pmd.run(0);
    assert_eq!(counted(&pmd).count(Counter::UpcallCycles), 100);
}

/// D7: an upcall that fails is not timed.
#[test]
fn d7_an_upcall_that_fails_is_timed_and_sampled() {
    let mut pmd = Played::new();
    pmd.recorder.begin_upcalls(&pmd.clock);
    pmd.clock.0.set(pmd.clock.0.get() + 5000);
    pmd.recorder.upcall(Upcall::Lost, &pmd.clock);
    pmd.run(0);
    let counted = counted(&pmd);
    assert_eq!((counted.count(Counter::UpcallCycles), counted.count(Counter::Lost)), (5000, 1));
    assert_eq!(counted.of(Quantity::PerUpcall).samples(), 1);
    assert_eq!(counted.of(Quantity::Upcalls).bins()[1], 1);
}

/// D8: an iteration that only sends is idle by number and busy by cycles.
#[test]
fn d8_an_iteration_that_only_sends_is_busy_by_number_and_by_cycles() {
    let mut pmd = Played::new();
    pmd.recorder.current.sent = 4;
    pmd.recorder.current.flags.set(Flags::WORK);
    pmd.run(50);
    pmd.run(10);
    let counted = counted(&pmd);
    assert_eq!((counted.iterations, counted.idle_iterations()), (2, 1));
    assert_eq!(counted.count(Counter::BusyCycles), 50);
}

/// D10: a millisecond's highest queue fill is an average.
#[test]
fn d10_a_millisecond_has_the_highest_fill_of_its_iterations() {
    let mut pmd = Played::new();
    pmd.idle(10);
    pmd.recorder.burst(3, 32, 480);
    pmd.idle(100);
    let record = pmd.metrics.milliseconds().get(0).unwrap();
    assert_eq!((record.fill, record.deepest), (512, 11));
}

/// D11: a second event exactly at the write of the first is lost.
#[test]
fn d11_a_second_event_right_behind_a_window_is_not_lost() {
    let mut desk = Desk::new(Settings::DEFAULT);
    desk.run(&[100, 106], 200);
    assert_eq!(desk.shown(), [(vec![100], 11), (vec![106], 11)]);
}

/// D13: iterations that never were are listed, with zeros.
#[test]
fn d13_what_was_never_recorded_is_no_row() {
    let mut desk = Desk::new(Settings::DEFAULT);
    desk.run(&[2], 50);
    assert_eq!(desk.shown(), [(vec![2], 7)], "1 to 7: there is no iteration 0");
    let history = desk.pmd.metrics.history();
    assert!(history.iteration(0).is_none() && history.iteration(51).is_none());
}

/// D14: two histograms are filled while metrics are off, five are not.
#[test]
fn d14_all_histograms_stop_and_go_on_together() {
    let mut desk = Desk::new(Settings { metrics: false, ..Settings::DEFAULT });
    desk.pmd.recorder.burst(0, 32, 0);
    desk.run(&[], 10);
    for of in Quantity::ALL {
        assert_eq!(counted(&desk.pmd).of(of).samples(), 0, "{}", of.title());
    }
    desk.set(Settings::DEFAULT);
    desk.run(&[], 15);
    for of in [Quantity::Cycles, Quantity::Packets, Quantity::Fill, Quantity::Upcalls] {
        assert_eq!(counted(&desk.pmd).of(of).samples(), 5, "{}", of.title());
    }
    assert_eq!(counted(&desk.pmd).iterations, 15);
}

/// D15: there is a blank line behind "Tx packets" where it is 0, and only there.
#[test]
fn d15_the_report_has_no_blank_line_whatever_was_sent() {
    for sent in [0, 1] {
        let mut counted = Box::new(Snapshot::ZERO);
        counted.counters[Counter::SentPackets as usize] = sent;
        let text = Overall { counted: &counted, duration: 1000, hertz: HERTZ }.to_string();
        assert!(text.lines().all(|line| !line.is_empty()), "{text}");
    }
}

/// D16: what is counted as sent are attempts.
#[test]
fn d16_what_a_transmit_ring_refused_was_not_sent() {
    let mut pmd = Played::new();
    pmd.recorder.burst(0, 32, 0);
    pmd.recorder.current.sent = 20;
    pmd.recorder.dropped(12, 12);
    pmd.run(10);
    let counted = counted(&pmd);
    let of = |counter| counted.count(counter);
    assert_eq!((of(Counter::SentPackets), of(Counter::TxDropped)), (20, 12));
}

/// D17: the first bounds of two histograms are one below what the layout says; a comparison bin for
/// bin needs them so. All bounds, as a program that follows the sheet computes them.
#[test]
fn d17_the_bounds_are_those_of_the_original_to_the_last() {
    let bounds: [(Quantity, [u32; 31]); 7] = [
        (
            Quantity::Cycles,
            [
                499, 716, 1025, 1469, 2104, 3014, 4317, 6183, 8857, 12686, 18171, 26027, 37279,
                53395, 76480, 109544, 156903, 224736, 321895, 461058, 660385, 945886, 1354815,
                1940535, 2779476, 3981111, 5702243, 8167461, 11698454, 16755981, 24000000,
            ],
        ),
        (
            Quantity::Packets,
            [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 22, 28, 35, 45, 57, 72, 92, 117, 148,
                188, 239, 303, 385, 489, 621, 788, 1000,
            ],
        ),
        (
            Quantity::PerPacket,
            [
                100, 1096, 2093, 3090, 4086, 5083, 6080, 7076, 8073, 9070, 10066, 11063, 12060,
                13056, 14053, 15050, 16046, 17043, 18040, 19036, 20033, 21030, 22026, 23023, 24020,
                25016, 26013, 27010, 28006, 29003, 30000,
            ],
        ),
        (
            Quantity::Batch,
            [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23,
                24, 25, 26, 27, 28, 29, 30, 32,
            ],
        ),
        (
            Quantity::Fill,
            [
                0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 20, 25, 31, 38, 48, 59, 73, 91,
                113, 140, 174, 216, 268, 332, 412, 512,
            ],
        ),
        (Quantity::Upcalls, core::array::from_fn(|bound| bound as u32)),
        (
            Quantity::PerUpcall,
            [
                999, 1258, 1584, 1995, 2511, 3162, 3981, 5011, 6309, 7943, 9999, 12589, 15848,
                19952, 25118, 31622, 39810, 50118, 63095, 79432, 99999, 125892, 158489, 199526,
                251188, 316227, 398107, 501187, 630957, 794328, 1000000,
            ],
        ),
    ];
    for (of, bounds) in bounds {
        assert_eq!(of.layout().walls, bounds, "{}", of.title());
    }
}

/// Fixed in the original later: no iterations, no "not a number".
#[test]
fn nothing_divided_by_nothing_is_0() {
    let text = Row(&Iteration::default()).to_string();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["0"; 8]);
    let overall = Overall { counted: &Snapshot::ZERO, duration: 1, hertz: 1 }.to_string();
    assert!(!overall.contains("NaN") && !overall.contains("inf"), "{overall}");
}

/// A limit of nothing, which the original takes too, finds everything suspicious, and all of it is
/// accounted for.
#[test]
fn with_a_limit_of_nothing_every_iteration_is_accounted_for() {
    let mut desk = Desk::new(Settings { duration: Duration::Micros(0), ..Settings::DEFAULT });
    desk.run(&[], 5000);
    let shown = desk.shown().len() as u64;
    let accounts = crate::events::Accounts::of(desk.pmd.metrics, desk.open.as_ref());
    assert_eq!(accounts.triggers, 5000);
    assert!(accounts.agree() && accounts.dumped >= shown && accounts.suppressed_in_all() > 0);
}
