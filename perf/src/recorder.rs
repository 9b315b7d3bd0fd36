//! The PMD's side: what one core writes, iteration by iteration.
//!
//! An iteration begins where the one before it ended, so no cycle falls between them; the few
//! that recording itself takes belong to the next one.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Release};

use crate::counters::{Counter, Counters};
use crate::histogram::{self, BINS, Histogram};
use crate::history::{History, Pin, Segment, Writer};
use crate::iteration::{Flags, Iteration};
use crate::marks::{Mark, Marks};
use crate::room::Room;
use crate::suspicion::Limits;

/// The time-stamp counter of the core that asks.
pub trait Clock {
    /// Its count now, in cycles.
    fn now(&self) -> u64;
}

/// All that one PMD tells others about itself. Written by that PMD, read by the control core.
pub struct Metrics {
    /// Open vSwitch's counters.
    pub counters: Counters,
    /// Suspicious iterations on their way to the control core.
    pub marks: Marks,
    history: History,
    cycles: Histogram,
    packets: Histogram,
    ended: AtomicU64,
}

/// A copy of one PMD's counters and histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// By number of [`Counter`].
    pub counters: [u64; Counter::COUNT],
    /// Iterations by their cycles.
    pub cycles: [u64; BINS],
    /// Iterations by the packets they received.
    pub packets: [u64; BINS],
}

impl Snapshot {
    /// A copy of counters that were never added to.
    pub const ZERO: Self =
        Self { counters: [0; Counter::COUNT], cycles: [0; BINS], packets: [0; BINS] };

    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            counters: difference(self.counters, earlier.counters),
            cycles: difference(self.cycles, earlier.cycles),
            packets: difference(self.packets, earlier.packets),
        }
    }

    /// The value of `counter`.
    pub fn count(&self, counter: Counter) -> u64 {
        self.counters[counter as usize]
    }

    /// Iterations that ended.
    pub fn iterations(&self) -> u64 {
        self.cycles.iter().sum()
    }
}

fn difference<const N: usize>(now: [u64; N], earlier: [u64; N]) -> [u64; N] {
    core::array::from_fn(|i| now[i].saturating_sub(earlier[i]))
}

impl Metrics {
    /// Metrics whose history lives in `segments`.
    pub fn new(segments: &'static [Segment]) -> Self {
        Self {
            counters: Counters::new(),
            marks: Marks::default(),
            history: History::new(segments),
            cycles: Histogram::new(),
            packets: Histogram::new(),
            ended: AtomicU64::new(0),
        }
    }

    /// Number of the iteration that ended last. 0 before the first; never reset.
    pub fn ended(&self) -> u64 {
        self.ended.load(Acquire)
    }

    /// The iterations that are still there.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// A copy of counters and histograms.
    ///
    /// Idle iterations are not sampled in the histogram of packets: they are those that its other
    /// bins lack.
    pub fn snapshot(&self) -> Snapshot {
        let mut packets = self.packets.read();
        let counters = self.counters.read();
        let cycles = self.cycles.read();
        let busy: u64 = packets.iter().skip(1).sum();
        packets[0] = cycles.iter().sum::<u64>().saturating_sub(busy);
        Snapshot { counters, cycles, packets }
    }

    /// Takes the oldest suspicious iteration whose window is complete, and lets `read` look at it
    /// before its window is given back.
    pub fn take_mark<T>(&self, read: impl FnOnce(&Mark, &History) -> T) -> Option<T> {
        let mark = self.marks.oldest()?;
        if self.ended() < mark.last {
            return None;
        }
        let answer = read(&mark, &self.history);
        self.history.release(mark.first, mark.last);
        self.marks.forget_oldest();
        Some(answer)
    }
}

/// Records the iterations of one core.
pub struct Recorder {
    metrics: &'static Metrics,
    writer: Writer,
    limits: Limits,
    recording: bool,
    /// Last iteration of the last window that was marked.
    window: u64,
    /// The clock when it was last read.
    latest: u64,
    /// The iteration under way. The loop adds to its counts.
    pub current: Iteration,
}

impl Recorder {
    /// A recorder into `metrics` that compares with `limits`. There must be one recorder for each
    /// [`Metrics`].
    pub fn new(metrics: &'static Metrics, limits: Limits) -> Self {
        let current = Iteration { number: 1, ..Iteration::default() };
        Self {
            metrics,
            writer: Writer::new(metrics.history),
            limits,
            recording: limits.record,
            window: 0,
            latest: 0,
            current,
        }
    }

    /// Has the iteration under way begin now: call it when the loop begins.
    pub fn enter(&mut self, clock: &impl Clock) {
        self.latest = clock.now();
        self.current.start = self.latest;
    }

    /// Open vSwitch's counters of this core.
    #[inline]
    pub fn counters(&self) -> &'static Counters {
        &self.metrics.counters
    }

    /// Compares with `limits` from now on. Where they switch recording off, a window that is
    /// still open is completed first: call it again, with the same limits, now and then.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.recording = limits.record || self.current.number <= self.window;
    }

    /// The limits that iterations are compared with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Charges the time since the last doorway to `room`. Reads the clock only while recording.
    #[inline]
    pub fn leave(&mut self, room: Room, clock: &impl Clock) {
        if !self.recording {
            return;
        }
        let spent = self.advance(clock.now());
        if room as usize != Room::Rx as usize {
            self.current.rooms[room as usize - 1] += spent;
            self.current.flags.set(Flags::ROOMS);
        }
    }

    /// Ends the iteration under way and begins the next.
    #[inline]
    pub fn end(&mut self, clock: &impl Clock) {
        self.advance(clock.now());
        self.current.cycles = self.latest - self.current.start;
        self.count();
        if self.recording {
            self.current.reasons = self.limits.judge(&self.current);
            if !self.current.reasons.is_empty() {
                self.mark();
            }
            self.writer.write(&self.current);
        }
        self.metrics.ended.store(self.current.number, Release);
        self.begin();
    }

    #[inline]
    fn begin(&mut self) {
        self.current.clear();
        self.current.number += 1;
        self.current.start = self.latest;
    }

    /// Cycles since the last doorway. A clock that goes backwards is taken to stand still.
    #[inline]
    fn advance(&mut self, now: u64) -> u64 {
        if now < self.latest {
            self.current.flags.set(Flags::BACKWARDS);
            return 0;
        }
        let spent = now - self.latest;
        self.latest = now;
        spent
    }

    #[inline]
    fn count(&self) {
        let metrics = self.metrics;
        metrics.cycles.sample(&histogram::CYCLES, self.current.cycles);
        if self.current.packets > 0 {
            metrics.packets.sample(&histogram::PACKETS, u64::from(self.current.packets));
        }
        let spent = if self.current.is_busy() { Counter::BusyCycles } else { Counter::IdleCycles };
        metrics.counters.add(spent, self.current.cycles);
    }

    /// Notes that the iteration under way is suspicious, and has its window kept.
    #[cold]
    fn mark(&mut self) {
        let Iteration { number, reasons, .. } = self.current;
        let marks = &self.metrics.marks;
        if marks.is_full() {
            return marks.suppress(reasons);
        }
        match self.writer.pin(number, self.limits.before, self.limits.after) {
            Pin::Refused => marks.suppress(reasons),
            Pin::Kept { first, last, cut } => {
                self.window = self.window.max(last);
                marks.post(&Mark { number, first, last, reasons, cut });
            }
        }
    }
}

#[cfg(test)]
mod tests;
