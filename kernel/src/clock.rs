//! What converts counts of the time-stamp counter.

/// The time-stamp counter, as all cores share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Its cycles in a second.
    pub hertz: u64,
    /// Its count at boot.
    pub boot: u64,
}

impl Clock {
    /// Cycles from boot to `count`; 0 if that was before.
    pub fn since_boot(&self, count: u64) -> u64 {
        count.saturating_sub(self.boot)
    }

    /// The cycles that `micros` microseconds take.
    pub fn cycles(&self, micros: u32) -> u64 {
        let cycles = u128::from(micros) * u128::from(self.hertz) / 1_000_000;
        cycles.try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_before_boot_is_no_time() {
        let clock = Clock { hertz: 1000, boot: 500 };
        assert_eq!((clock.since_boot(499), clock.since_boot(501)), (0, 1));
    }

    #[test]
    fn microseconds_become_cycles_whatever_the_clock() {
        let cycles = |hertz, micros| Clock { hertz, boot: 0 }.cycles(micros);
        assert_eq!(cycles(2_500_000_000, 10_000), 25_000_000);
        assert_eq!(cycles(1_500_000, 1), 1);
        assert_eq!(cycles(u64::MAX, u32::MAX), u64::MAX);
    }
}
