//! What a flood of suspicious iterations costs the PMD, in guest instructions: a fixed amount for each,
//! whatever the control core and the console do with them.

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Clock;
use qemu::reading::{self, number};

use crate::rig::{Rig, Session, starting};

/// Instructions that an idle iteration takes more where every one is suspicious and too many wait
/// already: it is judged, and counted. Recorded on 2026-11-29 with rustc 1.95.0.
const ADDED: u64 = 211;
/// That, and two per cent of it.
const MOST: u64 = ADDED + ADDED / 50;

/// Asks for the sums of all events, and lists none: of an emulator on a busy host that would take a minute.
const SUMS: &str = "show events -r none";

crate::facts![a_flood_costs_the_pmd_the_same_for_every_iteration];

/// The median of the last iterations, in instructions.
fn median(session: &mut Session) -> Result<u64> {
    let rows = reading::iterations(&session.command("pmd-perf-show -nh -it 99")?);
    let mut cycles: Vec<u64> = rows.iter().map(|row| row.cycles).collect();
    cycles.sort_unstable();
    cycles.get(cycles.len() / 2).copied().context("no iterations")
}

fn a_flood_costs_the_pmd_the_same_for_every_iteration(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.with(|machine| machine.clock = Clock::Instructions);
    setup.boot(|session| {
        let quiet = median(session)?;
        session.command("pmd-perf-log-set -us 0")?;
        let flooded = [median(session)?, median(session)?];
        session.command("pmd-perf-log-set -us 4294967295")?;
        let sums = session.ask_until(SUMS, |lines| {
            let sums = starting(lines, "triggers=").pop()?.to_owned();
            (number(&sums, "pending").ok()? == 0).then_some(sums)
        })?;
        let again = median(session)?;
        let figure = |name| number(&sums, name);
        let (dumped, suppressed) = (figure("dumped")?, figure("suppressed")?);
        ensure!(figure("triggers")? == dumped + suppressed && suppressed > 0, "{sums}");
        ensure!(quiet == again, "{quiet} instructions before the flood, {again} behind it");
        ensure!(flooded[0] == flooded[1], "{flooded:?} instructions in the flood");
        let added = flooded[0].saturating_sub(quiet);
        eprintln!("an idle iteration takes {quiet} instructions, {added} more in a flood");
        ensure!(added <= MOST, "{quiet} instructions, {flooded:?} in the flood");
        Ok(())
    })
}
