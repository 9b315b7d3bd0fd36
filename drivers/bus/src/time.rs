//! A limit to every wait, in time and in polls.

use core::hint::spin_loop;

use crate::Error;

/// A clock that only runs forward.
pub trait Clock {
    /// Nanoseconds since some moment.
    fn now(&self) -> u64;
}

/// How long to wait for a device at most.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    nanoseconds: u64,
    polls: u64,
}

impl Limit {
    /// A limit of `count` ms. Should the clock stand still, it ends after 100,000 polls for each
    /// of them: no register of a device is read in less than 10 ns.
    pub const fn milliseconds(count: u32) -> Self {
        let count = count as u64;
        Self { nanoseconds: count * 1_000_000, polls: count * 100_000 }
    }

    /// A limit of `count` µs, in the same way.
    pub const fn microseconds(count: u32) -> Self {
        let count = count as u64;
        Self { nanoseconds: count * 1000, polls: count * 100 }
    }
}

/// Polls `condition` until it holds. It is asked at least once, and once more after the time is
/// up. Fails with [`Error::TimedOut`].
pub fn wait_until(
    clock: &impl Clock,
    limit: Limit,
    mut condition: impl FnMut() -> bool,
) -> Result<(), Error> {
    let start = clock.now();
    for _ in 0..=limit.polls {
        let is_late = clock.now().saturating_sub(start) > limit.nanoseconds;
        if condition() {
            return Ok(());
        }
        if is_late {
            break;
        }
        spin_loop();
    }
    Err(Error::TimedOut)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A clock that runs `step` ns on each time it is read.
    struct Stepping {
        now: Cell<u64>,
        step: u64,
    }

    impl Stepping {
        fn by(step: u64) -> Self {
            Self { now: Cell::new(0), step }
        }
    }

    impl Clock for Stepping {
        fn now(&self) -> u64 {
            self.now.replace(self.now.get() + self.step)
        }
    }

    fn polls(clock: &impl Clock, limit: Limit, needed: u64) -> (Result<(), Error>, u64) {
        let mut polls = 0;
        let outcome = wait_until(clock, limit, || {
            polls += 1;
            polls == needed
        });
        (outcome, polls)
    }

    #[test]
    fn what_holds_at_once_needs_one_poll_and_no_time() {
        let limit = Limit::milliseconds(0);
        assert_eq!(polls(&Stepping::by(u64::MAX / 4), limit, 1), (Ok(()), 1));
    }

    #[test]
    fn a_wait_ends_when_its_time_is_up() {
        let clock = Stepping::by(1_000_000);
        let limit = Limit::milliseconds(5);
        assert_eq!(polls(&clock, limit, 6), (Ok(()), 6));
        assert_eq!(polls(&clock, limit, 7), (Err(Error::TimedOut), 6));
    }

    #[test]
    fn a_wait_ends_even_if_the_clock_stands_still() {
        let clock = Stepping::by(0);
        let outcome = |limit| polls(&clock, limit, 0);
        assert_eq!(outcome(Limit::milliseconds(1)), (Err(Error::TimedOut), 100_001));
        assert_eq!(outcome(Limit::microseconds(5)), (Err(Error::TimedOut), 501));
    }
}
