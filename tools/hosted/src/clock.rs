//! The clocks that a PMD can be given on the host.

#![expect(unsafe_code, reason = "the time-stamp counter is read by an unsafe intrinsic")]

use std::cell::Cell;

use perf::Clock;

/// The time-stamp counter of the core that asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tsc;

impl Clock for Tsc {
    #[inline]
    fn now(&self) -> u64 {
        // SAFETY: Linux lets programs read the counter, and reading it changes nothing.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
}

/// A clock that moves on by the same step each time it is read, so that a run repeats exactly.
#[derive(Debug, Default)]
pub struct Steps(Cell<u64>);

impl Steps {
    /// Cycles from one reading to the next.
    const STEP: u64 = 100;

    /// How often it was read.
    pub(crate) fn readings(&self) -> u64 {
        self.0.get() / Self::STEP
    }
}

impl Clock for Steps {
    #[inline]
    fn now(&self) -> u64 {
        self.0.set(self.0.get() + Self::STEP);
        self.0.get()
    }
}
