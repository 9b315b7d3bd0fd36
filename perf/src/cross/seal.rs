//! Words that one core writes again and again, and any core reads whole or not at all.

use super::atomic::Ordering::{Acquire, Relaxed, Release};
use super::atomic::{AtomicU64, fence};

/// What stands before the words: a number that names what is in them, and 0 while nothing is, or
/// while they are being written.
#[derive(Debug, Default)]
pub struct Seal(pub(crate) AtomicU64);

impl Seal {
    /// The writer is about to write the words.
    #[inline]
    pub fn open(&self) {
        self.0.store(0, Relaxed);
        // No word may be seen before the 0 is.
        fence(Release);
    }

    /// The writer has written the words of `name`, which is not 0.
    #[inline]
    pub fn close(&self, name: u64) {
        self.0.store(name, Release);
    }

    /// The name of what is in the words; none while nothing is.
    #[inline]
    pub fn name(&self) -> Option<u64> {
        match self.0.load(Acquire) {
            0 => None,
            name => Some(name),
        }
    }

    /// Whether a reader may read the words of `name`.
    #[inline]
    pub fn holds(&self, name: u64) -> bool {
        name != 0 && self.0.load(Acquire) == name
    }

    /// Whether the words that a reader has read since it asked [`Self::holds`] are all of `name`.
    #[inline]
    pub fn still_holds(&self, name: u64) -> bool {
        // The words were read before this, or the seal of what replaced them is seen.
        fence(Acquire);
        self.0.load(Relaxed) == name
    }
}
