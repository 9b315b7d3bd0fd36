//! Values that many documents hold.

use core::fmt::{self, Display, Formatter};

use serde::ser::{Serialize, Serializer};

use crate::calendar::Date;
use crate::events::{Accounts, Loss};
use crate::iteration::Flags;
use crate::stolen::{Readings, Source};
use crate::suspicion::{REASONS, Reasons};
use crate::time::{NANOS, Timebase};

/// A count of the time-stamp counter. A string, because it is no number to readers that know only
/// floating point.
#[derive(Clone, Copy, Debug)]
struct Count(u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// A moment, as all that is known of it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Moment {
    tsc: Count,
    boot_ns: u64,
    utc: Option<Utc>,
    utc_error_ns: Option<u64>,
}

impl Moment {
    /// The moment at which the time-stamp counter that `base` explains was at `count`.
    pub fn of(count: u64, base: &Timebase) -> Self {
        Self {
            tsc: Count(count),
            boot_ns: base.nanos_since_boot(count),
            utc: base.unix_nanos(count).map(Utc),
            utc_error_ns: base.utc_error(count),
        }
    }
}

/// Nanoseconds since 1970, as RFC 3339 writes them.
#[derive(Clone, Copy, Debug)]
struct Utc(u64);

impl Display for Utc {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:09}Z", Date::from_unix(self.0 / NANOS), self.0 % NANOS)
    }
}

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Reasons by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReasonNames(pub(super) Reasons);

impl Serialize for ReasonNames {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.each().map(|reason| reason.name))
    }
}

/// Names of flags: those of reports, and those that are reasons, which have the names of these.
/// The others say nothing that the counts of an iteration do not.
pub(super) const FLAGS: [(Flags, &str); 14] = {
    let [a, b, c, d, e, f, g, h] = Flags::NAMES;
    let (full, low) = ((Flags::TX_FULL, "tx-full"), (Flags::STARVED, "pool-low"));
    let (lost, storm) = ((Flags::LOST_UPCALL, "lost-upcall"), (Flags::STORM, "upcall-storm"));
    let budget = (Flags::LOOKUP_BUDGET, "lookup-budget");
    [a, b, c, d, e, f, g, h, full, low, lost, storm, (Flags::OVERSLEPT, "oversleep"), budget]
};

/// Flags by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlagNames(pub(super) Flags);

impl Serialize for FlagNames {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let held = FLAGS.iter().filter(|(flag, _)| self.0.has(*flag));
        to.collect_seq(held.map(|(_, name)| name))
    }
}

/// What the slow registers of a core say; null where the machine lacks one, or nobody looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByName<'a>(pub(super) &'a Readings);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(Source::ALL.iter().map(|&source| (source.name(), self.0.of(source))))
    }
}

/// What became of suspicious iterations.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Fates {
    triggers: u64,
    dumped: u64,
    suppressed: u64,
    suppressed_by_reason: Suppressed,
    pending: u64,
    stuck_iterations: u64,
}

impl From<&Accounts> for Fates {
    fn from(accounts: &Accounts) -> Self {
        let Accounts { triggers, dumped, suppressed, pending, stuck } = *accounts;
        let suppressed_by_reason = Suppressed(suppressed);
        let suppressed = accounts.suppressed_in_all();
        Self {
            triggers,
            dumped,
            suppressed,
            suppressed_by_reason,
            pending,
            stuck_iterations: stuck,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Suppressed([u64; Reasons::COUNT]);

impl Serialize for Suppressed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(REASONS.iter().map(|reason| reason.name).zip(self.0))
    }
}

/// What a NIC lost between two samples of its counters.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(super) struct NicLoss {
    lost_packets: u64,
    from: Moment,
    to: Moment,
}

impl NicLoss {
    pub(super) fn of(loss: &Loss, base: &Timebase) -> Self {
        let [from, to] = loss.between.map(|count| Moment::of(count, base));
        Self { lost_packets: loss.frames, from, to }
    }
}
