use core::cell::Cell;

use super::*;
use crate::history::{CHUNK, SEGMENTS, Segment};
use crate::milliseconds;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// A clock that a test moves by hand.
pub(super) struct Hand(Cell<u64>);

impl Hand {
    /// A clock that stands at `count`.
    pub(super) fn at(count: u64) -> Self {
        Self(Cell::new(count))
    }

    pub(super) fn set(&self, count: u64) {
        self.0.set(count);
    }
}

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.get()
    }
}

/// Limits at 1 MHz.
fn limits(settings: Settings) -> Limits {
    settings.limits(1_000_000, 0)
}

/// A recorder whose clock runs at 1 MHz, so that a cycle is a microsecond.
struct Bench {
    clock: Hand,
    recorder: Recorder,
    metrics: &'static Metrics,
}

impl Bench {
    fn new() -> Self {
        let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let slots: Vec<_> = (0..4096).map(|_| milliseconds::Slot::EMPTY).collect();
        let metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));
        let base = Timebase::new(1_000_000, 0);
        let recorder = Recorder::new(metrics, limits(Settings::DEFAULT), base);
        Self { clock: Hand(Cell::new(0)), recorder, metrics }
    }

    fn spend(&self, cycles: u64) {
        self.clock.0.set(self.clock.0.get() + cycles);
    }

    fn run(&mut self, cycles: u64) {
        self.spend(cycles);
        self.recorder.end(&self.clock);
    }

    fn receive(&mut self, frames: u32) {
        self.recorder.burst(0, frames, 0);
    }

    fn snapshot(&self) -> Box<Snapshot> {
        let mut snapshot = Box::new(Snapshot::ZERO);
        self.metrics.copy_to(&mut snapshot, self.clock.now());
        snapshot
    }

    fn run_many(&mut self, count: u64) {
        for _ in 0..count {
            self.run(10);
        }
    }

    /// Numbers in the next complete window, and the suspicious one.
    fn window(&self) -> Option<(u64, Vec<u64>)> {
        self.metrics.take_mark(|mark, history| {
            let rows = (mark.first..=mark.last).filter_map(|number| history.iteration(number));
            (mark.number, rows.map(|row| row.number).collect())
        })
    }

    fn suppressed(&self) -> u64 {
        self.metrics.marks.suppressed().iter().sum()
    }
}

#[test]
fn rooms_add_up_to_the_iteration_and_iterations_to_the_clock() {
    let mut bench = Bench::new();
    for room in [Room::Rx, Room::Parse, Room::Act, Room::Tx, Room::Housekeeping] {
        bench.spend(7 + room as u64);
        bench.recorder.leave(room, &bench.clock);
    }
    bench.run(3);
    let row = bench.metrics.history().iteration(1).unwrap();
    assert_eq!(row.cycles, bench.clock.now());
    assert_eq!(row.room(Room::Parse), 8);
    assert_eq!(row.room(Room::Rx), 7 + 3);
    assert_eq!(Room::ALL.iter().map(|&room| row.room(room)).sum::<u64>(), row.cycles);
    bench.run(5);
    let next = bench.metrics.history().iteration(2).unwrap();
    assert_eq!((next.start, next.room(Room::Parse)), (row.start + row.cycles, 0));
}

#[test]
fn idle_and_busy_cycles_are_all_cycles() {
    let mut bench = Bench::new();
    bench.run(10);
    bench.receive(3);
    bench.run(20);
    bench.recorder.current.sent = 1;
    bench.recorder.current.flags.set(Flags::WORK);
    bench.run(40);
    let counted = bench.snapshot();
    assert_eq!(counted.count(Counter::IdleCycles), 10);
    assert_eq!(counted.count(Counter::BusyCycles), 60);
    assert_eq!((counted.iterations, counted.idle_iterations()), (3, 1));
    assert_eq!(counted.of(Quantity::Packets).bins()[..4], [2, 0, 0, 1]);
}

#[test]
fn a_clear_on_the_readers_side_leaves_the_counters_alone() {
    let mut bench = Bench::new();
    bench.run_many(5);
    let cleared = bench.snapshot();
    bench.run_many(2);
    let mut now = bench.snapshot();
    assert_eq!(now.iterations, 7);
    now.subtract(&cleared);
    assert_eq!(now.iterations, 2);
    assert_eq!(now.of(Quantity::Cycles).samples(), 2);
}

#[test]
fn a_suspicious_iteration_is_shown_with_five_before_and_five_after() {
    let mut bench = Bench::new();
    bench.run_many(99);
    bench.run(1000);
    bench.run_many(4);
    assert_eq!(bench.window(), None, "the window is not complete");
    bench.run_many(1);
    assert_eq!(bench.window(), Some((100, (95..=105).collect())));
    assert_eq!(bench.window(), None);
}

#[test]
fn a_window_at_the_very_start_holds_what_there_is() {
    let mut bench = Bench::new();
    bench.run(1000);
    bench.run_many(5);
    assert_eq!(bench.window(), Some((1, (1..=6).collect())));
}

#[test]
fn windows_that_overlap_are_each_shown() {
    let mut bench = Bench::new();
    bench.run_many(99);
    bench.run(1000);
    bench.run_many(2);
    bench.run(1000);
    bench.run_many(5);
    assert_eq!(bench.window(), Some((100, (95..=105).collect())));
    assert_eq!(bench.window(), Some((103, (98..=108).collect())));
}

#[test]
fn a_pinned_window_outlives_many_rounds_of_the_history() {
    let mut bench = Bench::new();
    bench.run_many(CHUNK + 2);
    bench.run(1000);
    bench.run_many(3 * SEGMENTS as u64 * CHUNK);
    let suspicious = CHUNK + 3;
    let rows = (suspicious - 5..=suspicious + 5).collect();
    assert_eq!(bench.window(), Some((suspicious, rows)));
}

#[test]
fn sixty_four_default_windows_fit_wherever_they_lie() {
    let mut bench = Bench::new();
    for _ in 0..64 {
        bench.run_many(3 * CHUNK - 1);
        bench.run(1000);
    }
    bench.run_many(10 * SEGMENTS as u64 * CHUNK);
    assert_eq!(bench.suppressed(), 0);
    for _ in 0..64 {
        assert_eq!(bench.window().map(|(_, rows)| rows.len()), Some(11));
    }
}

#[test]
fn what_cannot_be_kept_is_counted_and_recording_goes_on() {
    let mut bench = Bench::new();
    for _ in 0..1000 {
        bench.run_many(2 * CHUNK);
        bench.run(1000);
    }
    bench.run_many(5);
    let marks = &bench.metrics.marks;
    assert!(bench.suppressed() > 0);
    let mut dumped = 0;
    while bench.window().is_some() {
        dumped += 1;
    }
    assert_eq!(marks.triggers(), dumped + bench.suppressed() + marks.pending());
    assert_eq!(marks.triggers(), 1000);
    let last = bench.metrics.ended();
    for number in last - 32 * CHUNK..=last {
        assert!(bench.metrics.history().iteration(number).is_some(), "{number} of {last}");
    }
}

#[test]
fn released_windows_make_room_for_others() {
    let mut bench = Bench::new();
    for _ in 0..10_000 {
        bench.run_many(CHUNK);
        bench.run(1000);
        bench.run_many(5);
        assert!(bench.window().is_some());
    }
    assert_eq!(bench.suppressed(), 0);
}

#[test]
fn a_window_too_wide_for_what_is_left_is_cut_and_says_so() {
    let mut bench = Bench::new();
    let wide = Settings { before: 499, after: 499, ..Settings::DEFAULT };
    bench.recorder.set_limits(limits(wide));
    for _ in 0..40 {
        bench.run_many(20 * CHUNK);
        bench.run(1000);
    }
    bench.run_many(1000);
    let (mut whole, mut cut) = (0, 0);
    while let Some((is_cut, asked, rows)) = bench.metrics.take_mark(|mark, history| {
        let rows = (mark.first..=mark.last).filter_map(|number| history.iteration(number));
        (mark.cut, mark.last - mark.first + 1, rows.count() as u64)
    }) {
        assert_eq!(rows, asked, "every row of the window is there");
        *(if is_cut { &mut cut } else { &mut whole }) += 1;
    }
    assert!(whole > 0 && cut > 0);
    assert_eq!((whole + cut, bench.suppressed()), (40, 0));
}

#[test]
fn a_window_is_completed_before_recording_stops() {
    let mut bench = Bench::new();
    bench.run_many(CHUNK - 3);
    bench.run(1000);
    let off = limits(Settings { metrics: false, ..Settings::DEFAULT });
    bench.recorder.set_limits(off);
    bench.run_many(10);
    bench.recorder.set_limits(off);
    let (suspicious, rows) = bench.window().unwrap();
    assert_eq!((suspicious, rows.len()), (CHUNK - 2, 11));
    let ended = bench.metrics.ended();
    bench.run_many(1);
    assert_eq!(bench.metrics.ended(), ended + 1, "numbers keep running");
    assert_eq!(bench.metrics.history().iteration(ended + 1), None);
}

#[test]
fn a_step_of_the_clock_backwards_is_no_time_and_time_goes_on() {
    let mut bench = Bench::new();
    bench.run(100);
    bench.clock.0.set(50);
    bench.recorder.end(&bench.clock);
    let row = bench.metrics.history().iteration(2).unwrap();
    assert_eq!(row.cycles, 0);
    assert!(row.flags.has(Flags::BACKWARDS));
    bench.run(7);
    let next = bench.metrics.history().iteration(3).unwrap();
    assert_eq!((next.start, next.cycles, next.flags), (50, 7, Flags::none()));
}

#[test]
fn a_reader_that_is_too_late_learns_so() {
    let mut bench = Bench::new();
    bench.run_many(2 * SEGMENTS as u64 * CHUNK);
    assert_eq!(bench.metrics.history().iteration(1), None);
}

#[test]
fn a_reader_beside_a_writer_sees_whole_iterations_only() {
    let mut bench = Bench::new();
    let metrics = bench.metrics;
    let reader = std::thread::spawn(move || {
        let mut seen = 0;
        while metrics.ended() < 300_000 {
            let number = metrics.ended();
            let Some(row) = metrics.history().iteration(number) else { continue };
            assert_eq!((row.cycles, u64::from(row.packets)), (number % 97, number % 31));
            seen += 1;
        }
        seen
    });
    for number in 1..=300_000_u64 {
        if number % 31 > 0 {
            bench.receive((number % 31) as u32);
        }
        bench.run(number % 97);
    }
    reader.join().unwrap();
}

#[test]
fn what_a_pmd_steps_out_for_is_in_no_iteration() {
    let mut bench = Bench::new();
    bench.run(10);
    bench.spend(5);
    bench.recorder.leave(Room::Housekeeping, &bench.clock);
    let away = || bench.clock.set(2_000_000);
    bench.recorder.step_out(&bench.clock, away);
    bench.run(3);
    let iteration = bench.metrics.history().iteration(2).unwrap();
    assert_eq!((iteration.cycles, iteration.start), (8, 10 + 2_000_000 - 15));
    assert_eq!(iteration.room(Room::Housekeeping), 5);
    bench.run(10);
    assert_eq!(bench.metrics.history().iteration(3).unwrap().start, 2_000_003);
}
