//! The answer of `pmd-perf-show` for one PMD.

use std::collections::BTreeMap;

use perf::stream::Table;
use perf::{Counter, Quantity};

use super::{before, number};
use crate::recording::{Boot, Copy};

/// Histograms that Open vSwitch has.
const COLUMNS: usize = 7;

/// Labels, and what is counted behind them.
const LABELS: [(&str, Counter); 11] = [
    ("- busy iterations", Counter::BusyIterations),
    ("- sleep iterations", Counter::SleepIterations),
    ("Rx packets", Counter::Recv),
    ("- PHWOL hits", Counter::PhwolHit),
    ("- Simple Match hits", Counter::SimpleHit),
    ("- EMC hits", Counter::EmcHit),
    ("- SMC hits", Counter::SmcHit),
    ("- Megaflow hits", Counter::MegaflowHit),
    ("- Lost upcalls", Counter::Lost),
    ("Tx packets", Counter::SentPackets),
    ("Tx batches", Counter::SentBatches),
];

/// What was read of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    core: u16,
    seconds: f64,
    /// Numbers and what stands in brackets behind them, by label.
    figures: BTreeMap<String, (u64, String)>,
    /// Samples by histogram and bucket.
    samples: [BTreeMap<usize, u64>; COLUMNS],
}

/// The seconds that `line` says a measurement took.
pub(super) fn duration(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once("Measurement duration:")?;
    before(rest, " s")
}

/// The core of the PMD that `line` begins to tell of.
pub(super) fn core(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("pmd thread numa_id ")?;
    let (_, core) = rest.split_once("core_id ")?;
    u16::try_from(number(core)?).ok()
}

impl Report {
    pub(super) fn new(core: u16, seconds: f64) -> Self {
        Self { core, seconds, ..Self::default() }
    }

    /// Takes what `line` tells.
    pub(super) fn take(&mut self, line: &str) {
        if let Some((label, rest)) = line.split_once(':') {
            if let Some(count) = number(rest) {
                let brackets = rest.split_once('(').map_or("", |(_, inner)| inner);
                self.figures.insert(label.trim().to_owned(), (count, brackets.to_owned()));
            }
            return;
        }
        let cells: Vec<&str> = line.split_whitespace().collect();
        if cells.len() == 2 * COLUMNS {
            self.bins(&cells);
        }
    }

    /// A line of bins: the wall and the samples of each histogram.
    fn bins(&mut self, cells: &[&str]) {
        for ((quantity, samples), pair) in
            Quantity::ALL.into_iter().zip(&mut self.samples).zip(cells.chunks(2))
        {
            let wall = if pair[0] == ">" { Some(u64::MAX) } else { pair[0].parse().ok() };
            let (Some(wall), Ok(count)) = (wall, pair[1].parse()) else { return };
            samples.insert(quantity.layout().bucket(wall), count);
        }
    }

    /// Cycles in a second, from the share of them that was used.
    pub(super) fn hertz(&self) -> Option<u64> {
        let share = before(self.brackets("- Used TSC cycles"), " %")?;
        let hertz = self.figure("- Used TSC cycles") as f64 * 100.0 / share / self.seconds;
        (hertz.is_finite() && hertz >= 1.0).then_some(hertz as u64)
    }

    /// Puts it into `boot` as copies of tables.
    pub(super) fn keep(&self, hertz: u64, boot: &mut Boot) {
        let at = (self.seconds * hertz as f64) as u64;
        let mut keep = |table, numbers| {
            let copy = Copy { at, numbers: (0..).zip(numbers).collect(), is_whole: true };
            boot.copies.entry((table, self.core)).or_default().push(copy);
        };
        keep(Table::Counters, self.counters(hertz as f64));
        for (quantity, samples) in (0..).zip(&self.samples) {
            let Some((last, _)) = samples.last_key_value() else { continue };
            let counts = (0..=*last).map(|bucket| samples.get(&bucket).copied().unwrap_or(0));
            keep(Table::Histogram(quantity), counts.collect());
        }
    }

    fn counters(&self, hertz: f64) -> Vec<u64> {
        let mut numbers = vec![0; Counter::COUNT];
        for (label, counter) in LABELS {
            numbers[counter as usize] = self.figure(label);
        }
        let part = |whole: u64, factor: Option<f64>| (whole as f64 * factor.unwrap_or(0.0)) as u64;
        let mut set = |counter: Counter, count| numbers[counter as usize] = count;
        let used = self.figure("- Used TSC cycles");
        let idle = before(self.brackets("- idle iterations"), " %").map(|share| share / 100.0);
        set(Counter::IdleCycles, part(used, idle));
        set(Counter::BusyCycles, used.saturating_sub(part(used, idle)));
        set(Counter::SleepCycles, part(self.figure("Sleep time (us)"), Some(hertz / 1e6)));
        let passes = self.figure("Datapath passes");
        set(Counter::Recirc, passes.saturating_sub(self.figure("Rx packets")));
        let lookups = before(self.brackets("- Megaflow hits"), " subtbl");
        set(Counter::Lookups, part(self.figure("- Megaflow hits"), lookups));
        let upcalls = self.figure("- Upcalls");
        let micros = before(self.brackets("- Upcalls"), " us/upcall");
        set(Counter::Miss, upcalls);
        set(Counter::Upcalls, upcalls.saturating_add(self.figure("- Lost upcalls")));
        set(Counter::UpcallCycles, part(upcalls, micros.map(|micros| micros * hertz / 1e6)));
        let samples = |of: Quantity| {
            self.samples[of as usize].values().fold(0_u64, |sum, count| sum.saturating_add(*count))
        };
        let recorded = samples(Quantity::Cycles);
        set(Counter::Unrecorded, self.figure("Iterations").saturating_sub(recorded));
        set(Counter::Batches, samples(Quantity::Batch));
        numbers
    }

    fn figure(&self, label: &str) -> u64 {
        self.figures.get(label).map_or(0, |(count, _)| *count)
    }

    fn brackets(&self, label: &str) -> &str {
        self.figures.get(label).map_or("", |(_, brackets)| brackets)
    }
}
