//! `pmdstat replay`: what would have been reported of a trace with other settings.
//!
//! A [`Pmd`] records the iterations of the trace with a clock that the trace moves; a [`Desk`]
//! stands for the control core, which looks at what was marked after each of them. Both are the
//! code that runs on the machine. So the same trace always gives the same answer.

mod desk;
mod json;
mod pmd;
mod text;

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use perf::events::{Accounts, Dump, Events};
use perf::{Settings, Snapshot, Timebase};

use crate::settings::{self, Change};
use crate::talk::say;
use crate::trace::{self, Trace};
use desk::{Desk, Memory, Telling};
use pmd::Pmd;

/// What to replay, and with which settings.
#[derive(Debug, Args)]
#[command(after_help = "--help lists all settings and the columns of a trace.")]
#[command(after_long_help = format!("{EXAMPLE}\n{}\n{}", settings::help(), trace::help()))]
pub(crate) struct Options {
    /// The trace: comma-separated values under a header line, or a recording; - is standard input.
    trace: PathBuf,
    /// Changes a setting; -us 100 and the other options of pmd-perf-log-set do so too.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<Change>,
    /// What is written: text as the console shows it, or as JSON, a document a line.
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Cycles of the time-stamp counter in a second. Default: 1000000000, or what a recording says.
    #[arg(long, value_name = "HZ")]
    #[arg(value_parser = clap::value_parser!(u64).range(1_000_000..=1_000_000_000_000))]
    hertz: Option<u64>,
    /// The core that reports name; of a recording, whose iterations are replayed.
    #[arg(long, value_name = "CORE", default_value_t = 1)]
    core: u16,
    /// Tells all that is known of each event, as show event does.
    #[arg(long)]
    full: bool,
    /// Shows at the end what was counted, as pmd-perf-show does.
    #[arg(long)]
    show: bool,
    /// Shows what was counted from iteration N on, as if pmd-stats-clear came before it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    clear_at: Option<u64>,
}

/// A clock whose cycles are nanoseconds.
const NANOSECONDS: u64 = 1_000_000_000;

const EXAMPLE: &str = "\
Example: what a limit of 100 us and windows of 2 + 1 + 2 iterations would have reported
  pmdstat replay trace.csv --hertz 2500000000 -us 100 -b 2 -a 2
";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What a replay tells, in whatever form.
trait Report {
    /// What is replayed, and on which core that is to be.
    fn begin(&mut self, core: usize, settings: &Settings, base: &Timebase) -> io::Result<()>;

    /// An event is complete.
    fn event(&mut self, event: &Told<'_>) -> io::Result<()>;

    /// Windows are narrow from `iteration` on, because `event` had `rows`.
    fn narrowed(&mut self, event: u64, rows: u64, iteration: u64) -> io::Result<()>;

    /// What became of all suspicious iterations.
    fn accounts(&mut self, accounts: &Accounts) -> io::Result<()>;

    /// What was counted.
    fn figures(&mut self, figures: &Counted<'_>) -> io::Result<()>;
}

/// An event, and all that it takes to write about it.
struct Told<'a> {
    dump: Dump,
    events: &'a Events<'a>,
    base: &'a Timebase,
}

/// What was counted since the clear, or the beginning.
struct Counted<'a> {
    counted: &'a Snapshot,
    /// The time-stamp counter then and now.
    between: [u64; 2],
    base: &'a Timebase,
    core: usize,
    settings: &'a Settings,
    accounts: Accounts,
}

/// Replays a trace.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let report: &mut dyn Report = match options.format {
        Format::Text => &mut text::Text(&mut out),
        Format::Json => &mut json::Json(&mut out),
    };
    let outcome =
        trace::open(&options.trace, options.core).and_then(|trace| replay(options, trace, report));
    let flushed = out.flush();
    outcome?;
    Ok(flushed?)
}

fn replay(options: &Options, trace: Trace, report: &mut dyn Report) -> Result<()> {
    let Trace { has_rooms, told, rows } = trace;
    let is_whole = told.is_none() || !(options.show || options.clear_at.is_some());
    ensure!(is_whole, "a recording has not all iterations: pmdstat show tells what was counted");
    let changes = told.as_ref().map_or(&[][..], |told| &told.changes);
    let mut settings = settings::changed(changes.iter().chain(&options.changes));
    if settings.narrow() {
        say(format_args!("note: -a is {}, so that -b and -a fit together", settings.after));
    }
    let mut rows = rows.peekable();
    let began = rows.peek().and_then(|row| row.as_ref().ok()).map_or(0, |row| row.fell_asleep());
    let base = match (options.hertz, told) {
        (None, Some(told)) => {
            ensure!(told.base.hertz > 0, "the recording has no greeting: --hertz tells its clock");
            told.base
        }
        (hertz, _) => Timebase::new(hertz.unwrap_or(NANOSECONDS), began),
    };
    let telling = Telling { core: options.core.into(), full: options.full };
    let mut memory = Memory::new();
    let mut desk = Desk::new(Pmd::new(base, has_rooms), settings, telling, &mut memory)?;
    report.begin(telling.core, &settings, &base)?;
    let mut clear_at = options.clear_at;
    for row in rows {
        let row = row?;
        if clear_at.take_if(|number| *number <= row.number).is_some() {
            desk.clear();
        }
        desk.take(&row, report)?;
    }
    if let Some(number) = clear_at {
        desk.clear();
        say(format_args!(
            "note: the trace ends before iteration {number}, the clear came after it"
        ));
    }
    desk.end(report)?;
    if options.show || options.clear_at.is_some() {
        desk.show(report)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
