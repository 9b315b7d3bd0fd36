//! A table that one core rewrites while others read it: two copies, of which readers have one.
//!
//! The publisher writes the copy that nobody reads, and publishes it by counting the generation up.
//! A reader turns to the newest copy when it acknowledges, between two iterations, and reads that
//! one until it acknowledges again. The copy that became old is written only once all readers have
//! turned away from it. Nobody waits for anybody: where readers are late there is no draft yet.

#![expect(unsafe_code, reason = "two copies that change hands by turns")]

use core::cell::UnsafeCell;

use super::atomic::AtomicU64;
use super::atomic::Ordering::{Acquire, Relaxed, Release};

/// Readers that a table has at most.
pub const READERS: usize = 16;

/// Memory of a table.
pub struct Published<T> {
    copies: [UnsafeCell<T>; 2],
    /// The copy of this number, modulo two, is the newest.
    generation: AtomicU64,
    /// The generation that each reader reads.
    read: [Read; READERS],
}

const _: () = assert!(size_of::<Read>() == 64 && align_of::<Published<u8>>() == 64);

/// A reader's own word, on a cache line that nobody else writes.
#[repr(align(64))]
struct Read(AtomicU64);

// SAFETY: A copy is written only through the one `Publisher`, and only while no `Reader` reads it;
// see `draft`.
unsafe impl<T: Send + Sync> Sync for Published<T> {}

impl<T> Published<T> {
    /// A table that is `first` until something else is published, in `second`'s place.
    pub fn new(first: T, second: T) -> Self {
        Self {
            copies: [UnsafeCell::new(first), UnsafeCell::new(second)],
            generation: AtomicU64::new(0),
            read: core::array::from_fn(|_| Read(AtomicU64::new(0))),
        }
    }

    /// Its publisher, and readers, up to [`READERS`].
    pub fn open(
        &'static mut self,
        readers: usize,
    ) -> (Publisher<T>, impl Iterator<Item = Reader<T>>) {
        let (shared, readers) = (&*self, readers.min(READERS));
        let read = (0..readers).map(|number| Reader { shared, number, generation: 0 });
        (Publisher { shared, readers }, read)
    }

    fn copy(&self, generation: u64) -> *mut T {
        self.copies[generation as usize % 2].get()
    }
}

/// Whoever changes the table.
pub struct Publisher<T: 'static> {
    shared: &'static Published<T>,
    readers: usize,
}

impl<T> Publisher<T> {
    /// What was published last.
    pub fn current(&self) -> &T {
        let copy = self.shared.copy(self.generation());
        // SAFETY: Only `draft` writes, through this publisher, and never to the newest copy.
        unsafe { &*copy }
    }

    /// How often something was published.
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Relaxed)
    }

    /// Whether all readers read what was published last.
    pub fn is_settled(&self) -> bool {
        let generation = self.generation();
        let read = &self.shared.read[..self.readers];
        read.iter().all(|read| read.0.load(Acquire) == generation)
    }

    /// What was published last, and the other copy, to be written; none while somebody may read
    /// that.
    pub fn draft(&mut self) -> Option<(&T, &mut T)> {
        if !self.is_settled() {
            return None;
        }
        let generation = self.generation();
        let (current, other) = (self.shared.copy(generation), self.shared.copy(generation + 1));
        // SAFETY: As for `current`.
        let current = unsafe { &*current };
        // SAFETY: Every reader has turned to `generation` and can turn only to what is published
        // next, which takes this publisher, borrowed for as long as the draft is.
        let other = unsafe { &mut *other };
        Some((current, other))
    }

    /// Has readers turn to the other copy when they acknowledge next.
    pub fn publish(&mut self) {
        self.shared.generation.store(self.generation() + 1, Release);
    }
}

/// One core's view of the table.
pub struct Reader<T: 'static> {
    shared: &'static Published<T>,
    number: usize,
    generation: u64,
}

impl<T> Reader<T> {
    /// The table as it was when this reader acknowledged last.
    #[inline]
    pub fn get(&self) -> &T {
        let copy = self.shared.copy(self.generation);
        // SAFETY: The publisher does not write this copy until `acknowledge` says that it is read
        // no more, which takes the reader that this borrows.
        unsafe { &*copy }
    }

    /// Turns to what was published last. Whether that is something new.
    #[inline]
    pub fn acknowledge(&mut self) -> bool {
        let generation = self.shared.generation.load(Acquire);
        if generation == self.generation {
            return false;
        }
        self.generation = generation;
        self.shared.read[self.number].0.store(generation, Release);
        true
    }
}
