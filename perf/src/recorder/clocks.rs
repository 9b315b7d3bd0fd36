//! Clocks that step, drift, stand still, wrap and go backwards: no duration is negative or absurd,
//! and no time is lost but what went backwards.

use proptest::prelude::*;

use super::tests::Hand;
use super::*;
use crate::Segment;
use crate::history::SEGMENTS;
use crate::milliseconds::{self, Millisecond};
use crate::settings::Settings;
use crate::snapshot::Snapshot;

const HERTZ: u64 = 1_000_000_000;
/// The longest step forward: 18 minutes.
const FAR: u64 = 1 << 40;

/// What a clock does from one reading to the next.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// It goes on by so many cycles.
    On(u64),
    /// It goes back by so many.
    Back(u64),
    /// It stands at this, or where that is far ahead, somewhat nearer.
    To(u64),
}

/// What the PMD does after that.
#[derive(Clone, Copy, Debug)]
enum Act {
    Leave(usize),
    Upcall,
    Wake(u64),
    End,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        20 => (0..5000_u64).prop_map(Move::On),
        2 => (0..36_u32).prop_map(|power| Move::On(1 << power)),
        2 => (0..36_u32).prop_map(|power| Move::Back(1 << power)),
        1 => prop_oneof![
            Just(Move::To(0)),
            Just(Move::To(u64::MAX)),
            Just(Move::To(u64::MAX - 5000)),
            Just(Move::To(u64::from(u32::MAX) - 100)),
            any::<u64>().prop_map(Move::To),
        ],
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..Room::COUNT).prop_map(Act::Leave),
        1 => Just(Act::Upcall),
        1 => (0..2000_u64).prop_map(Act::Wake),
        4 => Just(Act::End),
    ]
}

struct Bench {
    clock: Hand,
    recorder: Recorder,
    metrics: &'static Metrics,
    /// Cycles by which the clock went on, over all readings.
    forward: u128,
    /// Those of them that were slept.
    slept: u128,
    /// Cycles of all iterations that ended.
    recorded: u128,
}

impl Bench {
    fn new(start: u64) -> Self {
        let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let slots: Vec<_> = (0..64).map(|_| milliseconds::Slot::EMPTY).collect();
        let metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));
        let base = Timebase::new(HERTZ, start);
        let recorder = Recorder::new(metrics, Settings::DEFAULT.limits(HERTZ, 0), base);
        let clock = Hand::at(start);
        let mut bench = Self { clock, recorder, metrics, forward: 0, slept: 0, recorded: 0 };
        bench.recorder.enter(&bench.clock);
        bench
    }

    /// Moves the clock. A reading of the clock follows each move, so that steps are what it sees.
    fn step(&mut self, step: Move) -> u64 {
        let before = self.clock.now();
        let now = match step {
            Move::On(cycles) => before.saturating_add(cycles),
            Move::Back(cycles) => before.saturating_sub(cycles),
            Move::To(count) => count.min(before.saturating_add(FAR)),
        };
        self.clock.set(now);
        now.saturating_sub(before)
    }

    fn act(&mut self, act: Act, passed: u64) {
        let Self { recorder, clock, .. } = self;
        // Nothing is asleep in the middle of an iteration.
        let is_between = recorder.current.cycles == 0 && recorder.current.flags.is_empty();
        match act {
            Act::Leave(room) => recorder.leave(Room::ALL[room], clock),
            Act::Upcall => recorder.upcall(Upcall::Done, clock),
            Act::Wake(asked) if is_between && self.recorded == self.forward - self.slept => {
                recorder.wake(asked, clock);
                self.slept += u128::from(passed);
            }
            Act::Wake(_) | Act::End => return self.end(passed),
        }
        self.forward += u128::from(passed);
    }

    fn end(&mut self, passed: u64) {
        self.forward += u128::from(passed);
        self.recorder.end(&self.clock);
        let number = self.metrics.ended();
        let row = self.metrics.history().iteration(number).unwrap();
        self.recorded += u128::from(row.cycles);
        let rooms: u64 = Room::ALL.iter().map(|&room| row.room(room)).sum();
        assert_eq!(rooms, row.cycles, "rooms add up");
        assert_eq!(self.recorded, self.forward - self.slept, "no time is lost, none invented");
    }

    fn assert_sums(&self) {
        let mut counted = Box::new(Snapshot::ZERO);
        self.metrics.copy_to(&mut counted, 0);
        let count = |counter| u128::from(counted.count(counter));
        assert_eq!(count(Counter::IdleCycles) + count(Counter::BusyCycles), self.recorded);
        assert_eq!(count(Counter::SleepCycles), self.slept);
        for number in 0..64 {
            if let Some(record) = self.metrics.milliseconds().get(number) {
                self.assert_sane(&record);
            }
        }
    }

    fn assert_sane(&self, record: &Millisecond) {
        assert!(u128::from(record.cycles) <= self.recorded, "{record:?}");
        assert!(record.busy_cycles <= record.cycles, "{record:?}");
        assert!(record.iterations <= self.metrics.ended(), "{record:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// 200 runs of 1,000 steps.
    #[test]
    fn whatever_the_clock_does_time_that_passed_is_counted_once(
        start in prop_oneof![Just(0), Just(u64::MAX - 10_000), any::<u64>()],
        steps in prop::collection::vec((moves(), acts()), 1000),
    ) {
        let mut bench = Bench::new(start);
        for (step, act) in steps {
            let passed = bench.step(step);
            bench.act(act, passed);
        }
        bench.end(0);
        bench.assert_sums();
    }
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let mut bench = Bench::new(0);
    for number in 0..100_000_u64 {
        let passed = bench.step(Move::On(1000 + number / 1000));
        bench.act(Act::End, passed);
    }
    bench.assert_sums();
}

#[test]
fn a_clock_that_stands_still_measures_nothing_and_stops_nothing() {
    let mut bench = Bench::new(77);
    (0..10_000).for_each(|_| bench.act(Act::End, 0));
    assert_eq!((bench.recorded, bench.metrics.ended()), (0, 10_000));
    bench.assert_sums();
}

#[test]
fn a_wrap_of_the_clock_is_a_step_back_and_milliseconds_go_on() {
    let mut bench = Bench::new(u64::MAX - 3_000_000);
    for _ in 0..3000 {
        let passed = bench.step(Move::On(1000));
        bench.act(Act::End, passed);
    }
    let passed = bench.step(Move::To(500));
    bench.act(Act::End, passed);
    let row = bench.metrics.history().iteration(bench.metrics.ended()).unwrap();
    assert_eq!((row.cycles, row.flags.has(Flags::BACKWARDS)), (0, true));
    for _ in 0..3000 {
        let passed = bench.step(Move::On(1000));
        bench.act(Act::End, passed);
    }
    bench.assert_sums();
}
