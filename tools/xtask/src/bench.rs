//! `cargo xtask bench`: figures, a table, a file for machines, and bounds that hold.

mod boot;
mod bounds;
mod drivers;
mod effect;
mod growth;
mod peers;
mod perf;
mod report;

use std::fs;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::bounds::{bound, is_held};
use crate::install::Consent;
use crate::workspace::target;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Which bench; all of them if none is named.
    name: Option<Name>,
    /// Fails where a bound is exceeded; of bench perf only by figures that repeat, not by cycles.
    #[arg(long)]
    check: bool,
    /// Of bench dataplane: in turn with Open vSwitch and testpmd, which are installed, as root; takes
    /// minutes and writes docs/dataplane-peers.md.
    #[arg(long)]
    peers: bool,
    /// Of bench dataplane: how costs grow with flows, subtables, rules and ports; writes
    /// docs/dataplane-growth.md and a plot.
    #[arg(long, conflicts_with = "peers")]
    growth: bool,
    /// Measures a clean build too, which takes minutes.
    #[arg(long)]
    clean_build: bool,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Instructions a frame, time to the first frame and from a command to its effect, time of a clean build.
    Boot,
    /// What metrics, supervision, rooms, marks and readers cost a PMD, in cycles and instructions.
    Perf,
    /// What a packet costs on each path through the dataplane, in cycles.
    Dataplane,
    /// What a frame costs in the rings of a card, in cycles, and with each kind of card, in instructions.
    Drivers,
    /// Time and memory that the recording of an hour takes to become a page.
    Report,
}

impl Name {
    const ALL: [Self; 5] = [Self::Boot, Self::Perf, Self::Dataplane, Self::Drivers, Self::Report];

    /// The name of its file.
    fn file(self, options: &Options) -> &'static str {
        match self {
            Self::Boot => "boot",
            Self::Perf => "perf",
            Self::Dataplane if options.growth => "dataplane-growth",
            Self::Dataplane if options.peers => "dataplane-peers",
            Self::Dataplane => "dataplane",
            Self::Drivers => "drivers",
            Self::Report => "report",
        }
    }

    fn measure(self, options: &Options) -> Result<Vec<Figure>> {
        match self {
            Self::Boot => boot::measure(options.consent, options.clean_build),
            Self::Perf => perf::measure(options.consent),
            Self::Dataplane if options.peers => {
                peers::measure(options.consent).map(|()| Vec::new())
            }
            Self::Dataplane if options.growth => growth::measure(),
            Self::Dataplane => perf::alone("paths"),
            Self::Drivers => drivers::measure(options.consent),
            Self::Report => report::measure(),
        }
    }
}

/// A measured figure.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: String,
    value: f64,
    unit: String,
}

impl Figure {
    fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { name: name.into(), value, unit: unit.to_owned() }
    }

    /// Whether it is within its bound, if it has one.
    fn is_good(&self) -> bool {
        bound(&self.name).is_none_or(|bound| self.value <= bound)
    }

    fn row(&self) -> String {
        let bound = bound(&self.name).map_or("-".to_owned(), |bound| format!("{bound}"));
        let verdict = match (self.is_good(), is_held(&self.name)) {
            (true, _) => "",
            (false, true) => "  EXCEEDED",
            (false, false) => "  exceeded in this run",
        };
        format!("{:<52}{:>12.2} {:<14}{bound:>8}{verdict}", self.name, self.value, self.unit)
    }

    fn json(&self) -> Value {
        json!({ "figure": self.name, "value": self.value, "unit": self.unit, "bound": bound(&self.name) })
    }
}

/// Measures.
///
/// # Errors
///
/// Something cannot be measured, or with `--check`, a bound is exceeded.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut exceeded = 0;
    for name in options.name.map_or(Name::ALL.to_vec(), |name| vec![name]) {
        let figures = name.measure(options)?;
        print_table(&figures);
        write(name.file(options), &figures)?;
        let is_bad = |figure: &&Figure| !figure.is_good() && is_held(&figure.name);
        exceeded += figures.iter().filter(is_bad).count();
    }
    ensure!(exceeded == 0 || !options.check, "{exceeded} bounds are exceeded");
    Ok(())
}

fn print_table(figures: &[Figure]) {
    println!("{:<52}{:>12} {:<14}{:>8}", "figure", "value", "unit", "bound");
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
        let figure = |value| Figure::new(bounds::PER_FRAME, value, "instructions");
        assert!(figure(250.0).is_good());
        assert!(!figure(250.5).is_good());
        assert!(figure(250.5).row().ends_with("EXCEEDED"));
    }

    #[test]
    fn cycles_above_their_bound_are_told_from_figures_that_repeat() {
        let figure = Figure::new("idle: metrics and supervision", 1000.0, "cycles");
        assert!(!figure.is_good() && !is_held(&figure.name));
        assert!(figure.row().ends_with("exceeded in this run"));
    }

    #[test]
    fn a_figure_without_bound_is_never_bad() {
        let figure = Figure::new("something new", f64::MAX, "frames");
        assert!(figure.is_good());
        assert_eq!(figure.json()["bound"], Value::Null);
    }
}
