//! `pmdstat export`: a recording in the formats of other tools.

mod chrome;
mod prometheus;
mod records;
mod tables;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::recording::Recording;
pub(crate) use tables::Table;

/// What to export, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  pmdstat export target/barecore/last.pmd --format chrome > trace.json\n  \
    pmdstat export target/barecore/last.pmd --format csv --table rows > rows.csv"
)]
pub(crate) struct Options {
    /// A recording: a stream, a console's log, or text of Open vSwitch; - is standard input.
    file: PathBuf,
    /// The format.
    #[arg(short, long, value_enum)]
    format: Format,
    /// The table that CSV holds.
    #[arg(long, value_enum, default_value = "events")]
    table: Table,
    /// What the label host of Prometheus says; the file's name if it is not given.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) format: Format,
    /// The table that CSV holds.
    pub(crate) table: Table,
    /// What the label host of Prometheus says.
    pub(crate) host: &'a str,
}

/// The format of another tool.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// JSON Lines: a document for each record.
    Jsonl,
    /// Comma-separated values: one table.
    Csv,
    /// Chrome's trace events, for Perfetto and others.
    Chrome,
    /// Prometheus' text: what was counted by the last copies.
    Prometheus,
}

/// Writes it.
///
/// # Errors
///
/// The file cannot be read, or holds nothing of the kind; those of standard output.
pub(crate) fn run(options: &Options) -> Result<()> {
    let recording = Recording::open(&options.file)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let Options { format, table, .. } = *options;
    write(&recording, &Wanted { format, table, host: &options.host() }, &mut out)?;
    out.flush()?;
    Ok(())
}

/// Writes `recording` as it is `wanted`; of a recording of nothing, nothing.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(
    recording: &Recording,
    wanted: &Wanted<'_>,
    out: &mut impl Write,
) -> Result<()> {
    match wanted.format {
        Format::Jsonl => tables::json_lines(recording, out)?,
        Format::Csv => tables::csv(recording, wanted.table, out)?,
        Format::Chrome => chrome::write(recording, out)?,
        Format::Prometheus => {
            let last = recording.boots.last();
            last.map_or(Ok(()), |boot| prometheus::write(boot, wanted.host, out))?;
        }
    }
    Ok(())
}

impl Options {
    fn host(&self) -> String {
        let stem = || self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.host.clone().or_else(stem).unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod schema;
#[cfg(test)]
mod tests;
