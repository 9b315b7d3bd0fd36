//! A loop of your own, instrumented: crate `perf` needs neither Barecore's kernel nor its dataplane.
//!
//! A made-up loop polls a queue and works on what comes. Its iterations are recorded, one of them
//! takes 5 ms, and in the end the same program, as its own control core, tells what happened.
//!
//! ```text
//! cargo run -p perf --example own_loop
//! ```

use std::time::{Duration, Instant};

use perf::events::{Accounts, Events, Part, Source};
use perf::history::SEGMENTS;
use perf::milliseconds::Slot;
use perf::report::{Heading, Overall, Percentiles};
use perf::settings::Duration as Limit;
use perf::{Clock, Iteration, Metrics, Recorder, Room, Segment, Settings, Snapshot, Timebase};

/// Time, in cycles of whatever counts: here nanoseconds, which any program has. On bare metal it
/// would be the time-stamp counter.
struct Nanoseconds(Instant);

impl Clock for Nanoseconds {
    fn now(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

const HERTZ: u64 = 1_000_000_000;
const ITERATIONS: u64 = 20_000;
const SLOW: u64 = 12_345;

fn main() {
    // Memory is yours, and lives for good: `perf` allocates nothing. Here it is leaked; a kernel
    // carves it from its map, a program may have it in statics.
    let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
    let slots: Vec<Slot> = (0..4096).map(|_| Slot::EMPTY).collect();
    let metrics: &Metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));

    // The loop's side. Iterations above 1 ms are suspicious, and shown with two before and after.
    let clock = Nanoseconds(Instant::now());
    let base = Timebase::new(HERTZ, clock.now());
    let duration = Limit::Micros(1000);
    let settings = Settings { duration, before: 2, after: 2, ..Settings::DEFAULT };
    let mut recorder = Recorder::new(metrics, settings.limits(HERTZ, 0), base);
    recorder.enter(&clock);
    (1..=ITERATIONS).for_each(|number| iterate(number, &mut recorder, &clock));

    // The reader's side, on any core, whenever it likes: the loop notices nothing.
    report(metrics, settings, &base, clock.now());
}

/// One iteration: polls, works, and leaves each room that had work by its doorway.
fn iterate(number: u64, recorder: &mut Recorder, clock: &Nanoseconds) {
    if number.is_multiple_of(10) {
        // The poll of queue 0 brought 8 frames and left 3 behind.
        recorder.burst(0, 8, 3);
        recorder.leave(Room::Rx, clock);
        work(2000);
        recorder.leave(Room::Act, clock);
        recorder.current.sent += 8;
        recorder.leave(Room::Tx, clock);
    }
    if number == SLOW {
        std::thread::sleep(Duration::from_millis(5));
        recorder.leave(Room::Housekeeping, clock);
    }
    recorder.end(clock);
}

fn work(steps: u64) {
    (0..steps).for_each(|step| {
        std::hint::black_box(step);
    });
}

/// Tells what was counted, and what was suspicious.
fn report(metrics: &'static Metrics, settings: Settings, base: &Timebase, now: u64) {
    let mut counted = Box::new(Snapshot::ZERO);
    metrics.copy_to(&mut counted, now);
    let (core, duration) = (1, base.since_boot(now));
    print!("{}", Heading { core, node: 0, now, duration, base });
    print!("{}", Overall { counted: &counted, duration, hertz: HERTZ });
    println!("\n{}", Percentiles(&counted));

    // Events: what was marked is copied into a store of yours before its window is given back.
    let mut parts = vec![Part::default(); 256];
    let mut rows = vec![Iteration::default(); 10_000];
    let Ok(mut events) = Events::new(&mut parts, &mut rows) else { return };
    let mut open = None;
    events.collect(&Source { core, metrics, settings }, &mut open);
    while let Some(event) = events.next_to_print().and_then(|dump| dump.event(&events)) {
        let Some(mut dump) = events.find(event.number()) else { continue };
        let mut text = String::new();
        while let Ok(true) = dump.line(&events, base, &mut text) {}
        println!("{text}");
    }
    println!("{}", Accounts::of(metrics, open.as_ref()));
}
