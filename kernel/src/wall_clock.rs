//! What calendar time is: the CMOS clock, whose seconds are watched until one turns.

use perf::time::Utc;

use crate::arch::{rtc, tsc};

const SECOND: u64 = 1_000_000_000;
/// Turns are watched for so many seconds at most.
const PATIENCE: u64 = 3;

/// The CMOS clock, and what is known of it.
pub(crate) struct WallClock {
    /// A moment of calendar time, where there is a clock.
    utc: Option<Utc>,
    /// The second that was read last, and when.
    last: Option<(u8, u64)>,
    /// When watching ends.
    until: u64,
}

impl WallClock {
    /// Reads the clock. The second may be anywhere in its course.
    pub(crate) fn start() -> Self {
        let seconds = rtc::read();
        let count = tsc::now();
        let utc = seconds.map(|seconds| Utc {
            count,
            nanos: seconds * SECOND + SECOND / 2,
            error: SECOND / 2,
        });
        let until = count.saturating_add(PATIENCE * tsc::frequency());
        Self { utc, last: None, until }
    }

    /// What calendar time is, as far as that is known.
    pub(crate) fn utc(&self) -> Option<Utc> {
        self.utc
    }

    /// Looks whether a second has turned, and knows the time better where it has: as well as the
    /// two looks are apart. To be called every millisecond; none if nothing better is known.
    pub(crate) fn watch(&mut self) -> Option<Utc> {
        let now = tsc::now();
        let known = self.utc.filter(|_| now < self.until)?;
        let second = rtc::second()?;
        let (before, then) = self.last.replace((second, now))?;
        if before == second {
            return None;
        }
        let apart = now.saturating_sub(then);
        let half = apart / 2;
        let count = then.saturating_add(half);
        let error = nanos(apart - half);
        let passed = nanos(count.saturating_sub(known.count));
        // The turn that lies nearest to what was known, which is half a second off at most.
        let nanos = (known.nanos + passed + SECOND / 2) / SECOND * SECOND;
        let better = Utc { count, nanos, error };
        if error >= known.error {
            return None;
        }
        (self.utc, self.until) = (Some(better), 0);
        Some(better)
    }
}

/// Nanoseconds that `cycles` take.
fn nanos(cycles: u64) -> u64 {
    (u128::from(cycles) * u128::from(SECOND) / u128::from(tsc::frequency().max(1))) as u64
}
