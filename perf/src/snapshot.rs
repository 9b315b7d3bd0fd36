//! A copy of all that a PMD counted, and the difference of two.

use crate::counters::Counter;
use crate::distribution::Distribution;
use crate::quantity::{BUCKETS, Quantity};

/// What one PMD counted until a moment, or between two.
///
/// It is large: keep it in static memory, and fill it [in place](crate::Metrics::copy_to).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The time-stamp counter at that moment, or the cycles between the two.
    pub at: u64,
    /// Iterations that ended.
    pub iterations: u64,
    /// By number of [`Counter`].
    pub counters: [u64; Counter::COUNT],
    pub(crate) buckets: [u64; BUCKETS],
}

impl Snapshot {
    /// Nothing was counted.
    pub const ZERO: Self =
        Self { at: 0, iterations: 0, counters: [0; Counter::COUNT], buckets: [0; BUCKETS] };

    /// The value of `counter`.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// How the samples of `quantity` are distributed.
    pub fn of(&self, quantity: Quantity) -> Distribution<'_> {
        let first = quantity.offset();
        let counts = &self.buckets[first..first + quantity.buckets()];
        Distribution { layout: quantity.layout(), counts }
    }

    /// Samples in one bucket of `quantity`; none behind its last.
    pub fn bucket(&self, quantity: Quantity, bucket: usize) -> Option<u64> {
        self.of(quantity).counts.get(bucket).copied()
    }

    /// Puts so many samples into one bucket of `quantity`. False if it has no such bucket.
    pub fn set_bucket(&mut self, quantity: Quantity, bucket: usize, samples: u64) -> bool {
        let first = quantity.offset();
        let own = &mut self.buckets[first..first + quantity.buckets()];
        own.get_mut(bucket).map(|place| *place = samples).is_some()
    }

    /// Iterations in which neither a frame was received nor sent.
    pub fn idle_iterations(&self) -> u64 {
        self.iterations.saturating_sub(self.count(Counter::BusyIterations))
    }

    /// Makes it what was counted since `earlier`.
    pub fn subtract(&mut self, earlier: &Self) {
        self.at = self.at.saturating_sub(earlier.at);
        self.iterations = self.iterations.saturating_sub(earlier.iterations);
        subtract(&mut self.counters, &earlier.counters);
        subtract(&mut self.buckets, &earlier.buckets);
    }

    /// Tells how many iterations there were: those that were sampled, and those that were not
    /// recorded. And adds the samples of 0 that a PMD leaves out: an iteration that is in no other
    /// bucket of packets, fill or upcalls was in the first.
    pub(crate) fn complete(&mut self) {
        let recorded = self.of(Quantity::Cycles).samples();
        self.iterations = recorded.saturating_add(self.count(Counter::Unrecorded));
        for quantity in [Quantity::Packets, Quantity::Fill, Quantity::Upcalls] {
            let others = self.of(quantity).samples();
            let first = &mut self.buckets[quantity.offset()];
            *first = first.saturating_add(recorded.saturating_sub(others));
        }
    }
}

/// A counter that is read while it is written may seem to go back by a little: that is no
/// difference.
fn subtract(from: &mut [u64], earlier: &[u64]) {
    from.iter_mut().zip(earlier).for_each(|(now, then)| *now = now.saturating_sub(*then));
}
