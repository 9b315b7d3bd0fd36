//! Where frames ended, by the port that they came in by.

use perf::stream::Table;

use super::metrics::{DROPPED, PARKED, PORTS};
use super::{Exposition, Machine};
use crate::recording::Ledger;

/// Adds each PMD's ledger.
pub(super) fn add(machine: &Machine<'_>, page: &mut Exposition) {
    let tables = machine.boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger);
    for ((_, core), copies) in tables {
        let copy = machine.copy(copies);
        let ledger = copy.and_then(|copy| Ledger::of_copy(machine.boot, copy));
        let Some(ledger) = ledger else { continue };
        let labels = machine.core(*core);
        for (port, name, count) in ledger.used() {
            let labels = labels.clone().and("port", port);
            match PORTS.iter().find(|(own, _)| *own == name) {
                Some((_, metric)) => page.family(metric).add(&labels, count),
                None => page.family(&DROPPED).add(&labels.and("reason", name), count),
            }
        }
        page.family(&PARKED).add(&labels, ledger.parked());
    }
}
