//! Prometheus' text exposition: what was counted, by the last copies of the last start.
//!
//! Buckets of histograms end at Open vSwitch's walls. There is no `_sum`, because of most quantities none was
//! recorded.

use std::fmt::{self, Display, Formatter};
use std::io::{self, Write};

use perf::histogram::WALLS;
use perf::stream::Table;
use perf::{Counter, Quantity};

use crate::recording::{Boot, Ledger};

/// Writes what `boot` counted on `host`.
///
/// # Errors
///
/// Those of `out`.
pub(super) fn write(boot: &Boot, host: &str, out: &mut impl Write) -> io::Result<()> {
    let host = &Escaped(host);
    counters(boot, host, out)?;
    ledgers(boot, host, out)?;
    histograms(boot, host, out)
}

fn counters(boot: &Boot, host: &Escaped<'_>, out: &mut impl Write) -> io::Result<()> {
    for (position, name) in Counter::NAMES.into_iter().enumerate() {
        let metric = format!("barecore_{name}_total");
        head(&metric, "counter", "What a PMD counted since boot.", out)?;
        for core in boot.cores() {
            let copy = boot.copies.get(&(Table::Counters, core)).and_then(|copies| copies.last());
            let count = copy.map_or(0, |copy| copy.get(position));
            writeln!(out, "{metric}{{core=\"{core}\",host=\"{host}\"}} {count}")?;
        }
    }
    Ok(())
}

fn ledgers(boot: &Boot, host: &Escaped<'_>, out: &mut impl Write) -> io::Result<()> {
    let help = "Frames by the port that they came in by, and how they ended; bytes where the reason says so.";
    head("barecore_ledger_total", "counter", help, out)?;
    for (core, ledger) in each_ledger(boot) {
        for (account, reason, count) in ledger.entries() {
            let (port, reason) = (account.trim_start_matches("port "), Escaped(reason));
            write!(out, "barecore_ledger_total{{core=\"{core}\",port=\"{port}\",")?;
            writeln!(out, "reason=\"{reason}\",host=\"{host}\"}} {count}")?;
        }
    }
    head("barecore_parked_packets", "gauge", "Frames that wait in outboxes.", out)?;
    for (core, ledger) in each_ledger(boot) {
        let parked = ledger.parked();
        writeln!(out, "barecore_parked_packets{{core=\"{core}\",host=\"{host}\"}} {parked}")?;
    }
    Ok(())
}

fn each_ledger(boot: &Boot) -> impl Iterator<Item = (u16, Ledger)> {
    let ledgers = boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger);
    ledgers.filter_map(|((_, core), copies)| Some((*core, Ledger::of_copy(boot, copies.last()?)?)))
}

fn histograms(boot: &Boot, host: &Escaped<'_>, out: &mut impl Write) -> io::Result<()> {
    for quantity in Quantity::ALL {
        let metric = format!("barecore_{}", name(quantity));
        head(&metric, "histogram", "Samples of a PMD since boot.", out)?;
        for core in boot.cores() {
            let Some(counted) = boot.snapshot(core) else { continue };
            let (bins, walls) = (counted.of(quantity).bins(), &quantity.layout().walls);
            let mut below = 0_u64;
            for (wall, samples) in walls.iter().zip(bins) {
                below = samples.saturating_add(below);
                writeln!(
                    out,
                    "{metric}_bucket{{core=\"{core}\",host=\"{host}\",le=\"{wall}\"}} {below}"
                )?;
            }
            let all = bins[WALLS].saturating_add(below);
            writeln!(out, "{metric}_bucket{{core=\"{core}\",host=\"{host}\",le=\"+Inf\"}} {all}")?;
            writeln!(out, "{metric}_count{{core=\"{core}\",host=\"{host}\"}} {all}")?;
        }
    }
    Ok(())
}

fn head(metric: &str, kind: &str, help: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# HELP {metric} {help}\n# TYPE {metric} {kind}")
}

/// As docs/json.md calls it, but for two that counters are called.
const fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Cycles => "iteration_cycles_tsc",
        Quantity::Packets => "iteration_rx_packets",
        Quantity::PerPacket => "packet_cycles_tsc",
        Quantity::Batch => "batch_rx_packets",
        Quantity::Fill => "fill_rx_packets",
        Quantity::Upcalls => "iteration_upcalls",
        Quantity::PerUpcall => "per_upcall_cycles_tsc",
        Quantity::Latency => "poll_to_doorbell_cycles_tsc",
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '"' | '\\' => write!(out, "\\{letter}"),
            '\n' => out.write_str("\\n"),
            other => write!(out, "{other}"),
        })
    }
}
