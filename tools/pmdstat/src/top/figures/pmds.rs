//! PMDs: what each did between its last two copies.

use perf::stream::Table;
use perf::{Counter, Quantity, Snapshot, Timebase};

use super::{ratio, seconds};
use crate::recording::{Boot, Copy};

/// Where passes are settled, in the order in which they try, with the titles of their columns.
pub(in crate::top) const HITS: [(Counter, &str); 6] = [
    (Counter::PhwolHit, "NIC"),
    (Counter::SimpleHit, "smpl"),
    (Counter::EmcHit, "EMC"),
    (Counter::SmcHit, "SMC"),
    (Counter::MegaflowHit, "mega"),
    (Counter::Miss, "upc"),
];

/// Intervals of which the rate is shown.
const PAST: usize = 30;
/// A copy is late after so many intervals.
const LATE: f64 = 3.5;

/// What a PMD is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) enum Pulse {
    /// It received or sent frames.
    Busy,
    /// It polled in vain.
    Idle,
    /// It slept in most iterations.
    Asleep,
    /// Nothing was recorded of its iterations.
    Unrecorded,
    /// No iteration ended: it has no queue, or is stuck in one.
    Still,
    /// No copy came for long.
    Silent,
}

/// A PMD between two copies of what it counted. What cannot be told is not there.
#[derive(Debug)]
pub(in crate::top) struct Pmd {
    pub(in crate::top) core: u16,
    /// When the newer copy was taken, as a count.
    pub(super) at: u64,
    /// Seconds since then, and between the two.
    pub(super) age: Option<f64>,
    pub(super) interval: Option<f64>,
    pub(in crate::top) pulse: Pulse,
    /// A second.
    pub(in crate::top) rx: Option<f64>,
    pub(in crate::top) tx: Option<f64>,
    pub(in crate::top) iterations: Option<f64>,
    pub(in crate::top) cycles_per_packet: Option<f64>,
    /// Per cent of used cycles.
    pub(in crate::top) busy: Option<f64>,
    /// Per cent of passes, by place in [`HITS`].
    pub(in crate::top) hits: [Option<f64>; HITS.len()],
    /// Microseconds of an iteration: p50, p99, longest.
    pub(in crate::top) micros: [Option<f64>; 3],
    /// Microseconds from poll to doorbell: p99.
    pub(in crate::top) latency: Option<f64>,
    /// The highest fill of a receive ring, in frames.
    pub(in crate::top) fill: Option<u64>,
    /// Packets a second in the intervals before, oldest first.
    pub(in crate::top) past: Vec<f64>,
}

impl Pmd {
    /// Whether the next copy ought to have come.
    pub(super) fn is_late(&self) -> bool {
        let (Some(age), Some(interval)) = (self.age, self.interval) else { return false };
        age > interval.max(1.0) * LATE
    }
}

/// Those of `boot` of which a copy was taken by `at`.
pub(super) fn at(boot: &Boot, at: u64) -> Vec<Pmd> {
    boot.cores().filter_map(|core| of(boot, core, at)).collect()
}

fn of(boot: &Boot, core: u16, now: u64) -> Option<Pmd> {
    let base = &boot.base();
    let mut between = boot.snapshot_by(core, now)?;
    let at = between.at;
    let earlier = boot.snapshot_by(core, at.wrapping_sub(1));
    between.subtract(&earlier.unwrap_or_else(|| at_boot(base)));
    let age = seconds(base, now.saturating_sub(at));
    let mut pmd = counted(base, &between);
    (pmd.core, pmd.at, pmd.age, pmd.past) = (core, at, age, past(boot, core, now));
    pmd.pulse = if pmd.is_late() { Pulse::Silent } else { pulse(&between) };
    Some(pmd)
}

/// At boot nothing was counted.
fn at_boot(base: &Timebase) -> Snapshot {
    let mut none = Snapshot::ZERO;
    none.at = base.boot;
    none
}

fn counted(base: &Timebase, between: &Snapshot) -> Pmd {
    let count = |counter| between.count(counter);
    let interval = seconds(base, between.at).filter(|seconds| *seconds > 0.0);
    let rate = |count: u64| interval.map(|seconds| count as f64 / seconds);
    let used = count(Counter::BusyCycles).saturating_add(count(Counter::IdleCycles));
    let passes = count(Counter::Recv).saturating_add(count(Counter::Recirc));
    let percent = |part, whole| ratio(part, whole).map(|share| share * 100.0);
    let cycles = between.of(Quantity::Cycles);
    let micros = |cycles: Option<u64>| Some(seconds(base, bounded(cycles)?)? * 1e6);
    Pmd {
        core: 0,
        at: 0,
        age: None,
        interval,
        pulse: Pulse::Idle,
        rx: rate(count(Counter::Recv)),
        tx: rate(count(Counter::SentPackets)),
        iterations: rate(between.iterations),
        cycles_per_packet: ratio(count(Counter::BusyCycles), count(Counter::Recv)),
        busy: percent(count(Counter::BusyCycles), used),
        hits: HITS.map(|(counter, _)| percent(count(counter), passes)),
        micros: [cycles.percentile(5000), cycles.percentile(9900), cycles.greatest()].map(micros),
        latency: micros(between.of(Quantity::Latency).percentile(9900)),
        fill: bounded(between.of(Quantity::Fill).greatest()),
        past: Vec::new(),
    }
}

/// Samples beyond the last bucket have no number.
fn bounded(sample: Option<u64>) -> Option<u64> {
    sample.filter(|sample| *sample < u64::MAX)
}

fn pulse(between: &Snapshot) -> Pulse {
    let count = |counter| between.count(counter);
    match between.iterations {
        0 => Pulse::Still,
        all if count(Counter::Unrecorded) == all => Pulse::Unrecorded,
        all if count(Counter::SleepIterations) > all / 2 => Pulse::Asleep,
        _ if count(Counter::BusyIterations) > 0 => Pulse::Busy,
        _ => Pulse::Idle,
    }
}

/// Packets a second between the last copies, oldest first.
fn past(boot: &Boot, core: u16, now: u64) -> Vec<f64> {
    let base = &boot.base();
    let copies = boot.copies.get(&(Table::Counters, core));
    let newest: Vec<&Copy> =
        copies.into_iter().flat_map(|copies| copies.whole_by(now)).take(PAST + 1).collect();
    let packets = |copy: &Copy| copy.get(Counter::Recv as usize);
    let rates = newest.windows(2).filter_map(|pair| {
        let (new, old) = (pair[0], pair[1]);
        let seconds = seconds(base, new.at.saturating_sub(old.at)).filter(|own| *own > 0.0)?;
        Some(packets(new).saturating_sub(packets(old)) as f64 / seconds)
    });
    let mut rates: Vec<f64> = rates.collect();
    rates.reverse();
    rates
}
