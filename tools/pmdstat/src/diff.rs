//! `pmdstat diff`: what differs between two recordings.

mod figures;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::recording::{Boot, Recording};
use figures::figures;

/// What to compare.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pmdstat diff before.pmd target/barecore/last.pmd")]
pub(crate) struct Options {
    /// A recording: a stream, a console's log, or text of Open vSwitch; - is standard input.
    a: PathBuf,
    /// The other.
    b: PathBuf,
}

/// Prints it, of the last start in each.
///
/// # Errors
///
/// A file cannot be read, or holds nothing of the kind; those of standard output.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (a, b) = (last(&options.a)?, last(&options.b)?);
    let mut out = BufWriter::new(io::stdout().lock());
    write(&a, &b, &mut out)?;
    out.flush()?;
    Ok(())
}

fn last(path: &Path) -> Result<Boot> {
    Recording::open(path)?.boots.pop().context("nothing was recorded")
}

/// Writes what differs between `a` and `b`.
///
/// # Errors
///
/// Those of `out`.
pub(crate) fn write(a: &Boot, b: &Boot, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:<44}  {:>20}  {:>20}  {:>9}", "what", "A", "B", "change")?;
    let (old, new) = (figures(a), figures(b));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (from, to) = (old.get(name).copied(), new.get(name).copied());
        if from != to {
            let (a, b) = (shown(from), shown(to));
            writeln!(out, "{name:<44}  {a:>20}  {b:>20}  {:>9}", change(from, to))?;
        }
    }
    facts(a, b, out)
}

fn facts(a: &Boot, b: &Boot, out: &mut impl Write) -> io::Result<()> {
    let names: BTreeSet<_> = a.facts.keys().chain(b.facts.keys()).collect();
    for key in names {
        let (from, to) = (a.facts.get(key), b.facts.get(key));
        if from != to {
            let name = format!("{} {}", key.0, key.1);
            let text = |fact: Option<&String>| fact.map_or("-".to_owned(), Clone::clone);
            writeln!(out, "{name:<44}  {:>20}  {:>20}", text(from), text(to))?;
        }
    }
    Ok(())
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.2}"))
}

/// By how much the second is more than the first; nothing of what was not there, or was 0.
fn change(from: Option<f64>, to: Option<f64>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from != 0.0 => format!("{:+.1} %", (to - from) / from * 100.0),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests;
