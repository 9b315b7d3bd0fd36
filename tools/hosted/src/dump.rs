//! What a reader that copies everything, again and again, takes from a PMD.
//!
//! The host's processors may be two halves of one core, so that each is slower while the other
//! works. Therefore windows with a reader stand beside windows in which the same reader is as busy
//! with a PMD at rest, and beside windows in which it sleeps.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use perf::{Clock as _, Metrics};

use crate::clock::Tsc;
use crate::figure::{Figure, IN_PAIRS};
use crate::reader::{Found, Reader};
use crate::recording::Recording;
use crate::rig::Rig;
use crate::shape::Shape;
use crate::statistics::{low, paired};
use crate::urgency::{Seat, take};

/// From one copy to the next: 250 a second.
const PERIOD: Duration = Duration::from_millis(4);
/// Blocks that make a window of a few copies.
const BLOCKS: u64 = 16;

/// What the reader is told: it copies what the PMD tells.
const READ: usize = 0;
/// It copies what a PMD at rest tells.
const READ_ELSEWHERE: usize = 1;
/// It sleeps.
const SLEEP: usize = 2;
/// It ends.
const STOP: usize = 3;

/// Cycles of an iteration in each window, by what the reader was told.
type Windows = [Vec<f64>; STOP];

/// What a reader costs a PMD whose iterations are of `shape`, from `rounds` windows with it and
/// as many of either kind without. A copy holds no more than the latest `iterations`.
#[must_use]
pub fn reading(shape: Shape, rounds: usize, iterations: u64) -> Vec<Figure> {
    let (mut rig, mut resting) = (Rig::new(Recording::ROOMS, 1), Rig::new(Recording::ROOMS, 1));
    resting.enter(shape, &Tsc);
    resting.run(resting.metrics().history().capacity(), &Tsc);
    let (both, wish) = ([rig.metrics(), resting.metrics()], AtomicUsize::new(SLEEP));
    let (windows, (found, busy)) = thread::scope(|scope| {
        let reader = scope.spawn(|| read(both, iterations, &wish));
        take(Seat::Last);
        let windows = interleave(&mut rig, shape, rounds, &wish);
        wish.store(STOP, Relaxed);
        (windows, reader.join().unwrap_or_default())
    });
    figures(shape, &windows, &found, busy)
}

fn figures(shape: Shape, windows: &Windows, found: &Found, busy: Duration) -> Vec<Figure> {
    let name = |what: &str| format!("{}: {what}", shape.name());
    let [with, elsewhere, without] = windows;
    let per_second = found.copies as f64 / busy.as_secs_f64().max(f64::MIN_POSITIVE);
    let per_copy = found.rows as f64 / found.copies.max(1) as f64;
    let mut figures = vec![
        Figure::new(name("copies of everything"), per_second, "a second"),
        Figure::new(name("rows in a copy"), per_copy, "rows"),
        Figure::new(name("rows torn, misplaced or there twice"), found.broken as f64, "rows"),
    ];
    figures.extend(loss(name("throughput lost to a reader"), with, elsewhere));
    figures.extend(loss(name("throughput lost to a busy neighbour"), elsewhere, without));
    figures
}

/// The part of the throughput that is missing in windows `with` something, in per cent; at the
/// host's best, and in pairs.
fn loss(name: String, with: &[f64], without: &[f64]) -> [Figure; 2] {
    let lost = |with: f64, without: f64| (1.0 - without / with) * 100.0;
    let pairs = Figure::new(name.clone() + IN_PAIRS, paired(with, without, lost), "%");
    [Figure::new(name, lost(low(with), low(without)), "%"), pairs]
}

fn interleave(rig: &mut Rig, shape: Shape, rounds: usize, wish: &AtomicUsize) -> Windows {
    let mut windows = Windows::default();
    let iterations = BLOCKS * shape.block();
    rig.enter(shape, &Tsc);
    for round in 0..rounds {
        for turn in 0..STOP {
            // Every other round runs backwards, so that nobody is always first.
            let kind = if round % 2 == 0 { turn } else { STOP - 1 - turn };
            wish.store(kind, Relaxed);
            rig.run(shape.block(), &Tsc);
            let start = Tsc.now();
            rig.run(iterations, &Tsc);
            windows[kind].push((Tsc.now() - start) as f64 / iterations as f64);
        }
    }
    windows
}

/// Does what it is told, and says what it found at the PMD and how long it was at work there.
fn read(
    [here, elsewhere]: [&Metrics; 2],
    iterations: u64,
    wish: &AtomicUsize,
) -> (Found, Duration) {
    take(Seat::First);
    let (mut reader, mut other) = (Reader::new(), Reader::new());
    let (mut begun, mut busy) = (Instant::now(), Duration::ZERO);
    loop {
        let told = wish.load(Relaxed);
        match told {
            READ => reader.dump(here, iterations, Tsc.now()),
            READ_ELSEWHERE => other.dump(elsewhere, iterations, Tsc.now()),
            SLEEP => {}
            _ => return (reader.found, busy),
        }
        let due = begun + PERIOD;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // A copy that took longer than its period is not made up for.
        let next = due.max(Instant::now() - PERIOD);
        busy += if told == READ { next - begun } else { Duration::ZERO };
        begun = next;
    }
}
