//! How samples are distributed.
//!
//! Buckets end at Open vSwitch's walls, which are inclusive as Prometheus' are. Sums are those counters that
//! add up just what was sampled; of cycles for each packet, and from poll to doorbell, nobody has one.

use perf::histogram::BINS;
use perf::stream::Table;
use perf::{Counter, Quantity, Snapshot};

use super::metrics::histogram;
use super::{Exposition, Machine};
use crate::recording::Copy;

/// Adds each PMD's histograms.
pub(super) fn add(machine: &Machine<'_>, page: &mut Exposition) {
    for (number, quantity) in (0..).zip(Quantity::ALL) {
        for core in machine.boot.cores() {
            let copies = machine.boot.copies.get(&(Table::Histogram(number), core));
            let Some(copy) = copies.and_then(|copies| machine.copy(copies)) else { continue };
            let counters = machine.boot.copies.get(&(Table::Counters, core));
            let counters = counters.and_then(|copies| copies.whole_at(copy.at));
            let sum = counters.and_then(|counters| sum(quantity, counters));
            let layers = (&quantity.layout().walls[..], &bins(quantity, copy)[..]);
            page.family(histogram(quantity)).add_histogram(&machine.core(core), layers, sum);
        }
    }
}

/// Samples in each of Open vSwitch's bins.
fn bins(quantity: Quantity, copy: &Copy) -> [u64; BINS] {
    let mut snapshot = Snapshot::ZERO;
    for (bucket, samples) in &copy.numbers {
        snapshot.set_bucket(quantity, usize::from(*bucket), *samples);
    }
    snapshot.of(quantity).bins()
}

/// The sum of all samples, by the counters of the same moment.
fn sum(quantity: Quantity, counters: &Copy) -> Option<u64> {
    let count = |counter: Counter| counters.get(counter as usize);
    // These count on while nothing is sampled.
    let sampled = |sum| (count(Counter::Unrecorded) == 0).then_some(sum);
    match quantity {
        Quantity::Cycles => {
            sampled(count(Counter::IdleCycles).saturating_add(count(Counter::BusyCycles)))
        }
        Quantity::Packets | Quantity::Batch => sampled(count(Counter::Recv)),
        Quantity::Upcalls => sampled(count(Counter::Upcalls)),
        Quantity::Fill => Some(count(Counter::Fill)),
        Quantity::PerUpcall => Some(count(Counter::UpcallCycles)),
        Quantity::PerPacket | Quantity::Latency => None,
    }
}
