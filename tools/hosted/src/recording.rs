//! What a PMD records, as switches, and what crate `perf` makes of them. All that this crate
//! builds of `perf` is built here.

use dataplane::Order;
use perf::history::SEGMENTS;
use perf::milliseconds::Slot;
use perf::settings::Duration;
use perf::{Limits, Metrics, Recorder, Segment, Settings, Timebase};

/// What the clock is taken to run at, in Hz. Nothing here depends on its being so.
const HERTZ: u64 = 2_600_000_000;
/// Milliseconds that are kept.
const MILLISECONDS: usize = 4096;
/// An iteration that lasts a second is suspicious: so long the host never holds one up, but each
/// is compared.
const MICROS: u32 = 1_000_000;
/// A receive ring that holds so many frames is suspicious.
pub(crate) const FILL: u32 = 128;

/// What a PMD records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whether iterations are recorded at all.
    pub metrics: bool,
    /// Whether time is charged to rooms.
    pub rooms: bool,
    /// Whether iterations are compared with limits.
    pub armed: bool,
}

impl Recording {
    /// Nothing.
    pub const OFF: Self = Self { metrics: false, rooms: false, armed: false };
    /// Metrics, and nothing else.
    pub const METRICS: Self = Self { metrics: true, ..Self::OFF };
    /// Metrics under supervision, without rooms.
    pub const ARMED: Self = Self { armed: true, ..Self::METRICS };
    /// Everything.
    pub const ROOMS: Self = Self { rooms: true, ..Self::ARMED };

    /// What makes a running PMD record so.
    pub(crate) fn order(self) -> Order {
        Order::Limits(self.limits())
    }

    fn limits(self) -> Limits {
        let Self { metrics, rooms, armed } = self;
        let duration = Duration::Micros(MICROS);
        let settings =
            Settings { metrics, rooms, log: armed, duration, fill: FILL, ..Settings::DEFAULT };
        settings.limits(HERTZ, MICROS)
    }

    /// A recorder that records so, and what it writes. Memory is never given back.
    pub(crate) fn begin(self) -> (&'static Metrics, Recorder) {
        let segments: Vec<_> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let slots: Vec<_> = (0..MILLISECONDS).map(|_| Slot::EMPTY).collect();
        let metrics: &Metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));
        (metrics, Recorder::new(metrics, self.limits(), base()))
    }
}

/// What explains the clocks that recorders are given.
pub(crate) fn base() -> Timebase {
    Timebase::new(HERTZ, 0)
}
