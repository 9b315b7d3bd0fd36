//! Who lives in a segment, and whether it must be let alone.

use super::atomic::Ordering::{Acquire, Relaxed, Release};
use super::atomic::{AtomicU32, AtomicU64};

/// A count on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Apart(pub(crate) AtomicU32);

/// The chunk that lives in a segment, and the pins that keep it there. The writer alone changes
/// the chunk and adds pins; the reader alone releases them. A segment is pinned while the two counts
/// differ.
#[derive(Debug, Default)]
pub(crate) struct Tenancy {
    /// Number of the chunk plus one; 0 before the first.
    pub(crate) chunk: AtomicU64,
    pub(crate) pinned: AtomicU32,
    pub(crate) released: Apart,
}

impl Tenancy {
    /// Whether `chunk` lives here.
    #[inline]
    pub(crate) fn holds(&self, chunk: u64) -> bool {
        self.chunk.load(Acquire) == chunk + 1
    }

    /// The writer has `chunk` live here from now on, with so many pins that were asked for before.
    pub(crate) fn move_in(&self, chunk: u64, pins: u32) {
        self.chunk.store(chunk + 1, Release);
        self.pin(pins);
    }

    /// The writer adds `pins`.
    pub(crate) fn pin(&self, pins: u32) {
        self.pinned.store(self.pinned.load(Relaxed).wrapping_add(pins), Relaxed);
    }

    /// The reader takes one pin away, when it has read what it kept.
    pub(crate) fn release(&self) {
        let released = &self.released.0;
        released.store(released.load(Relaxed).wrapping_add(1), Release);
    }

    /// Whether the writer must let it alone.
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Relaxed) != self.released.0.load(Acquire)
    }
}
