//! Whose turn it is at the entries of a bounded queue: one writer, one reader.

use super::atomic::AtomicU64;
use super::atomic::Ordering::{Acquire, Relaxed, Release};

/// Entries are numbered from 0, and lie in places by their number modulo the capacity.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    written: AtomicU64,
    taken: Apart,
}

/// The reader's count, on a cache line that the writer does not write.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Apart(AtomicU64);

impl Turns {
    /// The number of the entry that the writer may write; none while `capacity` of them wait.
    #[inline]
    pub(crate) fn to_write(&self, capacity: u64) -> Option<u64> {
        let written = self.written.load(Relaxed);
        (written - self.taken.0.load(Acquire) < capacity).then_some(written)
    }

    /// The writer has written that entry.
    pub(crate) fn wrote(&self) {
        self.written.store(self.written.load(Relaxed) + 1, Release);
    }

    /// The number of the oldest entry that waits for the reader.
    pub(crate) fn to_read(&self) -> Option<u64> {
        let taken = self.taken();
        (self.written.load(Acquire) != taken).then_some(taken)
    }

    /// The reader has read that entry.
    pub(crate) fn read(&self) {
        self.taken.0.store(self.taken() + 1, Release);
    }

    /// Entries that were read.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.0.load(Relaxed)
    }

    /// Entries that wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.written.load(Acquire) - self.taken()
    }
}
