//! `cargo xtask bench dataplane --growth`: a table and a plot of how the cost of a packet grows.

mod plot;

use std::fmt::Write as _;
use std::fs;

use ::hosted::growth::Curve;
use anyhow::{Context as _, Result};

use super::{Figure, perf};
use crate::machine::{processor, when};
use crate::workspace::root;

const PAGE: &str = "docs/dataplane-growth.md";
const PLOT: &str = "docs/dataplane-growth.svg";
const HEAD: &str = "\
# How the cost of a packet grows

Written by `cargo xtask bench dataplane --growth`: `hosted growth`, the loop of a PMD on the host over ports
without wires, frames of 64 bytes in bursts of 32, metrics off, built for the oldest x86-64. Cycles of the
time-stamp counter for a packet, the best tenth of blocks of 65,536 packets; blocks of all points take
turns in one run. Two ports forward to each other where nothing else is said, each with 1,024 flows.

![cycles for a packet](dataplane-growth.svg)

";

/// A curve: where it was measured, and cycles there.
struct Measured {
    curve: Curve,
    points: Vec<(u32, f64)>,
}

/// Measures and writes both files.
///
/// # Errors
///
/// The program does not build or does not say what it should, or a file cannot be written.
pub(super) fn measure() -> Result<Vec<Figure>> {
    let figures = perf::alone("growth")?;
    let all = Curve::ALL.into_iter().map(|curve| measured(curve, &figures));
    let all = all.collect::<Result<Vec<_>>>()?;
    plot::write(&all, &root().join(PLOT))?;
    fs::write(root().join(PAGE), page(&all)?).with_context(|| format!("cannot write {PAGE}"))?;
    eprintln!("wrote {PAGE} and {PLOT}");
    Ok(figures)
}

fn measured(curve: Curve, figures: &[Figure]) -> Result<Measured> {
    let at = |at: &u32| {
        let name = curve.figure(*at);
        let figure = figures.iter().find(|figure| figure.name == name);
        Ok((*at, figure.with_context(|| format!("nobody measured {name}"))?.value))
    };
    Ok(Measured { curve, points: curve.points().iter().map(at).collect::<Result<_>>()? })
}

/// What a curve shows, beside the same in Open vSwitch.
const fn meaning(curve: Curve) -> &'static str {
    match curve {
        Curve::Flows => {
            "Connections of each port, one megaflow a port, one key in 100 enters the exact-match cache. \
             The one step is where they no longer fit its 8,192 places: packets meet the megaflow from \
             there on. Open vSwitch's cache has as many places, and the same step."
        }
        Curve::Megaflows => {
            "The same where each connection is a megaflow of its own, up to the limit of 200,000: beyond the \
             cache's places, a packet finds neither its place in the hash table nor its flow in the \
             processor's caches."
        }
        Curve::Subtables => {
            "Masks that a port's packets are of, in equal shares, without the exact-match cache: a packet \
             meets half of them on average. Tuple-space search is linear in both; what a mask costs is \
             in [dataplane-peers.md](dataplane-peers.md)."
        }
        Curve::Rules => {
            "Rules beside the one that packets meet, where flows are cached: rules are not looked at."
        }
        Curve::Upcalls => {
            "The same where each packet is the first of its flow, and rule n is for flow n: rules of one shape \
             share a hash table, so what grows is how often it and the rules are not in the processor's \
             caches. Open vSwitch's classifier has a hash table for a shape too."
        }
        Curve::Ports => {
            "Ports that one PMD polls, each with full bursts, by in-port: polls are carried to the end in \
             groups of four, so a packet costs little more with many."
        }
    }
}

fn page(all: &[Measured]) -> Result<String> {
    let mut text = HEAD.to_owned();
    for Measured { curve, points } in all {
        let row = |cell: &dyn Fn(&(u32, f64)) -> String| {
            points.iter().map(|point| format!(" {} |", cell(point))).collect::<String>()
        };
        let name = curve.name();
        writeln!(text, "| {name} |{}", row(&|(at, _)| at.to_string()))?;
        writeln!(text, "|---|{}", "---|".repeat(points.len()))?;
        writeln!(text, "| cycles |{}", row(&|(_, cycles)| format!("{cycles:.0}")))?;
        writeln!(text, "\n{}\n", meaning(*curve))?;
    }
    writeln!(text, "{}; {}.", when()?, processor()?)?;
    Ok(text)
}
