//! The split ring (2.7): a table of buffers, a ring of those available to the device, and a ring
//! of those it has used. It knows no registers.
//!
//! Each buffer has an id, its place in the table. What the buffers hold stays in the driver's own
//! `given`, which the device cannot write: it decides whether an id may come back.

use core::sync::atomic::{
    AtomicU16, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};

use bus::{Dma, Shared, Translation};

/// Descriptors that a queue has at most.
pub(crate) const N: usize = 256;
/// Bytes that one queue takes of memory that is aligned to a cache line.
pub(crate) const MEMORY: usize = 4096 + 576 + 2112;

/// Words of the table: address; length, flags and next of each descriptor (2.7.5).
const TABLE: usize = 2 * N;
/// Words of the available ring: flags, index, one id for each descriptor (2.7.6).
const AVAILABLE: usize = 2 + N;
/// Words of the used ring: flags and index together; id and length of each entry (2.7.8).
const USED: usize = 1 + 2 * N;

/// Descriptor flag: the device writes the buffer.
const WRITE: u64 = 1 << 33;
/// Descriptor flag: another one belongs to it, whose id stands at this bit.
const NEXT: u64 = 1 << 32;
const NEXT_ID: u32 = 48;
/// Flag of the available ring: the device is to send no interrupts.
const NO_INTERRUPT: u16 = 1;
/// Flag of the used ring: the device needs no doorbell.
const NO_NOTIFY: u32 = 1;

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

/// Who writes a buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Device,
    Driver,
}

/// What the device says of a buffer that it has used. Nothing of it has been checked.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) id: u32,
    pub(crate) len: u32,
}

/// How many descriptors a queue has, and where the device finds its three parts.
pub(crate) struct Layout {
    pub(crate) size: u16,
    pub(crate) table: u64,
    pub(crate) available: u64,
    pub(crate) used: u64,
}

/// The driver's end of a queue whose buffers belong to a `T` each.
pub(crate) struct Queue<T> {
    table: Shared<AtomicU64, TABLE>,
    available: Shared<AtomicU16, AVAILABLE>,
    used: Shared<AtomicU32, USED>,
    translation: Translation,
    /// What the device was given, by id.
    given: [Option<T>; N],
    /// Descriptors of the queue, a power of two, less one.
    mask: u16,
    /// Buffers made available since the start, modulo 2^16.
    next: u16,
    /// Used entries that were taken since the start, modulo 2^16.
    taken: u16,
    is_stopped: bool,
    lies: Lies,
    /// Lies that [`news`](Self::news) did not tell of yet.
    untold: u32,
}

impl<T> Queue<T> {
    /// An empty queue of `size` descriptors, a power of two of at most [`N`], in zeroed memory.
    pub(crate) fn new(memory: &mut Dma, size: u16) -> Option<Self> {
        let queue = Self {
            translation: memory.translation(),
            table: memory.carve(64)?,
            available: memory.carve(64)?,
            used: memory.carve(64)?,
            given: [const { None }; N],
            mask: size - 1,
            next: 0,
            taken: 0,
            is_stopped: false,
            lies: Lies::default(),
            untold: 0,
        };
        queue.available[0].store(NO_INTERRUPT, Relaxed);
        Some(queue)
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            size: self.size(),
            table: self.table.bus_address(),
            available: self.available.bus_address(),
            used: self.used.bus_address(),
        }
    }

    pub(crate) fn size(&self) -> u16 {
        self.mask + 1
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

    /// Says how long the buffer of `id` is and who writes it.
    #[inline]
    pub(crate) fn describe(&self, id: u16, len: u32, writer: Writer) {
        let flags = if writer == Writer::Device { WRITE } else { 0 };
        self.table[2 * slot(id) + 1].store(u64::from(len) | flags, Relaxed);
    }

    /// Gives the device the buffer of `id`, which lies at `address` and belongs to `item`. It
    /// learns so with [`publish`](Self::publish).
    #[inline]
    pub(crate) fn give(&mut self, id: u16, address: usize, item: T) {
        self.place(id, self.translation.bus_address(address));
        self.offer(id, item);
    }

    /// Says that the buffer of `id` is at this bus address.
    #[inline]
    pub(crate) fn place(&self, id: u16, bus_address: u64) {
        self.table[2 * slot(id)].store(bus_address, Relaxed);
    }

    /// Says that the buffer of `id` is `len` bytes long, read by the device, and has that of `next`
    /// behind it.
    pub(crate) fn describe_first(&self, id: u16, len: u32, next: u16) {
        let word = u64::from(len) | NEXT | u64::from(next) << NEXT_ID;
        self.table[2 * slot(id) + 1].store(word, Relaxed);
    }

    /// Gives the device the buffer of `id`, which is described and belongs to `item`.
    #[inline]
    pub(crate) fn offer(&mut self, id: u16, item: T) {
        let before = self.given[slot(id)].replace(item);
        debug_assert!(before.is_none(), "an id is given only while the device does not have it");
        // Saves asking whether there is a frame to drop, once for each that moves.
        core::mem::forget(before);
        self.available[2 + slot(self.next & self.mask)].store(id, Relaxed);
        self.next = self.next.wrapping_add(1);
    }

    /// Lets the device see what it was given. Returns whether it needs the doorbell: asked after
    /// a full fence, as the device looks for buffers once more after saying that it needs one.
    #[inline]
    #[must_use]
    pub(crate) fn publish(&self) -> bool {
        self.available[1].store(self.next, Release);
        fence(SeqCst);
        self.used[0].load(Relaxed) & NO_NOTIFY == 0
    }

    /// How many used entries wait to be taken: one load. More than there can be is a lie after
    /// which no index of this device means anything; the queue is stopped and keeps all it gave.
    #[inline]
    pub(crate) fn ready(&mut self) -> u16 {
        let index = (self.used[0].load(Acquire) >> 16) as u16;
        let ready = index.wrapping_sub(self.taken);
        if ready == 0 || self.is_stopped {
            return 0;
        }
        if ready > self.next.wrapping_sub(self.taken) { self.stop() } else { ready }
    }

    /// The oldest used entries, `count` of those that [`ready`](Self::ready) counted. Each is read
    /// once.
    #[inline]
    pub(crate) fn entries(&mut self, count: u16) -> impl Iterator<Item = Entry> + use<T> {
        let (used, mask, first) = (self.used.words(), self.mask, self.taken);
        self.taken = first.wrapping_add(count);
        (0..count).map(move |i| {
            let place = 1 + 2 * slot(first.wrapping_add(i) & mask);
            Entry { id: used[place].load(Relaxed), len: used[place + 1].load(Relaxed) }
        })
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
        if id <= u32::from(self.mask) {
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
    fn stop(&mut self) -> u16 {
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

/// A place in a table of [`N`]. The mask changes nothing but what the compiler knows.
#[inline]
fn slot(place: u16) -> usize {
    usize::from(place) & (N - 1)
}
