//! `cargo xtask soak faults`: each fault on a machine of its own, whose report has to be right.

use ::qemu::faults::{ALL, Fault};
use ::qemu::guest::Guest;
use ::qemu::loaders::{BOTH_WAYS, Load, Loader, NOTHING};
use anyhow::{Result, ensure};
use clap::Args;

use super::bench::{BOOT_LIMIT, Bench, Setup, keep};
use crate::install::Consent;

/// The control core and two PMDs.
const CORES: u32 = 3;

/// Who may install something.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
}

/// Forces all faults on both firmwares, and prints a line for each.
///
/// # Errors
///
/// A report is not right.
pub(super) fn run(options: &Options) -> Result<()> {
    let bench = Bench::set_up(options.consent)?;
    let mut wrong = 0;
    for (firmware, loader) in [("bios", Loader::QemuBios), ("uefi", Loader::QemuUefi)] {
        let right = ALL.into_iter().filter(|fault| is_right(&bench, firmware, loader, *fault));
        let right = right.count();
        println!("{firmware}: {right} of {} reports right", ALL.len());
        wrong += ALL.len() - right;
    }
    ensure!(wrong == 0, "{wrong} reports are not right");
    Ok(())
}

/// Forces `fault`, and prints what the report begins with.
fn is_right(bench: &Bench, firmware: &str, loader: Loader, fault: Fault) -> bool {
    let name = format!("{firmware}-{}", fault.kind);
    let result = force(bench, loader, fault, &name);
    match &result {
        Ok(report) => println!("{name}: {}", report.first().map_or("", String::as_str)),
        Err(error) => println!("{name}: WRONG: {error:#}"),
    }
    result.is_ok()
}

/// Forces `fault` on a machine that boots by `loader`, and returns the report.
fn force(bench: &Bench, loader: Loader, fault: Fault, name: &str) -> Result<Vec<String>> {
    let Setup { mut machine, wires: _wires, run } = bench.machine()?;
    let words = format!("ports=all {NOTHING}");
    let load = Load { elf: &bench.elf, words: &words, file: BOTH_WAYS };
    loader.boots(&mut machine, &load, &run)?;
    machine.cores = CORES;
    let line = machine.command_line(&bench.program).to_string();
    let mut guest = Guest::start(&bench.program, machine, run, None)?;
    let result = guest.boot(BOOT_LIMIT).and_then(|()| fault.force(&mut guest, CORES as usize - 1));
    result.or_else(|error| keep(name, &line, &mut guest, error))
}
