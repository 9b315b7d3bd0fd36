//! `cargo xtask bench`: figures, a table, a file for machines, and bounds that hold.

mod boot;
mod bounds;

use std::fs;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::bounds::bound;
use crate::install::Consent;
use crate::workspace::target;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which bench; all of them if none is named.
    name: Option<Name>,
    /// Fails where a bound is exceeded.
    #[arg(long)]
    check: bool,
    /// Measures a clean build too, which takes minutes.
    #[arg(long)]
    clean_build: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Instructions a frame, time to the first frame, time of a clean build.
    Boot,
}

/// A measured figure.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
}

impl Figure {
    /// Whether it is within its bound, if it has one.
    fn is_good(&self) -> bool {
        bound(self.name).is_none_or(|bound| self.value <= bound)
    }

    fn row(&self) -> String {
        let bound = bound(self.name).map_or("-".to_owned(), |bound| format!("{bound}"));
        let verdict = if self.is_good() { "" } else { "  EXCEEDED" };
        format!("{:<44}{:>12.2} {:<14}{bound:>8}{verdict}", self.name, self.value, self.unit)
    }

    fn json(&self) -> Value {
        json!({ "figure": self.name, "value": self.value, "unit": self.unit, "bound": bound(self.name) })
    }
}

/// Measures.
///
/// # Errors
///
/// Something cannot be measured, or with `--check`, a bound is exceeded.
pub(crate) fn run(options: &Options) -> Result<()> {
    let figures = match options.name {
        None | Some(Name::Boot) => boot::measure(options.consent, options.clean_build)?,
    };
    print_table(&figures);
    write("boot", &figures)?;
    let exceeded = figures.iter().filter(|figure| !figure.is_good()).count();
    ensure!(exceeded == 0 || !options.check, "{exceeded} bounds are exceeded");
    Ok(())
}

fn print_table(figures: &[Figure]) {
    println!("{:<44}{:>12} {:<14}{:>8}", "figure", "value", "unit", "bound");
    figures.iter().for_each(|figure| println!("{}", figure.row()));
}

fn write(name: &str, figures: &[Figure]) -> Result<()> {
    let folder = target().join("bench");
    let file = folder.join(format!("{name}.json"));
    let values: Vec<_> = figures.iter().map(Figure::json).collect();
    let text = serde_json::to_string_pretty(&values).context("cannot write JSON")?;
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, text + "\n"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("wrote {}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_bound_is_marked() {
        let figure = |value| Figure { name: bounds::PER_FRAME, value, unit: "instructions" };
        assert!(figure(250.0).is_good());
        assert!(!figure(250.5).is_good());
        assert!(figure(250.5).row().ends_with("EXCEEDED"));
    }

    #[test]
    fn a_figure_without_bound_is_never_bad() {
        let figure = Figure { name: "something new", value: f64::MAX, unit: "frames" };
        assert!(figure.is_good());
        assert_eq!(figure.json()["bound"], Value::Null);
    }
}
