//! What cards counted, by the names that their datasheets have.

use perf::stream::Table;

use super::metrics::CARDS;
use super::{Exposition, Labels, Machine};

/// Adds what each port's card counted.
pub(super) fn add(machine: &Machine<'_>, page: &mut Exposition) {
    let Machine { boot, host, .. } = machine;
    for ((table, port), copies) in &boot.copies {
        let (Table::Card, Some(copy)) = (table, machine.copy(copies)) else { continue };
        let names = boot.names.get(&(Table::Card, *port));
        let named = names.into_iter().flatten().enumerate();
        for (position, name) in named.filter(|(_, name)| !name.is_empty()) {
            let labels = Labels::of(host).and("port", port);
            let labels = match queue(name) {
                Some((counter, queue)) => labels.and("counter", counter).and("queue", queue),
                None => labels.and("counter", name),
            };
            page.family(&CARDS).add(&labels, copy.get(position));
        }
    }
}

/// What `name[queue]` is made of.
fn queue(name: &str) -> Option<(&str, u16)> {
    let (counter, queue) = name.strip_suffix(']')?.split_once('[')?;
    Some((counter, queue.parse().ok()?))
}
