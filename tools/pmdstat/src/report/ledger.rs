//! Where frames ended.

use maud::{Markup, html};
use perf::stream::Table;

use super::chart::px;
use crate::recording::{Boot, Ledger};

/// Length of the longest bar.
const LENGTH: f64 = 220.0;
const BYTES: &str = "_bytes";

/// The ledger of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    html! {
        h3 { "Where frames ended" }
        @match Ledger::of(boot) {
            None => { p.none { "No ledger was recorded." } }
            Some(ledger) => { (table(&ledger)) }
        }
        (cards(boot))
    }
}

fn table(ledger: &Ledger) -> Markup {
    let frames = ledger.entries().filter(|(_, name, _)| !name.ends_with(BYTES));
    let most = frames.map(|(_, _, count)| count).max().unwrap_or(1);
    html! {
        p.note {
            "As of the last copies, of all PMDs together. In flight " (ledger.parked()) "; the sums are "
            (ledger.sums().word()) "."
        }
        table.ledger {
            tr { th { "account" } th { "name" } th { "count" } th {} }
            @for (account, name, count) in ledger.entries() {
                tr {
                    td { (account) } td { (name) } td.n { (count) }
                    td { @if !name.ends_with(BYTES) { (bar(name, count, most)) } }
                }
            }
        }
    }
}

fn bar(name: &str, count: u64, most: u64) -> Markup {
    let class = if Ledger::is_reason(name) { "suspect" } else { "around" };
    // What is there can be seen.
    let length = (count as f64 / most as f64 * LENGTH).max(1.0);
    html! {
        svg.bar viewBox={ "0 0 " (LENGTH) " 10" } width=(LENGTH) height="10" role="img" aria-label=(name) {
            rect class=(class) x="0" y="0" height="10" width=(px(length)) {}
        }
    }
}

/// What cards counted, as far as that is not 0.
fn cards(boot: &Boot) -> Markup {
    let copies = boot.copies.iter().filter(|((table, _), _)| *table == Table::Card);
    let counted = copies.flat_map(|(key, copies)| {
        let names = boot.names.get(key).into_iter().flatten().enumerate();
        names.filter_map(|(place, name)| Some((key.1, name, copies.last()?.get(place))))
    });
    let counted: Vec<_> = counted.filter(|(_, _, count)| *count > 0).collect();
    html! {
        @if !counted.is_empty() {
            h4 { "What cards counted" }
            table.cards {
                tr { th { "card" } th { "name" } th { "count" } }
                @for (port, name, count) in counted {
                    tr { td.n { (port) } td { (name) } td.n { (count) } }
                }
            }
        }
    }
}
