//! What a PMD counted: counters by name, and histograms.

use serde::Serialize;
use serde::ser::Serializer;

use crate::counters::Counter;
use crate::distribution::Distribution;
use crate::histogram::BINS;
use crate::quantity::Quantity;
use crate::report::averages;
use crate::snapshot::Snapshot;

/// All counters, with the keys of their counts.
const COUNTERS: [(Counter, &str); Counter::COUNT] = [
    (Counter::PhwolHit, "phwol_hit_passes"),
    (Counter::SimpleHit, "simple_match_hit_passes"),
    (Counter::EmcHit, "emc_hit_passes"),
    (Counter::SmcHit, "smc_hit_passes"),
    (Counter::MegaflowHit, "megaflow_hit_passes"),
    (Counter::Miss, "upcall_passes"),
    (Counter::Lost, "lost_upcall_passes"),
    (Counter::Lookups, "megaflow_lookup_subtables"),
    (Counter::Recv, "rx_packets"),
    (Counter::Recirc, "recirculated_passes"),
    (Counter::SentPackets, "tx_packets"),
    (Counter::SentBatches, "tx_batches"),
    (Counter::IdleCycles, "idle_cycles_tsc"),
    (Counter::BusyCycles, "busy_cycles_tsc"),
    (Counter::UpcallCycles, "upcall_cycles_tsc"),
    (Counter::SleepIterations, "sleep_iterations"),
    (Counter::SleepCycles, "sleep_cycles_tsc"),
    (Counter::BusyIterations, "busy_iterations"),
    (Counter::Batches, "rx_batches"),
    (Counter::Dropped, "dropped_packets"),
    (Counter::TxDropped, "tx_dropped_packets"),
    (Counter::Upcalls, "upcalls"),
    (Counter::Fill, "rx_fill_sum_packets"),
    (Counter::Unrecorded, "unrecorded_iterations"),
];

/// All counters by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counters<'a>(pub(super) &'a Snapshot);

impl Serialize for Counters<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(COUNTERS.iter().map(|(counter, key)| (key, self.0.count(*counter))))
    }
}

/// The key of the histogram of `of`, which names the unit of all samples.
pub(super) const fn key(of: Quantity) -> &'static str {
    match of {
        Quantity::Cycles => "iteration_cycles_tsc",
        Quantity::Packets => "iteration_rx_packets",
        Quantity::PerPacket => "packet_cycles_tsc",
        Quantity::Batch => "batch_rx_packets",
        Quantity::Fill => "rx_fill_packets",
        Quantity::Upcalls => "iteration_upcalls",
        Quantity::PerUpcall => "upcall_cycles_tsc",
        Quantity::Latency => "poll_to_doorbell_cycles_tsc",
    }
}

/// One histogram. Samples, and what is told of them, are in the unit that its key names.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Histogram {
    samples: u64,
    average_thousandths: Option<u64>,
    min: Option<u64>,
    p50: Option<u64>,
    p90: Option<u64>,
    p99: Option<u64>,
    p99_9: Option<u64>,
    p99_99: Option<u64>,
    max: Option<u64>,
    bins: [Bin; BINS],
}

/// One of Open vSwitch's bins.
#[derive(Clone, Copy, Debug, Serialize)]
struct Bin {
    /// The largest sample that falls into it; nothing of the last, which takes all others.
    upper: Option<u32>,
    samples: u64,
}

impl Histogram {
    /// The histogram of `quantity`.
    pub(super) fn of(quantity: Quantity, counted: &Snapshot) -> Self {
        let distribution = counted.of(quantity);
        let [p50, p90, p99, p99_9, p99_99] = crate::distribution::PERCENTILES
            .map(|(share, _)| known(distribution.percentile(share)));
        Self {
            samples: distribution.samples(),
            average_thousandths: average(quantity, counted),
            min: known(distribution.least()),
            p50,
            p90,
            p99,
            p99_9,
            p99_99,
            max: known(distribution.greatest()),
            bins: bins(&distribution),
        }
    }
}

/// The average that stands below Open vSwitch's column; latency has none.
fn average(quantity: Quantity, counted: &Snapshot) -> Option<u64> {
    averages(counted).get(quantity as usize)?.thousandths()
}

/// Nothing of a sample beyond the last bucket, of which no more is known than that.
fn known(sample: Option<u64>) -> Option<u64> {
    sample.filter(|sample| *sample < u64::MAX)
}

fn bins(distribution: &Distribution<'_>) -> [Bin; BINS] {
    let (walls, samples) = (&distribution.layout.walls, distribution.bins());
    core::array::from_fn(|bin| Bin { upper: walls.get(bin).copied(), samples: samples[bin] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_has_a_key_of_its_own() {
        let mut counted = Snapshot::ZERO;
        (1..).zip(&mut counted.counters).for_each(|(number, count)| *count = number);
        let document = serde_json::to_value(Counters(&counted)).unwrap();
        let mut counts: Vec<_> =
            document.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).collect();
        counts.sort_unstable();
        assert_eq!(counts, (1..=Counter::COUNT as u64).collect::<Vec<_>>());
        assert_eq!(document["rx_packets"], Counter::Recv as u64 + 1);
    }

    #[test]
    fn a_sample_beyond_the_last_bucket_is_not_made_up() {
        let mut counted = Box::new(Snapshot::ZERO);
        let fill = Quantity::Fill;
        counted.buckets[fill.offset() + fill.layout().bucket(u64::MAX)] = 2;
        let histogram = serde_json::to_value(Histogram::of(fill, &counted)).unwrap();
        assert!(histogram["max"].is_null() && histogram["p50"].is_null());
        assert_eq!(histogram["samples"], 2);
        assert_eq!(histogram["bins"][31]["samples"], 2);
        assert!(histogram["bins"][31]["upper"].is_null());
    }
}
