//! A PMD that a trace plays: the recorder of the real ones, and a clock that the trace moves.

use std::cell::Cell;

use perf::history::SEGMENTS;
use perf::recorder::Upcall;
use perf::{Clock, Flags, Metrics, Recorder, Room, Segment, Settings, Snapshot, Timebase};

use crate::trace::Row;

/// A clock that stands still until it is moved.
struct Hand(Cell<u64>);

impl Hand {
    fn pass(&self, cycles: u64) {
        self.0.set(self.0.get() + cycles);
    }
}

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.get()
    }
}

/// A PMD that a trace plays.
pub(super) struct Pmd {
    /// What it records.
    pub(super) metrics: &'static Metrics,
    /// What explains its clock.
    pub(super) base: Timebase,
    /// Whether the trace tells in which rooms time was spent.
    pub(super) has_rooms: bool,
    recorder: Recorder,
    clock: Hand,
}

impl Pmd {
    /// A PMD that begins its loop when `base` begins.
    pub(super) fn new(base: Timebase, has_rooms: bool) -> Self {
        let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let metrics = Box::leak(Box::new(Metrics::new(segments.leak(), &[])));
        let mut recorder = Recorder::new(metrics, perf::Limits::NEVER, base);
        let clock = Hand(Cell::new(base.boot));
        recorder.enter(&clock);
        Self { metrics, base, has_rooms, recorder, clock }
    }

    /// Records and marks what `settings` say, from now on.
    pub(super) fn set(&mut self, settings: &Settings) {
        let mut limits = settings.limits(self.base.hertz, 0);
        limits.rooms &= self.has_rooms;
        self.recorder.set_limits(limits);
    }

    /// The time-stamp counter now.
    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// What it counted until now.
    pub(super) fn counted(&self) -> Box<Snapshot> {
        let mut counted = Box::new(Snapshot::ZERO);
        self.metrics.copy_to(&mut counted, self.now());
        counted
    }

    /// Runs the iteration that `row` tells of, from doorway to doorway.
    pub(super) fn run(&mut self, row: &Row) {
        self.reach(row);
        self.receive(row);
        self.walk(row);
        self.count(row);
        self.recorder.end(&self.clock);
    }

    /// Comes to the beginning of `row`. The number of the iteration under way is that of the next
    /// in the loop; the trace may be further.
    fn reach(&mut self, row: &Row) {
        if row.fell_asleep() > self.now() {
            self.clock.0.set(row.fell_asleep());
            self.recorder.enter(&self.clock);
        }
        if row.slept > 0 {
            self.clock.pass(row.slept);
            self.recorder.wake(row.sleep_asked.unwrap_or(row.slept), &self.clock);
        }
        self.recorder.current.number = row.number;
    }

    /// Polls. How frames were spread over the polls is not known: as evenly as can be.
    fn receive(&mut self, row: &Row) {
        for poll in 0..row.batches {
            let frames = share(row.packets.into(), row.batches, poll) as u32;
            self.recorder.burst(row.deepest, frames, 0);
        }
        let current = &mut self.recorder.current;
        current.packets = row.packets;
        (current.fill, current.deepest) = (row.fill, row.deepest);
    }

    /// Spends the time of the iteration where it was spent.
    fn walk(&mut self, row: &Row) {
        self.clock.pass(row.cycles - row.outside_rx());
        if row.outside_rx() > 0 || row.upcalls > 0 {
            self.recorder.leave(Room::Rx, &self.clock);
        }
        for room in Room::ALL {
            let cycles = row.rooms[room as usize];
            if room == Room::Upcall {
                self.call_up(row, cycles);
            } else if cycles > 0 {
                self.clock.pass(cycles);
                self.recorder.leave(room, &self.clock);
            }
        }
    }

    /// Makes the upcalls, each as long as the others; those that failed come last.
    fn call_up(&mut self, row: &Row, cycles: u64) {
        if row.upcalls > 0 {
            self.recorder.begin_upcalls(&self.clock);
        }
        for upcall in 0..row.upcalls {
            let outcome = if upcall < row.upcalls - row.lost { Upcall::Done } else { Upcall::Lost };
            self.clock.pass(share(cycles, row.upcalls, upcall));
            self.recorder.upcall(outcome, &self.clock);
        }
    }

    /// Says what became of the frames.
    fn count(&mut self, row: &Row) {
        if row.dropped > 0 {
            self.recorder.dropped(row.dropped, row.tx_dropped);
        }
        self.recorder.current.sent = row.sent;
        self.recorder.current.flags.set(flags(row, self.has_rooms));
    }
}

/// What is known of `row`. A gap is what the recorder itself finds: time that no room explains. Where
/// the trace tells of no rooms it can find none, so that each iteration counts as one with work.
fn flags(row: &Row, has_rooms: bool) -> Flags {
    let counts = [row.packets, row.batches, row.fill, row.sent];
    let facts = crate::trace::FLAGS.into_iter().filter(|(flag, _)| row.flags.has(*flag));
    let mut flags = facts
        .filter(|(flag, _)| *flag != Flags::GAP)
        .fold(Flags::none(), |all, (flag, _)| all.and(flag));
    if !has_rooms || counts.iter().any(|count| *count > 0) {
        flags.set(Flags::WORK);
    }
    flags
}

/// What number `place` gets, of `whole` spread over `parts` as evenly as can be.
fn share(whole: u64, parts: u32, place: u32) -> u64 {
    let until = |place: u64| whole * place / u64::from(parts);
    until(u64::from(place) + 1) - until(place.into())
}
