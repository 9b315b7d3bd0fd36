//! The millisecond under way, as differences of running sums.

use crate::counters::Counter;
use crate::iteration::Iteration;
use crate::metrics::Metrics;
use crate::milliseconds::Millisecond;
use crate::time::Timebase;

pub(super) struct Sums {
    base: Timebase,
    /// The millisecond under way, and the running sums when it began.
    under_way: Millisecond,
    /// The clock when it is over.
    pub(super) next: u64,
    fill: u32,
    deepest: u64,
}

impl Sums {
    pub(super) fn new(base: Timebase) -> Self {
        Self { base, under_way: Millisecond::default(), next: u64::MAX, fill: 0, deepest: 0 }
    }

    /// Begins with the millisecond that `now` lies in, as if it began now.
    pub(super) fn begin(&mut self, metrics: &Metrics, now: u64) {
        let ended = metrics.ended();
        self.open(running(metrics, ended), now);
    }

    /// Remembers the fullest ring that was met.
    #[inline]
    pub(super) fn deepen(&mut self, iteration: &Iteration) {
        if iteration.fill > self.fill {
            (self.fill, self.deepest) = (iteration.fill, iteration.number);
        }
    }

    /// Waits until it is told to begin again.
    pub(super) fn stop(&mut self) {
        self.next = u64::MAX;
    }

    /// The clock went backwards: the millisecond under way ends here, if anything is recorded.
    pub(super) fn step_back(&mut self) {
        if self.next < u64::MAX {
            self.next = 0;
        }
    }

    /// Stores the millisecond under way, and begins with the one that `now` lies in.
    #[cold]
    #[inline(never)]
    pub(super) fn close(&mut self, metrics: &Metrics, now: u64) {
        let sums = running(metrics, metrics.ended());
        let mut record = sums.since(&self.under_way);
        record.number = self.under_way.number;
        (record.fill, record.deepest) = (self.fill.into(), self.deepest);
        metrics.milliseconds().store(&record);
        self.open(sums, now);
    }

    fn open(&mut self, sums: Millisecond, now: u64) {
        let number = self.base.millisecond(now);
        self.under_way = Millisecond { number, ..sums };
        self.next = self.base.start_of(number + 1);
        (self.fill, self.deepest) = (0, 0);
    }
}

/// All that was counted until the iteration `ended`.
fn running(metrics: &Metrics, ended: u64) -> Millisecond {
    let counts = metrics.counters.read();
    let count = |counter: Counter| counts[counter as usize];
    let busy_cycles = count(Counter::BusyCycles);
    Millisecond {
        number: 0,
        iterations: ended,
        cycles: busy_cycles.wrapping_add(count(Counter::IdleCycles)),
        busy_cycles,
        packets: count(Counter::Recv),
        batches: count(Counter::Batches),
        sent: count(Counter::SentPackets),
        dropped: count(Counter::Dropped),
        tx_dropped: count(Counter::TxDropped),
        upcalls: count(Counter::Upcalls),
        upcall_cycles: count(Counter::UpcallCycles),
        fill: 0,
        deepest: 0,
        last: ended,
    }
}
