//! What a device was given, and what it said of that.
//!
//! The device cannot write these: they decide whether an id may come back.

use crate::queue::{N, slot};

/// How often a device said what cannot be true, by kind. Counts since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    /// It used a descriptor that the queue does not have.
    pub id_out_of_range: u64,
    /// It used a descriptor that it was not given, or has given back already.
    pub id_not_given: u64,
    /// It wrote less than the header that comes in front of every frame.
    pub too_short: u64,
    /// It wrote more than the buffer holds.
    pub too_long: u64,
    /// It used more descriptors than it had. The queue was stopped for good.
    pub index_jump: u64,
}

impl Lies {
    /// Lies of all kinds.
    pub fn total(&self) -> u64 {
        self.id_out_of_range + self.id_not_given + self.too_short + self.too_long + self.index_jump
    }
}

/// What the device was given, by id, and what it said of that.
pub(crate) struct Books<T> {
    given: [Option<T>; N],
    size: u16,
    is_stopped: bool,
    lies: Lies,
    /// Lies that [`news`](Self::news) did not tell of yet.
    untold: u32,
}

impl<T> Books<T> {
    pub(crate) fn new(size: u16) -> Self {
        let given = [const { None }; N];
        Self { given, size, is_stopped: false, lies: Lies::default(), untold: 0 }
    }

    /// Descriptors of the queue, a power of two.
    pub(crate) fn size(&self) -> u16 {
        self.size
    }

    pub(crate) fn lies(&self) -> Lies {
        self.lies
    }

    /// Whether there were lies since [`news`](Self::news) was last asked.
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        self.untold > 0
    }

    /// Lies since this was last asked.
    pub(crate) fn news(&mut self) -> u32 {
        core::mem::take(&mut self.untold)
    }

    /// Whether the device lost its credit: nothing more is taken from it or given to it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    #[inline]
    pub(crate) fn note(&mut self, id: u16, item: T) -> &T {
        let place = &mut self.given[slot(id)];
        debug_assert!(place.is_none(), "an id is given only while the device does not have it");
        // Saves asking whether there is a frame to drop, once for each that moves.
        core::mem::forget(place.take());
        place.insert(item)
    }

    /// What the device was given as `id`, if it has that.
    #[inline]
    pub(crate) fn take_back(&mut self, id: u32) -> Option<T> {
        let item = self.given.get_mut(id as usize).and_then(Option::take);
        if item.is_none() {
            self.count_bad_id(id);
        }
        item
    }

    #[cold]
    fn count_bad_id(&mut self, id: u32) {
        if id < u32::from(self.size) {
            self.lies.id_not_given += 1;
        } else {
            self.lies.id_out_of_range += 1;
        }
        self.untold += 1;
    }

    /// Counts a number of bytes that the device cannot have written.
    #[cold]
    pub(crate) fn count_bad_len(&mut self, is_too_short: bool) {
        if is_too_short {
            self.lies.too_short += 1;
        } else {
            self.lies.too_long += 1;
        }
        self.untold += 1;
    }

    #[cold]
    pub(crate) fn stop(&mut self) -> u16 {
        self.is_stopped = true;
        self.lies.index_jump += 1;
        self.untold += 1;
        0
    }

    /// All that the device still has.
    #[cfg(test)]
    pub(crate) fn into_given(self) -> impl Iterator<Item = T> {
        self.given.into_iter().flatten()
    }
}
