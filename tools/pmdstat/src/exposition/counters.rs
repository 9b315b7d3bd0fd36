//! What PMDs counted.

use perf::Counter;
use perf::stream::Table;

use super::metrics::{COUNTERS, OTHER, counter};
use super::{Exposition, Machine};

/// Adds each PMD's counters: those that are known as metrics of their own.
pub(super) fn add(machine: &Machine<'_>, page: &mut Exposition) {
    let told = machine.boot.names.get(&(Table::Counters, 0));
    let names: Vec<&str> = match told {
        Some(names) if !names.is_empty() => names.iter().map(|name| &**name).collect(),
        _ => Counter::NAMES.to_vec(),
    };
    for metric in &COUNTERS {
        page.family(metric);
    }
    for core in machine.boot.cores() {
        let copies = machine.boot.copies.get(&(Table::Counters, core));
        let Some(copy) = copies.and_then(|copies| machine.copy(copies)) else { continue };
        let labels = machine.core(core);
        for (position, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let count = copy.get(position);
            match counter(name) {
                Some(metric) => page.family(metric).add(&labels, count),
                None => page.family(&OTHER).add(&labels.clone().and("counter", name), count),
            }
        }
    }
}
