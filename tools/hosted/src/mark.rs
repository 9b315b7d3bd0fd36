//! What it costs a PMD to mark a suspicious iteration.
//!
//! Now and then an iteration meets a deep ring. Half of the blocks run under supervision, which
//! marks those iterations, half do not. A thread on another core takes the marks and copies and
//! releases their windows, as the control core does.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use perf::{Clock as _, Metrics};

use crate::clock::Tsc;
use crate::figure::{Figure, IN_PAIRS};
use crate::reader::Reader;
use crate::recording::{FILL, Recording};
use crate::rig::Rig;
use crate::shape::Shape;
use crate::statistics::{low, paired};
use crate::urgency::{Seat, take};

/// Iterations from one that meets a deep ring to the next.
const EVERY: u64 = 256;
/// Deep iterations in a block.
const BLOCK: u32 = 32;
/// How long the reader rests.
const REST: Duration = Duration::from_micros(100);

/// What marking costs, from `rounds` blocks of either kind.
#[must_use]
pub fn marking(rounds: usize) -> Vec<Figure> {
    let mut rig = Rig::new(Recording::METRICS, 1);
    let (metrics, stop) = (rig.metrics(), AtomicBool::new(false));
    let [marked, unmarked] = thread::scope(|scope| {
        scope.spawn(|| take_marks(metrics, &stop));
        take(Seat::Last);
        let samples = interleave(&mut rig, rounds);
        stop.store(true, Relaxed);
        samples
    });
    let name = "marking a suspicious iteration";
    let in_pairs = paired(&marked, &unmarked, |marked, unmarked| marked - unmarked);
    let refused: u64 = metrics.marks.suppressed().iter().sum();
    let kept = (1.0 - refused as f64 / metrics.marks.triggers() as f64) * 100.0;
    vec![
        Figure::new(name, low(&marked) - low(&unmarked), "cycles"),
        Figure::new(name.to_owned() + IN_PAIRS, in_pairs, "cycles"),
        Figure::new("suspicious iterations that were kept", kept, "%"),
    ]
}

/// Cycles of deep iterations in each block: of those that were marked, and of those that were not
/// suspicious. Blocks in which the reader was too late are left out.
fn interleave(rig: &mut Rig, rounds: usize) -> [Vec<f64>; 2] {
    let [mut marked, mut unmarked] = [Vec::new(), Vec::new()];
    let marks = &rig.metrics().marks;
    rig.enter(Shape::Single, &Tsc);
    for _ in 0..rounds {
        let suppressed = marks.suppressed();
        let (with, without) = (block(rig, Recording::ARMED), block(rig, Recording::METRICS));
        if marks.suppressed() == suppressed {
            marked.push(with);
            unmarked.push(without);
        }
    }
    [marked, unmarked]
}

/// Cycles of a deep iteration: the mean over a block, because some processors count in steps.
fn block(rig: &mut Rig, recording: Recording) -> f64 {
    let mut cycles = 0;
    rig.record(recording, &Tsc);
    for _ in 0..BLOCK {
        rig.run(EVERY - 1, &Tsc);
        rig.knobs()[0].leave(FILL);
        let start = Tsc.now();
        rig.run(1, &Tsc);
        cycles += Tsc.now() - start;
        rig.knobs()[0].leave(0);
    }
    cycles as f64 / f64::from(BLOCK)
}

fn take_marks(metrics: &'static Metrics, stop: &AtomicBool) {
    take(Seat::First);
    let mut reader = Reader::new();
    while !stop.load(Relaxed) {
        let mut next =
            || metrics.take_mark(|mark, history| reader.copy(history, mark.first, mark.last));
        while next().is_some() {}
        thread::sleep(REST);
    }
}
