//! What PMDs counted, as of the last copy that was heard.

use std::io::{self, Write};

use perf::report::{Column, Heading, Histograms, Overall, Percentiles};
use perf::stream::Table;

use crate::recording::{Boot, Ledger};

/// `pmd-perf-show` of each PMD.
pub(super) fn performance(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    let base = &boot.base();
    for core in boot.cores() {
        let Some(counted) = boot.snapshot(core) else { continue };
        let (now, duration, hertz) = (counted.at, base.since_boot(counted.at), base.hertz);
        write!(out, "{}", Heading { core: core.into(), node: 0, now, duration, base })?;
        write!(out, "{}", Overall { counted: &counted, duration, hertz })?;
        let mut text = String::new();
        for line in 0..Histograms::LINES {
            text.push('\n');
            // Strings take all that is written.
            let _ = Histograms(&Column::of(&counted)).line(line, &mut text);
        }
        text.push('\n');
        for line in 0..Percentiles::LINES {
            text.push('\n');
            let _ = Percentiles(&counted).line(line, &mut text);
        }
        writeln!(out, "{text}")?;
    }
    Ok(())
}

/// Where frames ended, of all PMDs together; a line for each number that is not 0.
pub(super) fn ledger(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    let Some(ledger) = Ledger::of(boot) else { return Ok(()) };
    writeln!(out, "\nwhere frames ended, as of the last copies")?;
    for (account, name, frames) in ledger.entries() {
        writeln!(out, "  {account:<8}  {name:<32}  {frames}")?;
    }
    let (verdict, parked) = (ledger.sums().word(), ledger.parked());
    writeln!(out, "  in flight {parked}; the sums are {verdict}")?;
    cards(boot, out)
}

/// What cards counted.
fn cards(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    for ((table, port), copies) in &boot.copies {
        let (Table::Card, Some(copy)) = (table, copies.last()) else { continue };
        let names = boot.names.get(&(Table::Card, *port));
        let named = names.into_iter().flatten().enumerate();
        for (position, name) in named.filter(|(position, _)| copy.get(*position) > 0) {
            writeln!(out, "  card {port:<3}  {name:<32}  {}", copy.get(position))?;
        }
    }
    Ok(())
}
