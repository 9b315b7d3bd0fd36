//! What calendar time is: the CMOS clock, whose seconds are watched now and then until one turns.

use perf::time::Utc;

use crate::arch::{rtc, tsc};

const SECOND: u64 = 1_000_000_000;
/// Turns are watched for so many seconds at most.
const PATIENCE: u64 = 3;
/// Seconds from one look at the clock to the next.
const AGAIN: u64 = 600;

/// The CMOS clock, and what is known of it.
pub(crate) struct WallClock {
    /// A moment of calendar time, where there is a clock.
    utc: Option<Utc>,
    /// The second that was read last, and when.
    last: Option<(u8, u64)>,
    /// When watching begins, and when it ends.
    due: u64,
    until: u64,
}

impl WallClock {
    /// Reads the clock. The second may be anywhere in its course.
    pub(crate) fn start() -> Self {
        let seconds = rtc::read();
        let due = tsc::now();
        let utc = seconds.map(|seconds| Utc {
            count: due,
            nanos: seconds * SECOND + SECOND / 2,
            error: SECOND / 2,
            drift: tsc::drift_ppm(),
        });
        let mut clock = Self { utc, last: None, due, until: 0 };
        clock.watch_from(due);
        clock
    }

    /// What calendar time is, as far as that is known.
    pub(crate) fn utc(&self) -> Option<Utc> {
        self.utc
    }

    /// Looks whether a second has turned, and knows the time better where it has: as well as the
    /// two looks are apart. To be called every millisecond; none if nothing better is known.
    pub(crate) fn watch(&mut self) -> Option<Utc> {
        let (now, known) = (tsc::now(), self.utc?);
        if now < self.due {
            return None;
        }
        if now > self.until {
            self.watch_from(now.saturating_add(AGAIN * tsc::frequency()));
            return None;
        }
        let second = rtc::second()?;
        let (before, then) = self.last.replace((second, now))?;
        if before == second {
            return None;
        }
        let nanos = rtc::read()? * SECOND;
        let took = tsc::now().saturating_sub(then);
        let half = now.saturating_sub(then) / 2;
        let (count, error) = (then.saturating_add(half), nanos_of(half + 1));
        // Somebody may have stopped this core, and more than the one second have turned.
        if nanos_of(took) > SECOND / 2 || error >= known.error_at(count, tsc::frequency()) {
            return None;
        }
        let better = Utc { count, nanos, error, drift: tsc::drift_ppm() };
        self.utc = Some(better);
        self.watch_from(now.saturating_add(AGAIN * tsc::frequency()));
        Some(better)
    }

    fn watch_from(&mut self, due: u64) {
        (self.last, self.due) = (None, due);
        self.until = due.saturating_add(PATIENCE * tsc::frequency());
    }
}

/// Nanoseconds that `cycles` take.
fn nanos_of(cycles: u64) -> u64 {
    (u128::from(cycles) * u128::from(SECOND) / u128::from(tsc::frequency().max(1))) as u64
}
