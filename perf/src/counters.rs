//! Open vSwitch's counters and a few more: written by one core, read by any, never reset.
//!
//! A report since the last clear subtracts a copy that the reader kept; clearing costs the PMD
//! nothing.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A count that one core adds to and any core may read. Wraps after 2^64.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// A count of 0.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds `amount`. Only the core that owns the count may; a load and a store, nothing locked.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(amount), Relaxed);
    }

    /// Begins again at `count`. Only the core that owns the count may.
    #[inline]
    pub fn set(&self, count: u64) {
        self.0.store(count, Relaxed);
    }

    /// The count now.
    pub fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What a PMD counts. The first 17 have the names and meanings of Open vSwitch; its reports come
/// from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Passes settled by what the NIC already knew of the flow.
    PhwolHit,
    /// Passes settled by rules that look at nothing but the port.
    SimpleHit,
    /// Passes settled by the exact-match cache.
    EmcHit,
    /// Passes settled by the signature cache.
    SmcHit,
    /// Passes settled by the classifier.
    MegaflowHit,
    /// Passes settled by an upcall that succeeded.
    Miss,
    /// Passes whose upcall failed.
    Lost,
    /// Subtables looked at for the passes that the classifier settled.
    Lookups,
    /// Frames received, runts included.
    Recv,
    /// Further passes of frames received before.
    Recirc,
    /// Frames that transmit rings took.
    SentPackets,
    /// Flushes of a port that sent at least one frame.
    SentBatches,
    /// Cycles of iterations in which no frame was received or sent.
    IdleCycles,
    /// Cycles of all other iterations.
    BusyCycles,
    /// Cycles inside upcalls.
    UpcallCycles,
    /// Iterations with a sleep.
    SleepIterations,
    /// Cycles slept.
    SleepCycles,
    /// Iterations in which a frame was received or sent.
    BusyIterations,
    /// Polls that brought frames.
    Batches,
    /// Frames dropped, for whatever reason.
    Dropped,
    /// Those of them that a transmit ring had no room for.
    TxDropped,
    /// Upcalls, those that failed too.
    Upcalls,
    /// Sum of the highest fill of a receive ring in each recorded iteration, in frames.
    Fill,
    /// Iterations that ended while nothing was recorded.
    Unrecorded,
}

impl Counter {
    /// How many there are.
    pub const COUNT: usize = Self::Unrecorded as usize + 1;

    /// What they are called in the stream, by number.
    pub const NAMES: [&str; Self::COUNT] = [
        "phwol_hits",
        "simple_hits",
        "emc_hits",
        "smc_hits",
        "megaflow_hits",
        "miss_upcalls",
        "lost_upcalls",
        "subtable_lookups",
        "rx_packets",
        "recirculations",
        "tx_packets",
        "tx_batches",
        "idle_cycles_tsc",
        "busy_cycles_tsc",
        "upcall_cycles_tsc",
        "sleep_iterations",
        "sleep_cycles_tsc",
        "busy_iterations",
        "rx_batches",
        "dropped_packets",
        "tx_dropped_packets",
        "upcalls",
        "rx_fill_packets",
        "unrecorded_iterations",
    ];
}

/// One PMD's counters.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Counters([Tally; Counter::COUNT]);

impl Counters {
    /// All of them 0.
    pub const fn new() -> Self {
        Self([const { Tally::new() }; Counter::COUNT])
    }

    /// Adds `amount` to `counter`. Only the PMD that owns them may.
    #[inline]
    pub fn add(&self, counter: Counter, amount: u64) {
        self.0[counter as usize].add(amount);
    }

    /// All of them now, by number of [`Counter`].
    pub fn read(&self) -> [u64; Counter::COUNT] {
        core::array::from_fn(|i| self.0[i].read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_never_goes_down_by_adding_a_large_amount() {
        let counters = Counters::new();
        counters.add(Counter::BusyCycles, 1 << 31);
        counters.add(Counter::BusyCycles, 1 << 33);
        assert_eq!(counters.read()[Counter::BusyCycles as usize], (1 << 31) + (1 << 33));
    }
}
