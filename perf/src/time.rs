//! What converts counts of the time-stamp counter, on the reader's side.

use serde::{Deserialize, Serialize};

/// The time-stamp counter, as all cores share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timebase {
    /// Its cycles in a second.
    pub hertz: u64,
    /// Its count at boot.
    pub boot: u64,
    /// What calendar time is, where anything tells.
    pub utc: Option<Utc>,
}

/// A moment of calendar time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utc {
    /// The time-stamp counter at that moment.
    pub count: u64,
    /// Nanoseconds from 1970-01-01T00:00:00Z to it, leap seconds left out.
    pub nanos: u64,
    /// By how many nanoseconds that may be wrong, to either side.
    pub error: u64,
    /// By how many parts in a million the counter may run faster or slower than it is taken to.
    pub drift: u32,
}

impl Utc {
    /// By how many nanoseconds calendar time may be wrong at `count`, to either side, where the
    /// counter runs at `hertz`.
    pub fn error_at(&self, count: u64, hertz: u64) -> u64 {
        let apart = scale(count.abs_diff(self.count), NANOS, hertz);
        self.error.saturating_add(scale(apart, self.drift.into(), 1_000_000))
    }
}

/// Nanoseconds of a second.
pub(crate) const NANOS: u64 = 1_000_000_000;

impl Timebase {
    /// The time base of a counter of `hertz` that was at `boot` at boot; nothing tells the time.
    pub const fn new(hertz: u64, boot: u64) -> Self {
        Self { hertz, boot, utc: None }
    }

    /// Cycles from boot to `count`; 0 if that was before.
    pub fn since_boot(&self, count: u64) -> u64 {
        count.saturating_sub(self.boot)
    }

    /// Nanoseconds from boot to `count`, rounded down; 0 if that was before.
    pub fn nanos_since_boot(&self, count: u64) -> u64 {
        self.nanos(self.since_boot(count))
    }

    /// The nanoseconds that `cycles` take, rounded down; 0 where the speed is unknown.
    pub fn nanos(&self, cycles: u64) -> u64 {
        scale(cycles, NANOS, self.hertz)
    }

    /// The microseconds that `cycles` take, rounded down; 0 where the speed is unknown.
    pub fn micros(&self, cycles: u64) -> u64 {
        scale(cycles, 1_000_000, self.hertz)
    }

    /// The cycles that `micros` microseconds take, rounded down.
    pub fn cycles(&self, micros: u64) -> u64 {
        scale(micros, self.hertz, 1_000_000)
    }

    /// The millisecond since boot that `count` lies in, counted from 0.
    pub fn millisecond(&self, count: u64) -> u64 {
        scale(self.since_boot(count), 1000, self.hertz)
    }

    /// The first count of `millisecond`.
    pub fn start_of(&self, millisecond: u64) -> u64 {
        let cycles = (u128::from(millisecond) * u128::from(self.hertz)).div_ceil(1000);
        self.boot.saturating_add(u64::try_from(cycles).unwrap_or(u64::MAX))
    }

    /// By how many nanoseconds calendar time may be wrong at `count`, to either side, where anything
    /// tells it.
    pub fn utc_error(&self, count: u64) -> Option<u64> {
        Some(self.utc?.error_at(count, self.hertz))
    }

    /// Nanoseconds from 1970-01-01T00:00:00Z to `count`, where anything tells.
    pub fn unix_nanos(&self, count: u64) -> Option<u64> {
        let utc = self.utc?;
        let apart = self.nanos(count.abs_diff(utc.count));
        Some(if count < utc.count {
            utc.nanos.saturating_sub(apart)
        } else {
            utc.nanos.saturating_add(apart)
        })
    }
}

/// `count * to / from`, rounded down; 0 where `from` is.
fn scale(count: u64, to: u64, from: u64) -> u64 {
    let scaled = (u128::from(count) * u128::from(to)).checked_div(from.into());
    u64::try_from(scaled.unwrap_or(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_before_boot_is_no_time() {
        let base = Timebase::new(1000, 500);
        assert_eq!((base.since_boot(499), base.since_boot(501)), (0, 1));
        assert_eq!(base.nanos_since_boot(1500), NANOS);
    }

    #[test]
    fn microseconds_become_cycles_and_back_whatever_the_clock() {
        let base = |hertz| Timebase::new(hertz, 0);
        assert_eq!(base(2_500_000_000).cycles(10_000), 25_000_000);
        assert_eq!(base(1_500_000).cycles(1), 1);
        assert_eq!(base(u64::MAX).cycles(u64::MAX), u64::MAX);
        assert_eq!(base(2_500_000_000).micros(25_002_499), 10_000);
        assert_eq!(base(0).micros(1), 0);
    }

    #[test]
    fn a_millisecond_starts_where_the_one_before_it_ends() {
        for hertz in [999, 1000, 1_193_182, 2_399_999_999] {
            let base = Timebase::new(hertz, 77);
            for millisecond in (0..2000).chain([1_000_000_007]) {
                let start = base.start_of(millisecond);
                assert!(base.millisecond(start) >= millisecond, "{hertz} {millisecond}");
                assert!(start == 77 || base.millisecond(start - 1) < millisecond, "{hertz}");
            }
        }
    }

    #[test]
    fn calendar_time_is_told_before_and_after_the_moment_that_is_known() {
        let utc = Utc { count: 5000, nanos: 100 * NANOS, error: NANOS / 2, drift: 100 };
        let base = Timebase { utc: Some(utc), ..Timebase::new(1000, 0) };
        assert_eq!(base.unix_nanos(6000), Some(101 * NANOS));
        assert_eq!(base.unix_nanos(4500), Some(99 * NANOS + NANOS / 2));
        assert_eq!(Timebase::new(1000, 0).unix_nanos(6000), None);
        assert_eq!(base.utc_error(5000), Some(NANOS / 2));
        assert_eq!(base.utc_error(15_000), Some(NANOS / 2 + 1_000_000), "10 s later");
    }
}
