//! The worst iterations, a row each.

use maud::{Markup, html};
use perf::Iteration;
use perf::report::{FlagNames, Quotient};

use super::suspects::{self, Found};
use crate::recording::Boot;
use crate::recording::cause::rooms_of;

/// Rows.
const ROWS: usize = 25;
const TITLES: [&str; 12] = [
    "us",
    "event",
    "iter",
    "core",
    "cycles",
    "packets",
    "cycles/pkt",
    "vhost qlen",
    "upcalls",
    "since boot, s",
    "why",
    "most time in",
];

/// Those of `boot`.
pub(super) fn section(boot: &Boot) -> Markup {
    let worst = suspects::longest_first(suspects::of(boot));
    html! {
        h3 { "The worst iterations" }
        @if worst.is_empty() {
            p.none { "No iteration was suspicious." }
        } @else {
            p.note { "The " (worst.len().min(ROWS)) " longest of " (worst.len()) " suspicious iterations." }
            div.wide {
                table.worst {
                    tr { @for title in TITLES { th { (title) } } }
                    @for found in worst.iter().take(ROWS) { (row(found)) }
                }
            }
        }
    }
}

fn row(found: &Found<'_>) -> Markup {
    let Iteration { number, start, cycles, packets, fill, upcalls, reasons, flags, .. } =
        found.suspect.iteration;
    let per_packet = cycles.checked_div(packets.into()).unwrap_or(0);
    let since = Quotient::of(found.boot.base().nanos_since_boot(start), 1_000_000_000_u64);
    html! {
        tr {
            td.n { (found.micros()) } td.n { (found.number()) } td.n { (number) }
            td.n { (found.suspect.core) } td.n { (cycles) } td.n { (packets) } td.n { (per_packet) }
            td.n { (fill) } td.n { (upcalls) } td.n { (format!("{since:.3}")) }
            td { (reasons) (FlagNames(flags, ", ")) }
            td { (room(found)) }
        }
    }
}

/// The room that took most of its time.
fn room(found: &Found<'_>) -> String {
    let iteration = &found.suspect.iteration;
    let most = rooms_of(iteration).first().copied().filter(|_| found.suspect.has_rooms);
    most.map_or("n/a".into(), |(room, cycles)| {
        format!("{} ({} %)", room.name(), Quotient::percent(cycles, iteration.cycles))
    })
}
