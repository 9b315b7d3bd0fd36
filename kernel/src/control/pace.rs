//! How many messages are printed in a while, so that a flood of them leaves a console to type on.

/// How many messages are too many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Messages at once after a quiet time.
    pub(super) at_once: u64,
    /// Messages in a minute, in the long run.
    pub(super) per_minute: u64,
}

/// A limit of rate that lets short bursts through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Cycles from one message to the next in the long run.
    period: u64,
    at_once: u64,
    /// When all that was let through would have been due.
    due: u64,
}

impl Pace {
    /// A limit to `rate`, by a clock of `hertz`.
    pub(super) fn new(hertz: u64, rate: Rate) -> Self {
        Self { period: hertz * 60 / rate.per_minute, at_once: rate.at_once, due: 0 }
    }

    /// Whether one more may go at `now`.
    pub(super) fn allows(&self, now: u64) -> bool {
        self.due <= now.saturating_add(self.period * (self.at_once - 1))
    }

    /// So many `messages` go at `now`.
    pub(super) fn spend(&mut self, now: u64, messages: u64) {
        let time = self.period.saturating_mul(messages);
        self.due = self.due.max(now).saturating_add(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: u64 = 600;
    const RATE: Rate = Rate { at_once: AT_ONCE, per_minute: 600 };

    #[test]
    fn a_burst_goes_at_once_and_then_ten_a_second() {
        let mut pace = Pace::new(1000, RATE);
        for _ in 0..AT_ONCE / 2 {
            assert!(pace.allows(5000));
            pace.spend(5000, 2);
        }
        assert!(!pace.allows(5000) && !pace.allows(5099) && pace.allows(5100));
        pace.spend(5100, 2);
        assert!(!pace.allows(5299) && pace.allows(5300));
    }

    #[test]
    fn a_quiet_time_earns_no_more_than_a_burst() {
        let mut pace = Pace::new(1000, RATE);
        let gone = core::iter::from_fn(|| pace.allows(1 << 40).then(|| pace.spend(1 << 40, 1)));
        assert_eq!(gone.take(10_000).count() as u64, AT_ONCE);
    }
}
