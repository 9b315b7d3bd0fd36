//! The PMD's side: what one core writes, iteration by iteration.
//!
//! An iteration begins where the one before it ended, so no cycle falls between them; the few
//! that recording itself takes belong to the next one.

use crate::counters::{Counter, Counters};
use crate::history::Writer;
use crate::iteration::{Flags, Iteration};
use crate::metrics::{Metrics, Spent};
use crate::quantity::Quantity;
use crate::recorder::looks::Looks;
use crate::recorder::sums::Sums;
use crate::room::Room;
use crate::stolen::Readings;
use crate::suspicion::Limits;
use crate::time::Timebase;

mod ending;
mod looks;
mod reciprocal;
mod sums;

/// What a core can tell of its own time.
pub trait Clock {
    /// Its time-stamp counter now, in cycles.
    fn now(&self) -> u64;

    /// NMIs and machine checks that it took since it started. Asked in every iteration.
    #[inline]
    fn interruptions(&self) -> u64 {
        0
    }

    /// Those of them that were machine checks.
    fn machine_checks(&self) -> u64 {
        0
    }

    /// Does nothing for a moment, up to `until` at most: what a sleep is made of.
    #[inline]
    fn rest(&self, until: u64) {
        let _at_most = until;
        core::hint::spin_loop();
    }

    /// What its slow registers say. Asked at most once a millisecond.
    fn look(&self) -> Readings {
        Readings::default()
    }
}

/// What became of an upcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upcall {
    /// The slow path settled the frame.
    Done,
    /// The slow path failed.
    Lost,
}

/// Records the iterations of one core.
pub struct Recorder {
    metrics: &'static Metrics,
    writer: Writer,
    limits: Limits,
    recording: bool,
    /// Nothing is to be recorded, whatever limits say.
    parked: bool,
    /// The clock is read at doorways.
    rooms: bool,
    /// An idle iteration of so many cycles, or more, is suspicious.
    idle_limit: u64,
    /// The clock when it was last read.
    latest: u64,
    /// The iteration under way. The loop adds to its counts, and sets [`Flags::WORK`] where it
    /// does.
    pub current: Iteration,
    /// Last iteration of the last window that was marked.
    window: u64,
    /// The clock when the group under way left the first room, and the polls before it that had
    /// brought frames.
    polled: (u64, u32),
    looks: Looks,
    sums: Sums,
}

impl Recorder {
    /// A recorder into `metrics` that compares with `limits`, on a core whose clock `base`
    /// explains. There must be one recorder for each [`Metrics`].
    pub fn new(metrics: &'static Metrics, limits: Limits, base: Timebase) -> Self {
        let mut recorder = Self {
            metrics,
            writer: Writer::new(*metrics.history()),
            limits,
            recording: false,
            parked: false,
            rooms: false,
            idle_limit: 0,
            latest: 0,
            current: Iteration { number: 1, ..Iteration::default() },
            window: 0,
            polled: (0, 0),
            looks: Looks::new(&base),
            sums: Sums::new(base),
        };
        recorder.set_limits(limits);
        recorder
    }

    /// Has the iteration under way begin now: call it when the loop begins.
    pub fn enter(&mut self, clock: &impl Clock) {
        self.latest = clock.now();
        self.current.start = self.latest;
        self.looks.begin(clock, self.latest);
        if self.recording {
            self.sums.begin(self.metrics, self.latest);
        }
    }

    /// Open vSwitch's counters of this core.
    #[inline]
    pub fn counters(&self) -> &'static Counters {
        &self.metrics.counters
    }

    /// Cycles of rooms that queues have shares of, or none.
    #[inline]
    pub fn spent(&self) -> &'static Spent {
        &self.metrics.spent
    }

    /// Compares with `limits` from now on. Where they switch recording off, a window that is
    /// still open is completed first: call it again, with the same limits, now and then.
    pub fn set_limits(&mut self, limits: Limits) {
        let was_recording = self.recording;
        self.limits = limits;
        let record = limits.record && !self.parked;
        self.recording = record || self.current.number <= self.window;
        self.rooms = self.recording && limits.rooms;
        self.idle_limit = match limits.fill {
            0 => 0,
            _ => limits.cycles.saturating_add(1),
        };
        match (was_recording, self.recording) {
            (false, true) => self.sums.begin(self.metrics, self.latest),
            (true, false) => self.sums.stop(),
            _ => {}
        }
    }

    /// Records nothing while `parked`, but what is left of a window: for a PMD that polls no queue. As
    /// with [`set_limits`](Self::set_limits), call it again now and then.
    pub fn park(&mut self, parked: bool) {
        self.parked = parked;
        self.metrics.set_parked(parked);
        self.set_limits(self.limits);
    }

    /// Has the iteration under way begin now, after a rest that is to be no part of any.
    pub fn resume(&mut self, clock: &impl Clock) {
        self.advance(clock.now());
        self.current.start = self.latest;
    }

    /// The limits that iterations are compared with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The clock when it was last read: some time in this iteration, or at its start.
    #[inline]
    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// Counts a poll of `queue` that brought `frames`, more than none, and left `waiting` behind.
    #[inline]
    pub fn burst(&mut self, queue: u16, frames: u32, waiting: u32) {
        let current = &mut self.current;
        current.flags.set(Flags::WORK);
        current.packets += frames;
        current.batches += 1;
        let fill = frames.saturating_add(waiting);
        if fill > current.fill {
            (current.fill, current.deepest) = (fill, queue);
        }
        if self.recording {
            self.metrics.samples.add_small(Quantity::Batch, frames);
        }
    }

    /// Counts so many frames that were `dropped`, as many of them as were `refused` because a
    /// transmit ring had no room.
    #[cold]
    pub fn dropped(&mut self, dropped: u32, refused: u32) {
        let current = &mut self.current;
        current.flags.set(Flags::WORK.and(Flags::DROP));
        current.dropped += dropped;
        current.tx_dropped += refused;
        if refused > 0 {
            current.flags.set(Flags::TX_FULL);
        }
    }

    /// Says that `room` is being worked in, for what may take long.
    #[cold]
    pub fn arrive(&mut self, room: Room) {
        self.metrics.set_left(room);
    }

    /// Charges the time since the last doorway to `room`. Reads the clock only while rooms are
    /// recorded.
    #[inline]
    pub fn leave(&mut self, room: Room, clock: &impl Clock) {
        if self.rooms {
            self.charge(room, clock);
            self.metrics.set_left(room);
            match room {
                Room::Rx => self.polled.0 = self.latest,
                Room::Tx => self.sample_latency(),
                _ => {}
            }
        }
    }

    /// Has the time of upcalls begin now: call it before the first of a row. What was before
    /// belongs to the classifier.
    #[inline]
    pub fn begin_upcalls(&mut self, clock: &impl Clock) {
        if self.recording {
            self.charge(Room::Classifier, clock);
        }
    }

    /// Counts an upcall that took from the last doorway, or the last upcall, until now. One that
    /// came of another, or that failed, is an upcall like any other, and no cycle is counted twice.
    #[inline]
    pub fn upcall(&mut self, outcome: Upcall, clock: &impl Clock) {
        let current = &mut self.current;
        current.flags.set(Flags::WORK.and(Flags::UPCALL));
        current.upcalls += 1;
        if current.upcalls >= self.limits.upcalls {
            current.flags.set(Flags::STORM);
        }
        if outcome == Upcall::Lost {
            current.lost += 1;
            current.flags.set(Flags::LOST_UPCALL);
        }
        if self.recording {
            let spent = self.charge(Room::Upcall, clock);
            self.metrics.samples.add(Quantity::PerUpcall, spent);
        }
    }

    /// Has the iteration under way begin now, after a sleep that was to take `asked` cycles: call
    /// it between two iterations.
    pub fn wake(&mut self, asked: u64, clock: &impl Clock) {
        let before = self.latest;
        self.resume(clock);
        let slept = self.latest.saturating_sub(before);
        if slept == 0 {
            return;
        }
        self.metrics.counters.add(Counter::SleepIterations, 1);
        self.metrics.counters.add(Counter::SleepCycles, slept);
        if slept.saturating_sub(asked) > self.limits.oversleep {
            self.current.flags.set(Flags::OVERSLEPT);
        }
    }

    /// Does `act`, which may take any time: no iteration has that time, or what happens to the core
    /// meanwhile.
    #[cold]
    pub fn step_out(&mut self, clock: &impl Clock, act: impl FnOnce()) {
        self.advance(clock.now());
        act();
        let before = self.latest;
        self.advance(clock.now());
        let away = self.latest.saturating_sub(before);
        self.current.start = self.current.start.wrapping_add(away);
        self.polled.0 = self.polled.0.wrapping_add(away);
        self.looks.begin(clock, self.latest);
    }

    /// Looks at the core's slow registers, if that was not done for a millisecond: for
    /// housekeeping.
    #[cold]
    pub fn look(&mut self, clock: &impl Clock) -> Readings {
        let (readings, flags) = self.looks.look(clock, self.latest);
        self.current.flags.set(flags);
        readings
    }

    #[inline]
    fn sample_latency(&mut self) {
        let bursts = self.current.batches - self.polled.1;
        self.polled.1 = self.current.batches;
        let cycles = self.latest.wrapping_sub(self.polled.0);
        self.metrics.samples.add_latency(cycles, bursts);
    }

    #[inline]
    fn charge(&mut self, room: Room, clock: &impl Clock) -> u64 {
        let spent = self.advance(clock.now());
        if room as usize != Room::Rx as usize {
            self.current.rooms[room as usize - 1] += spent;
            self.current.flags.set(Flags::ROOMS);
        }
        spent
    }

    /// Cycles since the last doorway. A step backwards is no time at all.
    #[inline]
    fn advance(&mut self, now: u64) -> u64 {
        if now < self.latest {
            self.step_back(now);
        }
        let spent = now - self.latest;
        self.latest = now;
        spent
    }

    /// Goes on from `now`, which is before the last reading of the clock, with all that is measured
    /// as long as it was.
    #[cold]
    #[inline(never)]
    fn step_back(&mut self, now: u64) {
        let back = self.latest - now;
        self.latest = now;
        self.current.start = self.current.start.wrapping_sub(back);
        self.polled.0 = self.polled.0.wrapping_sub(back);
        self.sums.step_back();
        self.looks.step_back();
        self.current.flags.set(Flags::BACKWARDS);
    }
}

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod tests;
