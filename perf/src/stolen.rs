//! Time that something else than the loop took from a core, as far as the machine can tell.
//!
//! Reading these is slow, so it is done in housekeeping and after a suspicious iteration only:
//! what happened since the last look may belong to any iteration since.

use core::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A register or a place in memory that counts what happens to a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// System management interrupts (MSR 0x34, Intel SDM volume 4).
    Smi,
    /// Nanoseconds that the hypervisor ran something else (KVM's steal time).
    Steal,
    /// Cycles of the core's own clock (APERF, MSR 0xe8).
    Aperf,
    /// Cycles at the nominal clock while APERF counted (MPERF, MSR 0xe7).
    Mperf,
    /// Misses of the last-level cache (architectural performance event 2e/41).
    Misses,
    /// Instructions retired (fixed-function counter 0).
    Instructions,
}

impl Source {
    /// How many there are.
    pub const COUNT: usize = Self::Instructions as usize + 1;

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Smi, Self::Steal, Self::Aperf, Self::Mperf, Self::Misses, Self::Instructions];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smi => "smis",
            Self::Steal => "steal_ns",
            Self::Aperf => "aperf_cycles",
            Self::Mperf => "mperf_cycles",
            Self::Misses => "llc_misses",
            Self::Instructions => "instructions",
        }
    }
}

/// What a core's sources say: counts since the machine started, or between two looks. Nothing
/// where the machine lacks one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings(pub [Option<u64>; Source::COUNT]);

/// Stands for what the machine lacks, where a reading is stored in one word.
const LACKING: u64 = u64::MAX;

impl Readings {
    /// Nothing.
    pub(crate) const NONE: Self = Self([None; Source::COUNT]);

    /// What `source` says; nothing if the machine lacks it.
    pub const fn of(&self, source: Source) -> Option<u64> {
        self.0[source as usize]
    }

    /// What happened from `earlier` until these were taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self(core::array::from_fn(|i| Some(self.0[i]?.wrapping_sub(earlier.0[i]?))))
    }

    /// How fast the core's clock ran against its nominal speed, in thousandths.
    pub fn speed(&self) -> Option<u64> {
        let (aperf, mperf) = (self.of(Source::Aperf)?, self.of(Source::Mperf)?);
        let speed = (u128::from(aperf) * 1000).checked_div(mperf.into())?;
        u64::try_from(speed).ok()
    }

    pub(crate) fn words(&self) -> [u64; Source::COUNT] {
        self.0.map(|reading| reading.unwrap_or(LACKING))
    }

    pub(crate) fn from_words(words: [u64; Source::COUNT]) -> Self {
        Self(words.map(|word| (word != LACKING).then_some(word)))
    }
}

/// All of them by name, in a line.
impl Display for Readings {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (position, source) in Source::ALL.into_iter().enumerate() {
            write!(out, "{}{} ", if position > 0 { ", " } else { "" }, source.name())?;
            match self.of(source) {
                Some(count) => write!(out, "{count}")?,
                None => out.write_str("n/a")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_machine_lacks_is_not_0() {
        let mut now = Readings::default();
        now.0[Source::Smi as usize] = Some(7);
        let text = now.since(&now).to_string();
        assert!(text.starts_with("smis 0, steal_ns n/a, aperf_cycles n/a"), "{text}");
    }

    #[test]
    fn readings_survive_being_stored() {
        let readings = Readings([Some(0), None, Some(u64::MAX - 1), None, Some(3), None]);
        assert_eq!(Readings::from_words(readings.words()), readings);
    }

    #[test]
    fn a_core_that_runs_slower_than_nominal_says_so() {
        let readings = Readings([None, None, Some(1500), Some(2000), None, None]);
        assert_eq!((readings.speed(), Readings::default().speed()), (Some(750), None));
    }
}
