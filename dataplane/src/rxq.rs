//! Receive queues as PMDs have them, give them away and get them.
//!
//! A queue belongs to one PMD. It moves as an owned handle, through the control core, and takes along
//! what it was counted by, so that each count has one writer at any time.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use handover::{Inbox, Sender};
use perf::Tally;

use crate::parse::LARGEST;

/// Queues that can be on their way to a PMD, or back from it, at a time: all that there are.
pub const MOVING: usize = 64;

/// A receive queue, and whose it is.
pub struct Rxq<R> {
    /// The port that it belongs to.
    pub port: u16,
    /// Its number among the queues of that port.
    pub number: u16,
    /// The queue itself.
    pub queue: R,
    /// What it gives to do.
    pub load: &'static Load,
    /// Bytes of the largest frame that it takes in, as [`LARGEST`]; a VLAN tag may come on top.
    pub largest: usize,
}

impl<R> Rxq<R> {
    /// The queue `number` of `port`, whose frames are of ordinary length.
    pub const fn new((port, number): (u16, u16), queue: R, load: &'static Load) -> Self {
        Self { port, number, queue, load, largest: LARGEST }
    }

    /// The same, taking in frames of so many bytes, as [`LARGEST`].
    pub const fn carrying(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }
}

/// What a receive queue gave to do, for its share of the time of its PMD to be computed from. Counted
/// by the PMD that polls it, read by any core.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Load {
    /// Frames that came out of it.
    frames: Tally,
    /// Times that one of them came again.
    again: Tally,
    /// Subtables that the classifier looked at for its frames.
    probes: Tally,
    /// Cycles of upcalls for its frames; 0 while nothing is recorded.
    upcalls: Tally,
    /// The core whose PMD polls it, as the control core says.
    core: Apart,
}

/// What the control core writes, on a cache line that the PMD does not write.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Apart(AtomicUsize);

/// What a [`Load`] had counted at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Frames that came out of it.
    pub frames: u64,
    /// Passes of those: one for each, and one for each time that one came again.
    pub passes: u64,
    /// Subtables looked at.
    pub probes: u64,
    /// Cycles of upcalls.
    pub upcalls: u64,
}

impl Load {
    /// What was counted since boot.
    pub fn read(&self) -> Counted {
        let Self { frames, again, probes, upcalls, .. } = self;
        let (frames, again) = (frames.read(), again.read());
        let passes = frames.wrapping_add(again);
        Counted { frames, passes, probes: probes.read(), upcalls: upcalls.read() }
    }

    /// Counts so many frames that came out of it. Only the PMD that polls the queue may, here and below.
    #[inline]
    pub fn come(&self, frames: u64) {
        self.frames.add(frames);
    }

    /// Counts so many frames that came again.
    pub fn come_again(&self, frames: u64) {
        self.again.add(frames);
    }

    /// Counts so many subtables that the classifier looked at.
    pub fn probe(&self, subtables: u64) {
        self.probes.add(subtables);
    }

    /// Counts so many cycles of upcalls.
    pub fn ask(&self, cycles: u64) {
        self.upcalls.add(cycles);
    }

    /// The core whose PMD polls the queue.
    pub fn core(&self) -> usize {
        self.core.0.load(Relaxed)
    }

    /// Says whose the queue is. Only the control core may.
    pub fn set_core(&self, core: usize) {
        self.core.0.store(core, Relaxed);
    }
}

/// Where a PMD finds queues that are given to it, and leaves those that are taken away.
pub struct Exchange<R: 'static> {
    /// Queues that it is to poll.
    pub given: Inbox<Rxq<R>>,
    /// Queues that it polls no more.
    pub back: Sender<Rxq<R>>,
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;
    use crate::flow::Flow;
    use crate::ledger::Ledger;

    const LINE: usize = 64;

    /// Whether neighbours of this type have no line of the cache in common.
    fn is_whole<T>() -> bool {
        align_of::<T>().is_multiple_of(LINE) && size_of::<T>().is_multiple_of(LINE)
    }

    #[test]
    fn no_line_of_the_cache_is_of_two_pmds() {
        assert!(is_whole::<[Load; 3]>() && is_whole::<Ledger>() && is_whole::<[Flow; 3]>());
    }

    #[test]
    fn the_control_core_writes_to_no_line_that_a_poll_writes_to() {
        let line = offset_of!(Load, core) / LINE;
        for polled in [
            offset_of!(Load, frames),
            offset_of!(Load, again),
            offset_of!(Load, probes),
            offset_of!(Load, upcalls),
        ] {
            assert_ne!(polled / LINE, line);
        }
        assert_eq!(size_of::<Load>(), 2 * LINE);
    }
}
