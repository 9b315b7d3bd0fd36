//! `cargo xtask bench drivers`: what a frame costs in the rings of a card: on this host, in memory, and
//! the whole image, in guest instructions.

use ::qemu::cost::{self, Cost};
use ::qemu::machine::Model;
use ::qemu::seats::check_emulator;
use anyhow::{Context as _, Result, ensure};

use super::{Figure, bounds};
use crate::image;
use crate::install::{self, Consent};
use crate::workspace::cargo;

/// Crates with a bench of that name. They are built as the image is.
const BENCHES: [&str; 1] = ["intel"];
const BENCH: [&str; 6] = ["bench", "--quiet", "--profile", "kernel", "--bench", "rings"];

/// Cards of QEMU's that the image forwards between, and what their driver is called. bench boot has
/// virtio's.
const CARDS: [(&str, Model); 1] = [("e1000e", Model::E1000e)];

/// PMDs between which the queues of our own card are shared out at most.
const PMDS: u32 = 3;

/// Measures everything.
///
/// # Errors
///
/// A bench does not build, or does not say what it should; QEMU is missing, or the image does not behave.
pub(super) fn measure(consent: Consent) -> Result<Vec<Figure>> {
    let mut figures = in_memory()?;
    let (program, image) = (install::qemu(consent, &[])?, image::build()?);
    for (name, model) in CARDS {
        eprintln!("counting instructions with cards of {name} ...");
        figures.extend(named(name, &cost::measure_on(model, &program, &image)?));
    }
    if let Err(reason) = check_emulator(&program) {
        eprintln!("not measured: ixgbe: {reason:#}");
        return Ok(figures);
    }
    for pmds in 1..=PMDS {
        eprintln!("counting instructions with cards of ixgbe and {pmds} PMDs ...");
        for (core, cost) in (1..).zip(cost::measure_pmds(pmds, &program, &image)?) {
            figures.extend(named(&format!("ixgbe, PMD {core} of {pmds}"), &cost));
        }
    }
    Ok(figures)
}

fn named(name: &str, cost: &Cost) -> [Figure; 2] {
    let figure = |what, value| Figure::new(format!("{name}: {what}"), value, "instructions");
    [
        figure("a forwarded 64-byte frame", cost.per_frame),
        figure("an idle iteration", cost.per_idle),
    ]
}

fn in_memory() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for name in BENCHES {
        eprintln!("measuring the rings of {name} ...");
        figures.extend(run(name)?);
    }
    for name in bounds::of_drivers() {
        ensure!(figures.iter().any(|figure| figure.name == name), "nobody measured: {name}");
    }
    Ok(figures)
}

fn run(package: &str) -> Result<Vec<Figure>> {
    let output = cargo().args(BENCH).args(["--package", package]).output();
    let output = output.context("cannot run cargo bench")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the bench of {package} failed ({}): {said}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| !line.is_empty()).map(parse).collect()
}

/// The figure of a line: name, value and unit with tabulators between.
fn parse(line: &str) -> Result<Figure> {
    let parts: Vec<&str> = line.split('\t').collect();
    let [name, value, unit] = parts[..] else { anyhow::bail!("expected a figure, found: {line}") };
    let value = value.parse().with_context(|| format!("no number: {line}"))?;
    Ok(Figure::new(name, value, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_line_with_tabulators() {
        let figure = parse("rings, batch 8\t35.5\tcycles").unwrap();
        assert_eq!(figure, Figure::new("rings, batch 8", 35.5, "cycles"));
        assert!(parse("running 0 tests").is_err() && parse("a\tb\tc").is_err());
    }
}
