//! What a core misses that does nothing but look at its clock: an idle latency test, as Linux's tracer
//! hwlat makes. Two looks in a row are some tens of cycles apart; what is longer was taken from the core.

use crate::recorder::Clock;
use crate::stolen::{Readings, Source};
use crate::time::Timebase;

/// The longest gaps of a test that are remembered each by itself.
pub const LONGEST: usize = 4;
/// Buckets of gaps: bucket i is for those of 2^i microseconds and more, the last for all that are longer.
pub const BUCKETS: usize = 24;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// For how many microseconds to look.
    pub micros: u64,
    /// Microseconds that a gap has at least.
    pub least: u32,
}

/// What a gap came with, and so most likely of. Where there are several, the first of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// A machine check that was survived.
    MachineCheck,
    /// An NMI.
    Nmi,
    /// A system management interrupt: firmware.
    Smi,
    /// The hypervisor ran something else.
    Steal,
    /// Nothing that is counted.
    #[default]
    Unknown,
}

impl Cause {
    /// How many there are.
    pub const COUNT: usize = Self::Unknown as usize + 1;

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] =
        [Self::MachineCheck, Self::Nmi, Self::Smi, Self::Steal, Self::Unknown];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MachineCheck => "machine check",
            Self::Nmi => "NMI",
            Self::Smi => "SMI",
            Self::Steal => "host",
            Self::Unknown => "unexplained",
        }
    }
}

/// A gap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// When it began, in cycles since the test began.
    pub at: u64,
    /// How long it was; 0 stands for none.
    pub cycles: u64,
    /// What it came with.
    pub cause: Cause,
}

/// Gaps that have something in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many there were.
    pub count: u64,
    /// Cycles of the longest.
    pub longest: u64,
    /// Cycles of all.
    pub cycles: u64,
}

impl Sum {
    fn add(&mut self, cycles: u64) {
        self.count += 1;
        self.longest = self.longest.max(cycles);
        self.cycles = self.cycles.saturating_add(cycles);
    }
}

/// What came of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Cycles that it lasted: fewer than were asked for if it was ended.
    pub cycles: u64,
    /// Microseconds that a gap has at least.
    pub least: u32,
    /// Gaps by what they came with, in the order of [`Cause::ALL`].
    pub gaps: [Sum; Cause::COUNT],
    /// The longest, longest first.
    pub longest: [Gap; LONGEST],
    /// All by their length.
    pub buckets: [u32; BUCKETS],
    /// NMIs, with a gap or without.
    pub nmis: u64,
    /// Machine checks that were survived.
    pub machine_checks: u64,
    /// What the core's slow registers counted from the beginning to the end.
    pub readings: Readings,
}

impl Outcome {
    /// All gaps.
    pub fn all(&self) -> Sum {
        self.gaps.iter().fold(Sum::default(), |all, gaps| Sum {
            count: all.count + gaps.count,
            longest: all.longest.max(gaps.longest),
            cycles: all.cycles.saturating_add(gaps.cycles),
        })
    }

    /// Gaps that came with this.
    pub fn of(&self, cause: Cause) -> Sum {
        self.gaps[cause as usize]
    }

    /// SMIs that came meanwhile, where they are counted.
    pub fn smis(&self) -> Option<u64> {
        self.readings.of(Source::Smi)
    }

    fn note(&mut self, gap: Gap, base: &Timebase) {
        self.gaps[gap.cause as usize].add(gap.cycles);
        let bucket = base.micros(gap.cycles).max(1).ilog2() as usize;
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        let shorter = self.longest.iter().position(|other| other.cycles < gap.cycles);
        if let Some(place) = shorter {
            self.longest[place..].rotate_right(1);
            self.longest[place] = gap;
        }
    }
}

/// Looks at `clock`, which `base` explains, as `wish` says or until `is_over`.
pub fn test(
    wish: &Wish,
    base: &Timebase,
    clock: &impl Clock,
    is_over: impl Fn() -> bool,
) -> Outcome {
    let (length, least) = (base.cycles(wish.micros), base.cycles(wish.least.into()).max(1));
    let mut outcome = Outcome {
        cycles: 0,
        least: wish.least,
        gaps: Default::default(),
        longest: Default::default(),
        buckets: [0; BUCKETS],
        nmis: 0,
        machine_checks: 0,
        readings: Readings::default(),
    };
    let begin = Counted::by(clock);
    let mut counted = begin;
    let start = clock.now();
    let mut last = start;
    while !is_over() && outcome.cycles < length {
        let now = clock.now();
        let cycles = now.saturating_sub(last);
        if cycles >= least {
            let before = core::mem::replace(&mut counted, Counted::by(clock));
            let at = last.saturating_sub(start);
            outcome.note(Gap { at, cycles, cause: counted.cause_since(&before) }, base);
            // What it takes to note a gap is none.
            last = clock.now();
        } else {
            last = now;
        }
        outcome.cycles = last.saturating_sub(start);
    }
    let end = Counted::by(clock);
    outcome.machine_checks = end.machine_checks.saturating_sub(begin.machine_checks);
    outcome.nmis = end.nmis_since(&begin);
    outcome.readings = end.readings.since(&begin.readings);
    outcome
}

/// What had happened to a core.
#[derive(Clone, Copy)]
struct Counted {
    interruptions: u64,
    machine_checks: u64,
    readings: Readings,
}

impl Counted {
    fn by(clock: &impl Clock) -> Self {
        let (interruptions, machine_checks) = (clock.interruptions(), clock.machine_checks());
        Self { interruptions, machine_checks, readings: clock.look() }
    }

    fn nmis_since(&self, before: &Self) -> u64 {
        let checks = self.machine_checks.saturating_sub(before.machine_checks);
        self.interruptions.saturating_sub(before.interruptions).saturating_sub(checks)
    }

    fn cause_since(&self, before: &Self) -> Cause {
        let news = self.readings.since(&before.readings);
        let has = |source| news.of(source) > Some(0);
        let held = [
            (self.machine_checks > before.machine_checks, Cause::MachineCheck),
            (self.nmis_since(before) > 0, Cause::Nmi),
            (has(Source::Smi), Cause::Smi),
            (has(Source::Steal), Cause::Steal),
        ];
        held.into_iter().find(|(holds, _)| *holds).map_or(Cause::Unknown, |(_, cause)| cause)
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// A clock of 1 MHz that moves on by one at each look, and by more where time is stolen.
    #[derive(Default)]
    struct Robbed {
        now: Cell<u64>,
        /// When, for how long, and of what.
        thefts: Vec<(u64, u64, Cause)>,
        counts: [Cell<u64>; Cause::COUNT],
    }

    impl Robbed {
        fn of(thefts: &[(u64, u64, Cause)]) -> Self {
            Self { thefts: thefts.to_vec(), ..Self::default() }
        }

        fn count(&self, cause: Cause) -> u64 {
            self.counts[cause as usize].get()
        }
    }

    impl Clock for Robbed {
        fn now(&self) -> u64 {
            self.now.set(self.now.get() + 1);
            let is_now = |theft: &&(u64, u64, Cause)| theft.0 == self.now.get();
            if let Some((_, length, cause)) = self.thefts.iter().find(is_now) {
                self.now.set(self.now.get() + length - 1);
                let count = &self.counts[*cause as usize];
                count.set(count.get() + 1);
            }
            self.now.get()
        }

        fn interruptions(&self) -> u64 {
            self.count(Cause::Nmi) + self.count(Cause::MachineCheck)
        }

        fn machine_checks(&self) -> u64 {
            self.count(Cause::MachineCheck)
        }

        fn look(&self) -> Readings {
            let mut readings = Readings::default();
            readings.0[Source::Smi as usize] = Some(self.count(Cause::Smi));
            readings.0[Source::Steal as usize] = Some(self.count(Cause::Steal));
            readings
        }
    }

    const BASE: Timebase = Timebase::new(1_000_000, 0);

    fn tested(thefts: &[(u64, u64, Cause)]) -> Outcome {
        test(&Wish { micros: 10_000, least: 10 }, &BASE, &Robbed::of(thefts), || false)
    }

    #[test]
    fn a_core_that_nobody_disturbs_has_no_gap() {
        let outcome = tested(&[]);
        assert_eq!((outcome.cycles, outcome.all()), (10_000, Sum::default()));
        assert_eq!((outcome.nmis, outcome.longest), (0, [Gap::default(); LONGEST]));
    }

    #[test]
    fn gaps_are_counted_with_what_they_came_with() {
        let outcome = tested(&[
            (100, 180, Cause::Smi),
            (1000, 12, Cause::Unknown),
            (2000, 40, Cause::Nmi),
            (3000, 20, Cause::Smi),
            (4000, 300, Cause::Steal),
            (5000, 11, Cause::MachineCheck),
        ]);
        assert_eq!(outcome.of(Cause::Smi), Sum { count: 2, longest: 180, cycles: 200 });
        assert_eq!(outcome.all(), Sum { count: 6, longest: 300, cycles: 563 });
        assert_eq!((outcome.nmis, outcome.machine_checks), (1, 1));
        assert_eq!(outcome.readings.of(Source::Smi), Some(2));
        let lengths = outcome.longest.map(|gap| (gap.cycles, gap.cause));
        let expected = [(300, Cause::Steal), (180, Cause::Smi), (40, Cause::Nmi), (20, Cause::Smi)];
        assert_eq!(lengths, expected);
        assert_eq!((outcome.buckets[3], outcome.buckets[4], outcome.buckets[5]), (2, 1, 1));
        assert_eq!((outcome.buckets[7], outcome.buckets[8]), (1, 1));
        assert_eq!(outcome.buckets.iter().sum::<u32>(), 6);
    }

    #[test]
    fn what_is_shorter_than_asked_for_is_no_gap_and_counts_all_the_same() {
        let outcome = tested(&[(100, 9, Cause::Nmi)]);
        assert_eq!((outcome.all().count, outcome.nmis), (0, 1));
    }

    #[test]
    fn a_test_ends_when_it_is_told_to() {
        let looks = Cell::new(0);
        let wish = Wish { micros: u64::MAX, least: 10 };
        let outcome = test(&wish, &BASE, &Robbed::of(&[]), || {
            looks.set(looks.get() + 1);
            looks.get() > 100
        });
        assert_eq!(outcome.cycles, 100);
    }
}
