//! `pmdstat show`: what a recording holds, in the words and columns of Open vSwitch.

mod counted;
mod events;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use perf::stream::Kind;

use crate::logs::{self, BuildId};
use crate::recording::{Boot, Recording};
pub(crate) use events::{around, one as event};

/// What to show.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pmdstat show target/barecore/last.pmd\n  pmdstat show console.log --event 7"
)]
pub(crate) struct Options {
    /// A recording: a stream, a console's log, or text of Open vSwitch; - is standard input.
    file: PathBuf,
    /// Prints this event with the iterations around it, and nothing else.
    #[arg(long, value_name = "NUMBER")]
    event: Option<u64>,
    #[command(flatten)]
    images: logs::Images,
}

/// Prints it.
///
/// # Errors
///
/// The file cannot be read, or holds nothing of the kind.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut recording = Recording::open(&options.file)?;
    logs::decode(&mut recording, &options.file, &options.images)?;
    let mut out = BufWriter::new(io::stdout().lock());
    write(&recording, options.event, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Writes what `recording` holds, or of it this event only.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(
    recording: &Recording,
    event: Option<u64>,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Some(number) = event {
        return recording.boots.iter().try_for_each(|boot| events::one(boot, number, out));
    }
    recording.boots.iter().try_for_each(|boot| all(boot, out))?;
    missing(recording, out)
}

fn all(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    who(boot, out)?;
    counted::performance(boot, out)?;
    counted::ledger(boot, out)?;
    events::list(boot, out)?;
    if !boot.logs.is_empty() {
        writeln!(out, "\nlogs: {}", boot.logs.len())?;
        boot.log_lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    if boot.crash.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nit crashed:\n{}", boot.crash.trim_end())
}

/// Who it is of.
fn who(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    if let Some(greeting) = &boot.greeting {
        let build = BuildId(greeting.build);
        writeln!(out, "stream version {}, build id {build}", greeting.version)?;
    }
    for ((about, name), value) in &boot.facts {
        writeln!(out, "  {about:<10}  {name:<20}  {value}")?;
    }
    Ok(())
}

/// What is not there.
fn missing(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let Recording { missing, damaged, unknown, .. } = recording;
    writeln!(out, "\nframes missing={missing} damaged={damaged} of-later-versions={unknown}")?;
    if let Some(late) = recording.lateness() {
        writeln!(out, "  {late}")?;
    }
    for (kind, count) in recording.boots.iter().flat_map(|boot| &boot.gaps) {
        let name = Kind::from_byte(*kind).map_or("of a later version", Kind::name);
        writeln!(out, "  not sent, because the line was slower: {count} {name}")?;
    }
    Ok(())
}
