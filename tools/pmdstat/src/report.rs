//! `pmdstat report`: a page of HTML with pictures of what a recording holds.
//!
//! The page needs neither a network nor a script: styles and pictures stand in it. Pictures are written
//! like the rest of the page, by `maud`, which escapes all that is put in; so a picture takes its colours
//! from the page's style, light or dark, and tells numbers under the pointer. (The backend of `plotters`
//! that writes SVG names a fixed colour at each element, and has no titles.)
//!
//! Numbers are those of [`show`](crate::show): both read the same model with the same crate `perf`.

mod chart;
mod durations;
mod environment;
mod ledger;
mod page;
mod percentiles;
mod rooms;
mod scatter;
mod story;
mod suspects;
mod timeline;
mod worst;

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::logs;
use crate::recording::Recording;

/// What to report, and where.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pmdstat report target/barecore/last.pmd -o report.html")]
pub(crate) struct Options {
    /// A recording: a stream, a console's log, or text of Open vSwitch; - is standard input.
    file: PathBuf,
    /// Where the page goes; what happened is then printed in five lines. Otherwise the page is printed.
    #[arg(short, long, value_name = "FILE.html")]
    output: Option<PathBuf>,
    #[command(flatten)]
    images: logs::Images,
}

/// Writes the page.
///
/// # Errors
///
/// A file cannot be read or written, or holds no recording.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut recording = Recording::open(&options.file)?;
    logs::decode(&mut recording, &options.file, &options.images)?;
    let name = options.file.display().to_string();
    let html = page(&recording, &name);
    let mut out = io::stdout().lock();
    match &options.output {
        None => out.write_all(html.as_bytes())?,
        Some(file) => {
            fs::write(file, html).with_context(|| format!("cannot write {}", file.display()))?;
            story::lines(&recording).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
    }
    Ok(out.flush()?)
}

/// The page of `recording`, which was read from `name`.
pub(crate) fn page(recording: &Recording, name: &str) -> String {
    page::of(recording, name).into_string()
}

#[cfg(test)]
mod tests;
