//! A PMD that a test plays: it records iterations whose length the test says.

use core::cell::Cell;

use crate::history::SEGMENTS;
use crate::milliseconds::Slot;
use crate::{Clock, Flags, Metrics, Recorder, Segment, Settings, Timebase};

/// The clock of played PMDs runs at 1 MHz, so that a cycle is a microsecond.
pub(crate) const HERTZ: u64 = 1_000_000;

/// A clock that a test moves by hand.
pub(crate) struct Hand(pub(crate) Cell<u64>);

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.get()
    }
}

/// A PMD without queues.
pub(crate) struct Played {
    pub(crate) metrics: &'static Metrics,
    pub(crate) recorder: Recorder,
    pub(crate) clock: Hand,
}

impl Played {
    pub(crate) fn new() -> Self {
        let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let slots: Vec<Slot> = (0..4096).map(|_| Slot::EMPTY).collect();
        let metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));
        let limits = Settings::DEFAULT.limits(HERTZ, 0);
        let recorder = Recorder::new(metrics, limits, Timebase::new(HERTZ, 0));
        let mut played = Self { metrics, recorder, clock: Hand(Cell::new(0)) };
        played.recorder.enter(&played.clock);
        played
    }

    /// One iteration of so many microseconds.
    pub(crate) fn run(&mut self, micros: u64) {
        self.clock.0.set(self.clock.now() + micros);
        self.recorder.end(&self.clock);
    }

    /// So many iterations of 10 us.
    pub(crate) fn idle(&mut self, count: u64) {
        (0..count).for_each(|_| self.run(10));
    }

    /// One iteration that was kept busy on purpose.
    pub(crate) fn stall(&mut self, micros: u64) {
        self.recorder.current.flags.set(Flags::INJECTED);
        self.run(micros);
    }
}
