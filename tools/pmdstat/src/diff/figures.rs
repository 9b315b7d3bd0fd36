//! Figures that recordings are compared by, as of their last copies.

use std::collections::BTreeMap;

use perf::distribution::PERCENTILES;
use perf::{Counter, Quantity, Snapshot};

use crate::recording::{Boot, Ledger};

/// Counters that are told as their share of passes.
const HITS: [Counter; 7] = [
    Counter::PhwolHit,
    Counter::SimpleHit,
    Counter::EmcHit,
    Counter::SmcHit,
    Counter::MegaflowHit,
    Counter::Miss,
    Counter::Lost,
];

/// Figures by name. What cannot be told is not there.
pub(super) fn figures(boot: &Boot) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    let mut seconds = 0.0_f64;
    for core in boot.cores() {
        let Some(counted) = boot.snapshot(core) else { continue };
        let own = ratio(boot.base().since_boot(counted.at), boot.base().hertz).unwrap_or(0.0);
        seconds = seconds.max(own);
        for (name, figure) in of_core(&counted, own) {
            figures.insert(format!("core {core} {name}"), figure);
        }
    }
    for (account, name, count) in Ledger::of(boot).iter().flat_map(Ledger::entries) {
        figures.insert(format!("{account} {name}"), count as f64);
    }
    let suspects: usize = boot.events.values().map(|event| event.suspects.len()).sum();
    if seconds > 0.0 {
        let a_minute = suspects as f64 * 60.0 / seconds;
        figures.insert("suspicious iterations a minute".to_owned(), a_minute);
    }
    figures
}

fn of_core(counted: &Snapshot, seconds: f64) -> Vec<(String, f64)> {
    let count = |counter| counted.count(counter);
    let mut told: Vec<(String, Option<f64>)> = Vec::new();
    let mut tell = |name: &str, figure: Option<f64>| told.push((name.to_owned(), figure));
    let rate = |counter| (seconds > 0.0).then(|| count(counter) as f64 / seconds);
    tell("rx packets/s", rate(Counter::Recv));
    tell("tx packets/s", rate(Counter::SentPackets));
    tell("dropped packets/s", rate(Counter::Dropped));
    tell("busy cycles/pkt", ratio(count(Counter::BusyCycles), count(Counter::Recv)));
    let used = count(Counter::BusyCycles).saturating_add(count(Counter::IdleCycles));
    tell("busy % of used cycles", percent(count(Counter::BusyCycles), used));
    let passes = count(Counter::Recv).saturating_add(count(Counter::Recirc));
    for counter in HITS {
        let name = Counter::NAMES[counter as usize];
        tell(&format!("{name} % of passes"), percent(count(counter), passes));
    }
    for quantity in Quantity::ALL {
        for (share, name) in PERCENTILES {
            // Beyond the last bucket there is no number.
            let sample = counted.of(quantity).percentile(share).filter(|sample| *sample < u64::MAX);
            tell(&format!("{} {name}", quantity.title()), sample.map(|sample| sample as f64));
        }
    }
    told.into_iter().filter_map(|(name, figure)| Some((name, figure?))).collect()
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    ratio(part, whole).map(|ratio| ratio * 100.0)
}
