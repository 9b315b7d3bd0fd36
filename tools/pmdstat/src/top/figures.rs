//! What stands at a moment: all that is shown, in numbers. Nothing here draws, nothing remembers.

mod events;
mod pmds;
mod ports;

use perf::Timebase;

pub(super) use events::{Found, Listed};
pub(super) use pmds::{HITS, Pmd, Pulse};
pub(super) use ports::{Balance, Port};

use super::moment::Moment;
use super::past::{Lost, Past};

/// All that stands at a moment.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) machine: Machine,
    pub(super) pmds: Vec<Pmd>,
    pub(super) ports: Vec<Port>,
    /// What becomes of the sums of all ledgers.
    pub(super) balance: Option<Balance>,
    /// Events that were over, newest first.
    pub(super) events: Vec<Listed>,
    /// How many there were, forgotten ones too.
    pub(super) event_count: u64,
}

/// Who it is of, and how it was heard.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// The first digits of the image's build id.
    pub(super) build: Option<String>,
    pub(super) cpu: Option<String>,
    /// Whose processor it is, as the kernel says it.
    pub(super) hypervisor: Option<String>,
    /// Nanoseconds since boot, and since 1970 where anything tells.
    pub(super) up: u64,
    pub(super) clock: Option<u64>,
    /// Which start of how many.
    pub(super) start: (usize, usize),
    pub(super) lost: Lost,
    /// Messages that the machine says it did not send.
    pub(super) not_sent: u64,
    /// The first line of what it said when it crashed.
    pub(super) crash: Option<String>,
    /// Seconds since the newest copy of what a PMD counted, and whether others came within such a time.
    pub(super) age: Option<f64>,
    pub(super) is_late: bool,
    /// Seconds that rates are over.
    pub(super) interval: Option<f64>,
}

impl Figures {
    /// What stands in `past` at `moment`.
    pub(super) fn at(past: &Past, moment: Moment) -> Self {
        let Some((boot, start, at)) = past.at(moment) else { return Self::default() };
        let pmds = pmds::at(boot, at);
        let (events, known) = events::by(boot, at);
        let newest = pmds.iter().max_by_key(|pmd| pmd.at);
        let fact = |name: &str| start.fact("machine", name, at).map(str::to_owned);
        let base = boot.base();
        let machine = Machine {
            build: boot.build().map(|build| format!("{build:.8}")),
            cpu: fact("cpu"),
            hypervisor: fact("hypervisor"),
            up: moment.nanos,
            clock: (base.hertz > 0).then(|| base.unix_nanos(at)).flatten(),
            start: past.start_of(moment),
            lost: start.lost(at),
            not_sent: start.not_sent(at),
            crash: boot.crash_cause().filter(|_| start.is_crashed(at)).map(str::to_owned),
            age: newest.and_then(|pmd| pmd.age),
            is_late: newest.is_some_and(|pmd| pmd.is_late()),
            interval: newest.and_then(|pmd| pmd.interval),
        };
        let (ports, balance) = (ports::at(boot, start, at), ports::balance(boot, at));
        let event_count = known + start.events;
        Self { machine, pmds, ports, balance, events, event_count }
    }
}

/// Seconds of `cycles`, where the speed of the counter is known.
fn seconds(base: &Timebase, cycles: u64) -> Option<f64> {
    (base.hertz > 0).then(|| cycles as f64 / base.hertz as f64)
}

/// How many of `part` there are to each of `whole`.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;
