//! `pmdstat check`: whether a recording is complete, and whether its sums are right.

mod events;
mod line;
mod sums;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::recording::Recording;
use crate::talk;

/// Statuses: something was found; the input cannot be read.
const FOUND: u8 = 1;
const UNREADABLE: u8 = 3;

/// What to check.
#[derive(Debug, Args)]
#[command(
    after_help = "The status is 0 if nothing was found, 1 if something was, 3 if the file cannot be read.\n\n\
    Example:\n  pmdstat check target/barecore/last.pmd"
)]
pub(crate) struct Options {
    /// A recording: a stream, a console's log, or text of Open vSwitch; - is standard input.
    file: PathBuf,
}

/// What was found.
#[derive(Debug, Default)]
struct Verdict {
    /// What is wrong, and what was expected.
    findings: Vec<String>,
    /// What is right, but should be known.
    remarks: Vec<String>,
}

/// Prints what is wrong.
///
/// # Errors
///
/// Those of standard output.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let recording = match Recording::open(&options.file) {
        Ok(recording) => recording,
        Err(error) => {
            talk::say(format_args!("error: {error:#}"));
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let is_right = write(&recording, &mut out)?;
    out.flush()?;
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// Writes what is wrong with `recording`, and returns whether nothing is.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(recording: &Recording, out: &mut impl Write) -> io::Result<bool> {
    let verdict = Verdict::of(recording);
    verdict.write(out)?;
    Ok(verdict.findings.is_empty())
}

impl Verdict {
    fn of(recording: &Recording) -> Self {
        let mut verdict = Self::default();
        line::check(recording, &mut verdict);
        let many = recording.boots.len() > 1;
        for (number, boot) in (1..).zip(&recording.boots) {
            let mut own = Self::default();
            own.findings.extend(boot.crash_cause().map(|cause| format!("it crashed: {cause}")));
            line::check_greeting(boot, &mut own);
            line::check_gaps(boot, &mut own);
            events::check(boot, number == 1 && recording.before > 0, &mut own);
            sums::check(boot, &mut own);
            let named = |text| if many { format!("start {number}: {text}") } else { text };
            verdict.findings.extend(own.findings.into_iter().map(named));
            verdict.remarks.extend(own.remarks.into_iter().map(named));
        }
        verdict
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.remarks.iter().try_for_each(|remark| writeln!(out, "note: {remark}"))?;
        self.findings.iter().try_for_each(|finding| writeln!(out, "finding: {finding}"))?;
        writeln!(out, "{} findings", self.findings.len())
    }

    fn find(&mut self, text: String) {
        self.findings.push(text);
    }

    fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }
}

#[cfg(test)]
mod tests;
