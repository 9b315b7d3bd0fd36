//! Is a core left alone? What is known of each, and what to make of it.
//!
//! The thresholds are here and nowhere else: a gap of [`LEAST_US`] is one (Linux's tracer hwlat begins
//! there), and one of [`RING_US`] can lose frames. Shorter ones a receive ring bridges.

use core::fmt::{self, Display, Formatter};

use perf::Timebase;
use perf::gaps::{Cause, Outcome, Sum};
use perf::report::Quotient;

/// Microseconds that a gap has at least, unless it is said otherwise.
pub const LEAST_US: u32 = 10;
/// Microseconds in which frames of 64 bytes fill a ring of 512 descriptors at 10 Gb/s: 512 / 14.88 million.
pub const RING_US: u64 = 34;

/// How long cores are tested at boot unless it is said, in seconds.
pub const SECONDS: u32 = 10;
/// The longest test, in seconds.
pub const LONGEST: u32 = 3600;
/// How long a test may take beyond what it is to, in microseconds: no core is waited for then.
pub const PATIENCE: u64 = 5_000_000;
/// The longest gap that may be left out, in microseconds.
pub const COARSEST: u32 = 1_000_000;

/// What a machine knows of one of its cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Interrupts since boot, NMIs left out.
    pub interrupts: u64,
    /// NMIs since boot that nobody here sent to ask something.
    pub nmis: u64,
    /// Machine checks since boot that it survived.
    pub machine_checks: u64,
    /// SMIs since boot, where they are counted and told.
    pub smis: Option<u64>,
    /// What it was told about saving power.
    pub power: Power,
    /// What came of the last test.
    pub test: Option<Outcome>,
}

/// What a core was told about saving power, where it can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Power {
    /// Its bias: 0 for performance to 15 for saving power.
    pub bias: Option<u8>,
    /// The hardware's own choice of performance.
    pub range: Option<Range>,
}

/// Between what the hardware chooses, and what it prefers: 0 for performance to 255 for saving power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The lowest performance that it may choose.
    pub lowest: u8,
    /// The highest.
    pub highest: u8,
    /// What it prefers.
    pub preference: u8,
}

impl Display for Power {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.bias {
            Some(bias) => write!(out, "EPB {bias}, ")?,
            None => out.write_str("EPB n/a, ")?,
        }
        match self.range {
            Some(Range { lowest, highest, preference }) => {
                write!(out, "HWP {lowest} to {highest}, EPP {preference}")
            }
            None => out.write_str("HWP n/a"),
        }
    }
}

/// How well a core is left alone, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing was taken from it.
    Quiet,
    /// What was taken a receive ring bridges.
    NearlyQuiet,
    /// Nobody knows.
    NotTested,
    /// What was taken can lose frames.
    Noisy,
    /// It took interrupts, which it never should.
    Interrupted,
}

impl Grade {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::NearlyQuiet => "nearly quiet",
            Self::NotTested => "not tested",
            Self::Noisy => "NOT QUIET",
            Self::Interrupted => "NOT ISOLATED",
        }
    }

    /// What programs are told.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::NearlyQuiet => "nearly_quiet",
            Self::NotTested => "not_tested",
            Self::Noisy => "not_quiet",
            Self::Interrupted => "not_isolated",
        }
    }
}

/// A judgement on a core that is to be left alone.
#[derive(Clone, Copy)]
pub struct Verdict<'a> {
    /// What is known of it.
    pub facts: &'a Facts,
    /// What explains cycles.
    pub base: &'a Timebase,
    /// It is a core of a virtual machine.
    pub is_virtual: bool,
    /// Cycles of the longest unexplained gap in an iteration of its PMD, if there was one.
    pub gap: Option<u64>,
}

impl Verdict<'_> {
    /// In a word.
    pub fn grade(&self) -> Grade {
        match self.facts.interrupts {
            0 => self.of_test().max(self.of_work()),
            _ => Grade::Interrupted,
        }
    }

    /// By what its PMD met while it worked. That nothing was met proves nothing.
    fn of_work(&self) -> Grade {
        match self.gap.map(|cycles| self.base.micros(cycles)) {
            None => Grade::Quiet,
            Some(0..RING_US) => Grade::NearlyQuiet,
            Some(_) => Grade::Noisy,
        }
    }

    /// By the last test.
    fn of_test(&self) -> Grade {
        let Some(test) = &self.facts.test else { return Grade::NotTested };
        let all = test.all();
        match self.base.micros(all.longest) {
            _ if all.count == 0 && test.smis().unwrap_or(0) == 0 => Grade::Quiet,
            longest if longest < RING_US => Grade::NearlyQuiet,
            _ => Grade::Noisy,
        }
    }

    /// What takes time from the core, and how long at most.
    fn thief(&self, test: &Outcome, out: &mut Formatter<'_>) -> fmt::Result {
        let gap = test.longest[0];
        let Sum { count, .. } = test.of(gap.cause);
        match gap.cause {
            Cause::Smi => {
                write!(out, "firmware steals time: {} SMIs", test.smis().unwrap_or(count))?;
            }
            Cause::Nmi => write!(out, "NMIs take time: {}", test.nmis)?,
            Cause::MachineCheck => {
                write!(out, "machine checks take time: {}", test.machine_checks)?;
            }
            Cause::Steal => out.write_str("the host takes the core away (virtual machine)")?,
            Cause::Unknown if self.is_virtual => {
                out.write_str("the host takes the core away, most likely (virtual machine)")?;
            }
            Cause::Unknown if test.smis().is_some() => {
                write!(out, "something takes time that no counter explains: {count} gaps")?;
            }
            Cause::Unknown => write!(
                out,
                "firmware steals time, most likely (SMIs are not counted here): {count} gaps"
            )?,
        }
        write!(out, ", longest {} us", Micros(gap.cycles, self.base))
    }
}

/// In a sentence.
impl Display for Verdict<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let grade = self.grade();
        write!(out, "{}: ", grade.name())?;
        if grade == Grade::Interrupted {
            return write!(out, "{} interrupts, where none should be", self.facts.interrupts);
        }
        if let Some(gap) = self.gap.filter(|_| grade > self.of_test()) {
            let gap = Micros(gap, self.base);
            return write!(out, "{gap} us went missing in an iteration, unexplained (show events)");
        }
        let Some(test) = &self.facts.test else { return out.write_str("hwlat SECONDS tests it") };
        match (grade, test.smis()) {
            (Grade::Quiet, _) => {
                let seconds = Quotient::of(test.cycles, self.base.hertz);
                write!(out, "no gap of {} us or more in {seconds:.1} s", test.least)
            }
            (_, Some(count)) if test.all().count == 0 => {
                write!(out, "{count} SMIs, none of which took {} us", test.least)
            }
            _ => self.thief(test, out),
        }
    }
}

/// So many cycles in microseconds.
pub struct Micros<'a>(pub u64, pub &'a Timebase);

impl Display for Micros<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{:.1}", Quotient::of(self.1.nanos(self.0), 1000_u64))
    }
}

#[cfg(test)]
mod tests {
    use perf::gaps::{BUCKETS, Gap};
    use perf::stolen::{Readings, Source};

    use super::*;

    const BASE: Timebase = Timebase::new(1_000_000, 0);

    /// A test of 10 s with a gap of so many microseconds, on a machine that counts SMIs or does not.
    fn tested(gap: u64, cause: Cause, smis: Option<u64>) -> Facts {
        let mut readings = Readings::default();
        readings.0[Source::Smi as usize] = smis;
        let mut test = Outcome {
            cycles: 10_000_000,
            least: 10,
            gaps: Default::default(),
            longest: Default::default(),
            buckets: [0; BUCKETS],
            nmis: 3,
            machine_checks: 0,
            readings,
        };
        if gap > 0 {
            test.gaps[cause as usize] = Sum { count: 2, longest: gap, cycles: gap + 10 };
            test.longest[0] = Gap { at: 5, cycles: gap, cause };
        }
        Facts { test: Some(test), ..Facts::default() }
    }

    #[track_caller]
    fn judged(facts: &Facts, is_virtual: bool, grade: Grade, words: &str) {
        let verdict = Verdict { facts, base: &BASE, is_virtual, gap: None };
        assert_eq!((verdict.grade(), verdict.to_string().as_str()), (grade, words));
    }

    #[test]
    fn a_core_from_which_nothing_is_taken_is_quiet() {
        let words = "quiet: no gap of 10 us or more in 10.0 s";
        judged(&tested(0, Cause::Unknown, Some(0)), false, Grade::Quiet, words);
        judged(&tested(0, Cause::Unknown, None), true, Grade::Quiet, words);
    }

    #[test]
    fn firmware_is_named_with_its_interrupts_and_the_longest_gap() {
        let words = "NOT QUIET: firmware steals time: 7 SMIs, longest 180.0 us";
        judged(&tested(180, Cause::Smi, Some(7)), false, Grade::Noisy, words);
        let words = "NOT QUIET: firmware steals time, most likely (SMIs are not counted here): 2 \
                     gaps, longest 34.0 us";
        judged(&tested(RING_US, Cause::Unknown, None), false, Grade::Noisy, words);
    }

    #[test]
    fn what_a_ring_bridges_is_nearly_quiet() {
        let words = "nearly quiet: something takes time that no counter explains: 2 gaps, longest \
                     33.0 us";
        judged(&tested(RING_US - 1, Cause::Unknown, Some(0)), false, Grade::NearlyQuiet, words);
        let words = "nearly quiet: 4 SMIs, none of which took 10 us";
        judged(&tested(0, Cause::Unknown, Some(4)), false, Grade::NearlyQuiet, words);
        let words = "nearly quiet: NMIs take time: 3, longest 12.0 us";
        judged(&tested(12, Cause::Nmi, Some(0)), false, Grade::NearlyQuiet, words);
    }

    #[test]
    fn on_a_virtual_machine_the_host_is_suspected() {
        let words = "NOT QUIET: the host takes the core away, most likely (virtual machine), \
                     longest 900.0 us";
        judged(&tested(900, Cause::Unknown, None), true, Grade::Noisy, words);
        let words = "NOT QUIET: the host takes the core away (virtual machine), longest 900.0 us";
        judged(&tested(900, Cause::Steal, None), true, Grade::Noisy, words);
    }

    #[test]
    fn a_core_that_was_interrupted_is_not_isolated_whatever_a_test_says() {
        let facts = Facts { interrupts: 5, ..tested(0, Cause::Unknown, Some(0)) };
        let words = "NOT ISOLATED: 5 interrupts, where none should be";
        judged(&facts, false, Grade::Interrupted, words);
        judged(&Facts::default(), false, Grade::NotTested, "not tested: hwlat SECONDS tests it");
    }

    fn with_gap(facts: &Facts, gap: Option<u64>) -> Grade {
        Verdict { facts, base: &BASE, is_virtual: false, gap }.grade()
    }

    #[test]
    fn what_a_pmd_met_while_it_worked_makes_a_verdict_worse_and_never_better() {
        let facts = tested(0, Cause::Unknown, Some(0));
        assert_eq!(with_gap(&facts, Some(33)), Grade::NearlyQuiet);
        let verdict = Verdict { facts: &facts, base: &BASE, is_virtual: false, gap: Some(900) };
        let words = "NOT QUIET: 900.0 us went missing in an iteration, unexplained (show events)";
        assert_eq!(verdict.to_string(), words);
        assert_eq!(with_gap(&Facts::default(), Some(33)), Grade::NotTested);
        assert_eq!(with_gap(&tested(180, Cause::Smi, Some(7)), None), Grade::Noisy);
    }

    #[test]
    fn grades_stand_in_order() {
        let all =
            [Grade::Quiet, Grade::NearlyQuiet, Grade::NotTested, Grade::Noisy, Grade::Interrupted];
        assert!(all.is_sorted());
    }
}
