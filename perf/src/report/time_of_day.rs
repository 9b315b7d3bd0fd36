//! Calendar time and time since boot, as reports show them.

use core::fmt::{self, Display, Formatter};

use crate::calendar::Date;
use crate::time::{NANOS, Timebase};

/// The time of day in UTC, with milliseconds, of a moment in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct TimeOfDay(pub u64);

impl Display for TimeOfDay {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Date { hour, minute, second, .. } = Date::from_unix(self.0 / NANOS);
        write!(out, "{hour:02}:{minute:02}:{second:02}.{:03}", self.0 % NANOS / 1_000_000)
    }
}

/// A moment as everything that can be told of it: the counter, nanoseconds since boot, and where
/// anything tells, UTC and by how much that may be wrong.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The time-stamp counter.
    pub count: u64,
    /// What explains it.
    pub base: &'a Timebase,
}

impl Display for Moment<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { count, base } = *self;
        write!(out, "tsc={count} boot_ns={} ", base.nanos_since_boot(count))?;
        let (Some(nanos), Some(error)) = (base.unix_nanos(count), base.utc_error(count)) else {
            return out.write_str("utc=n/a");
        };
        let date = Date::from_unix(nanos / NANOS);
        write!(out, "utc={date}.{:06}Z+-{}us", nanos % NANOS / 1000, error.div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Utc;

    #[test]
    fn a_moment_tells_all_that_is_known_of_it() {
        let mut base = Timebase::new(1_000_000, 1000);
        let moment = |base: &Timebase| Moment { count: 3500, base }.to_string();
        assert_eq!(moment(&base), "tsc=3500 boot_ns=2500000 utc=n/a");
        let nanos = 1_795_478_400 * NANOS;
        base.utc = Some(Utc { count: 3000, nanos, error: 500_000_000, drift: 0 });
        assert_eq!(
            moment(&base),
            "tsc=3500 boot_ns=2500000 utc=2026-11-24T00:00:00.000500Z+-500000us"
        );
    }
}
