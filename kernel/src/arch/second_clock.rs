//! A second clock that the TSC is checked against, while everything else goes on.

use super::clocks::{Counter, Reading};
use super::tsc::{self, Source};

/// A clock that was started together with a look at the TSC.
#[derive(Debug)]
pub(crate) struct SecondClock {
    counter: Counter,
    source: Source,
    first: Reading,
}

/// What two clocks say about the same time, in cycles of the TSC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed {
    /// By the TSC itself.
    pub(crate) tsc: u64,
    /// By the second clock, if the TSC runs at [`tsc::frequency`].
    pub(crate) expected: u64,
    /// By how much the two may differ because they cannot be read at once, and count in steps.
    pub(crate) error: u64,
}

impl SecondClock {
    /// Starts the HPET or the PM timer: the one that did not tell how fast the TSC runs, if both
    /// are there. None if neither is.
    pub(crate) fn start() -> Option<Self> {
        let both = [Source::Hpet, Source::PmTimer];
        let others = both.into_iter().filter(|&source| source != tsc::source());
        let (source, counter) = others.chain(both).find_map(|source| {
            let counter = match source {
                Source::Hpet => Counter::hpet(),
                _ => Counter::pm_timer(),
            };
            Some((source, counter?))
        })?;
        let first = counter.read_with_tsc();
        Some(Self { counter, source, first })
    }

    /// Which clock it is. Where that is [`tsc::source`], there was no other to check against.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// For how many cycles of the TSC it can be asked: half of the time after which the counter
    /// goes round. With 24 bits of the PM timer that is 2.3 s, with the HPET 20 s and more.
    pub(crate) fn good_for(&self) -> u64 {
        self.cycles(u64::from(self.counter.mask) / 2)
    }

    /// What passed since the start; none if by the TSC it is too long ago.
    pub(crate) fn elapsed(&self) -> Option<Elapsed> {
        let last = self.counter.read_with_tsc();
        let tsc = last.tsc.wrapping_sub(self.first.tsc);
        let counted = u64::from(last.value.wrapping_sub(self.first.value) & self.counter.mask);
        let error = self.first.error + last.error + self.cycles(1);
        let elapsed = Elapsed { tsc, expected: self.cycles(counted), error };
        (tsc <= self.good_for()).then_some(elapsed)
    }

    /// How long `counted` steps of the counter are, in cycles of the TSC.
    fn cycles(&self, counted: u64) -> u64 {
        let cycles = u128::from(counted) * u128::from(tsc::frequency());
        (cycles / u128::from(self.counter.hertz)) as u64
    }
}
