//! What recording costs in cycles: kinds of recording in turn, in short blocks of one run.
//!
//! The host's speed changes by half every few milliseconds to minutes, so two runs can't be
//! compared, and averages mix speeds. Blocks of a millisecond or two, each next to one of every
//! other kind, can: by their tenth percentile, or pair by pair.

use dataplane::HOUSEKEEPING;
use perf::Clock as _;

use crate::clock::{Steps, Tsc};
use crate::figure::{Figure, IN_PAIRS};
use crate::recording::Recording;
use crate::rig::Rig;
use crate::shape::Shape;
use crate::statistics::{low, paired};
use crate::urgency::{Seat, take};

/// What is compared, in the order in which it adds up.
const KINDS: [Recording; 4] =
    [Recording::OFF, Recording::METRICS, Recording::ARMED, Recording::ROOMS];

/// Readings of the clock that one reading is averaged over.
const READINGS: u64 = 20_000;

/// Cycles of an iteration in each block, for each of [`KINDS`].
struct Blocks([Vec<f64>; KINDS.len()]);

/// What recording adds to iterations of `shape`, in cycles: `rounds` blocks of each kind.
#[must_use]
pub fn recording(shape: Shape, rounds: usize, flows: u16) -> Vec<Figure> {
    let [off, metrics, armed, rooms] = interleave(shape, rounds, flows).0;
    let name = |what: &str| format!("{}: {what}", shape.name());
    let share = paired(&armed, &off, |on, off| on / off - 1.0) * 100.0;
    let readings = readings(shape);
    let mut figures = vec![
        Figure::new(name("iteration, metrics off"), low(&off), "cycles"),
        Figure::new(name("metrics and supervision, of the iteration"), share, "%"),
        Figure::new(name("clock readings for rooms"), readings, "an iteration"),
    ];
    figures.extend(cost(name("metrics and supervision"), &armed, &off, 1.0));
    figures.extend(cost(name("supervision alone"), &armed, &metrics, 1.0));
    figures.extend(cost(name("metrics, supervision and rooms"), &rooms, &off, 1.0));
    if shape != Shape::Idle {
        let name = name("rooms, for each clock reading");
        figures.extend(cost(name, &rooms, &armed, readings.max(1.0)));
    }
    figures
}

/// Cycles by which iterations in blocks `with` something are longer than in those `without`, for
/// each of so many `parts`; at the host's best, and in pairs.
fn cost(name: String, with: &[f64], without: &[f64], parts: f64) -> [Figure; 2] {
    let fast = (low(with) - low(without)) / parts;
    let in_pairs = paired(with, without, |with, without| with - without) / parts;
    let pairs = Figure::new(name.clone() + IN_PAIRS, in_pairs, "cycles");
    [Figure::new(name, fast, "cycles"), pairs]
}

/// Cycles of one reading of the clock, when many follow each other.
#[must_use]
pub fn clock(rounds: usize) -> Figure {
    let block = || {
        let start = Tsc.now();
        let last = (0..READINGS).fold(start, |_, _| Tsc.now());
        (last - start) as f64 / READINGS as f64
    };
    let blocks: Vec<_> = (0..rounds).map(|_| block()).collect();
    Figure::new("one reading of the clock", low(&blocks), "cycles")
}

fn interleave(shape: Shape, rounds: usize, flows: u16) -> Blocks {
    take(Seat::Last);
    let mut rig = Rig::new(Recording::OFF, flows);
    let mut blocks = Blocks(Default::default());
    rig.enter(shape, &Tsc);
    for round in 0..rounds {
        for turn in 0..KINDS.len() {
            // Every other round runs backwards, so that nobody is always first.
            let kind = if round % 2 == 0 { turn } else { KINDS.len() - 1 - turn };
            rig.record(KINDS[kind], &Tsc);
            blocks.0[kind].push(block(&mut rig, shape.block()));
        }
    }
    blocks
}

/// Cycles of an iteration in a block of `iterations`.
fn block(rig: &mut Rig, iterations: u64) -> f64 {
    let start = Tsc.now();
    rig.run(iterations, &Tsc);
    (Tsc.now() - start) as f64 / iterations as f64
}

/// How often an iteration of `shape` reads the clock for its rooms.
fn readings(shape: Shape) -> f64 {
    let count = |recording| {
        let (mut rig, clock) = (Rig::new(recording, 1), Steps::default());
        rig.enter(shape, &clock);
        rig.run(HOUSEKEEPING, &clock);
        clock.readings()
    };
    ((count(Recording::ROOMS) - count(Recording::ARMED)) / HOUSEKEEPING) as f64
}
