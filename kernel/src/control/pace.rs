//! How many events are printed in a while, so that a flood of them leaves a console to type on.

/// Events in a second, in the long run.
const PER_SECOND: u64 = 5;
/// Events at once after a quiet time.
const AT_ONCE: u64 = 10;

/// A limit of rate that lets short bursts through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Cycles from one event to the next in the long run.
    period: u64,
    /// When all that was let through would have been due.
    due: u64,
}

impl Pace {
    /// A limit by a clock of `hertz`.
    pub(super) fn new(hertz: u64) -> Self {
        Self { period: hertz / PER_SECOND, due: 0 }
    }

    /// Whether one more may go at `now`.
    pub(super) fn allows(&self, now: u64) -> bool {
        self.due <= now.saturating_add(self.period * (AT_ONCE - 1))
    }

    /// One goes at `now`.
    pub(super) fn spend(&mut self, now: u64) {
        self.due = self.due.max(now).saturating_add(self.period);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_then_one_at_a_time() {
        let mut pace = Pace::new(1000);
        for _ in 0..AT_ONCE {
            assert!(pace.allows(5000));
            pace.spend(5000);
        }
        assert!(!pace.allows(5000) && !pace.allows(5199) && pace.allows(5200));
        pace.spend(5200);
        assert!(!pace.allows(5399) && pace.allows(5400));
    }

    #[test]
    fn a_quiet_time_earns_no_more_than_a_burst() {
        let mut pace = Pace::new(1000);
        let gone = core::iter::from_fn(|| pace.allows(1 << 40).then(|| pace.spend(1 << 40)));
        assert_eq!(gone.take(100).count() as u64, AT_ONCE);
    }
}
