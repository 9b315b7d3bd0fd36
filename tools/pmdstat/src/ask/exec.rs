//! `pmdstat exec`: a command at many consoles.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::fleet::Fleet;

/// What to do, and where.
#[derive(Debug, Args)]
#[command(
    override_usage = "pmdstat exec [OPTIONS] <SOURCES>... -- <COMMAND>...",
    after_help = "Examples:\n  \
    pmdstat exec /dev/ttyUSB0 -- show ports\n  \
    pmdstat exec lab1:7001 lab2:7001 -- pmd-perf-log-set -us 100\n  \
    pmdstat exec @lab.txt -- show ledger -f json"
)]
pub(crate) struct Options {
    #[command(flatten)]
    fleet: Fleet,
    /// The command, as it is typed at a console.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Has every machine carry it out. The status is 0 if all did.
///
/// # Errors
///
/// There is no such source.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let command = options.command.join(" ");
    options.fleet.each(move |session| session.ask(&command, &mut |_| {}))
}
