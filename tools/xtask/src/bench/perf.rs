//! `cargo xtask bench perf` and `dataplane`: what recording costs a PMD, and what packets do, on this
//! host, over ports without wires.

use std::path::{Path, PathBuf};
use std::process::Command;

use ::hosted::callgrind::{self, Counting};
use ::hosted::{Recording, Shape};
use anyhow::{Context as _, Result, ensure};

use super::{Figure, bounds};
use crate::install::{self, Consent};
use crate::workspace::target;

/// What the program measures, one run each, so that none finds what another left.
const VERBS: [&str; 3] = ["compare", "mark", "dump"];

/// Measures everything.
///
/// # Errors
///
/// Valgrind is missing, the program does not build or does not say what it should.
pub(super) fn measure(consent: Consent) -> Result<Vec<Figure>> {
    let valgrind = install::valgrind(consent)?;
    let program = build()?;
    eprintln!("counting instructions ...");
    let counting = Counting { valgrind, program: program.clone() };
    let mut figures = Vec::new();
    for shape in Shape::ALL {
        figures.extend(instructions(&counting, shape)?);
    }
    for verb in VERBS {
        eprintln!("hosted {verb} ...");
        figures.extend(run(&program, verb)?);
    }
    for name in bounds::of_perf() {
        ensure!(figures.iter().any(|figure| figure.name == name), "nobody measured: {name}");
    }
    Ok(figures)
}

/// Builds the program, and measures what it measures when it is to do `verb`.
///
/// # Errors
///
/// The program does not build or does not say what it should.
pub(super) fn alone(verb: &str) -> Result<Vec<Figure>> {
    let program = build()?;
    eprintln!("hosted {verb} ...");
    run(&program, verb)
}

fn build() -> Result<PathBuf> {
    eprintln!("building hosted (a first build takes half a minute) ...");
    callgrind::build(&target())
}

/// Cycles of an upcall that makes a flow.
///
/// # Errors
///
/// `program` does not say so.
pub(super) fn upcall(program: &Path) -> Result<f64> {
    let figures = run(program, "paths")?;
    let figure = figures.iter().find(|figure| figure.name.starts_with("upcall"));
    Ok(figure.context("no figure of upcalls")?.value)
}

/// What recording adds to an iteration of `shape`, in instructions.
fn instructions(counting: &Counting, shape: Shape) -> Result<Vec<Figure>> {
    let count = |recording| counting.instructions(shape, recording);
    let (off, metrics) = (count(Recording::OFF)?, count(Recording::METRICS)?);
    let (armed, rooms) = (count(Recording::ARMED)?, count(Recording::ROOMS)?);
    let figures = [
        ("instructions, metrics off", off),
        ("instructions for metrics and supervision", armed - off),
        ("instructions for supervision alone", armed - metrics),
        ("instructions for rooms", rooms - armed),
    ];
    let figure =
        |(what, value)| Figure::new(format!("{}: {what}", shape.name()), value, "instructions");
    Ok(figures.map(figure).into())
}

/// The figures that `program` prints when it is to do `verb`.
fn run(program: &Path, verb: &str) -> Result<Vec<Figure>> {
    let output = Command::new(program).arg(verb).output().context("cannot run hosted")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "hosted {verb} failed ({}): {said}", output.status);
    text.lines().map(|line| Ok(::hosted::Figure::parse(line)?.into())).collect()
}

impl From<::hosted::Figure> for Figure {
    fn from(::hosted::Figure { name, value, unit }: ::hosted::Figure) -> Self {
        Self { name, value, unit }
    }
}
