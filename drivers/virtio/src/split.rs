//! The split ring (2.7): a table of buffers, a ring of those available to the device, and a ring
//! of those it has used. The id of a buffer is its place in the table.

use core::sync::atomic::{
    AtomicU16, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};

use bus::{Dma, Shared};

use crate::queue::{Entry, Layout, N, Request, Ring, Watch, Writer, slot};

/// Bytes that a ring takes of memory that is aligned to a cache line.
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
/// Where the index stands in the first word of the used ring.
const INDEX: u32 = 16;

/// The driver's end of a split ring.
pub(crate) struct Split {
    table: Shared<AtomicU64, TABLE>,
    available: Shared<AtomicU16, AVAILABLE>,
    used: Shared<AtomicU32, USED>,
    /// Descriptors of the ring, a power of two, less one.
    mask: u16,
    /// Buffers made available since the start, modulo 2^16.
    next: u16,
    /// Used entries that were taken since the start, modulo 2^16.
    taken: u16,
}

impl Split {
    /// An empty ring of `size` descriptors, a power of two of at most [`N`], in zeroed memory.
    pub(crate) fn new(memory: &mut Dma, size: u16) -> Option<Self> {
        let (table, available, used) = (memory.carve(64)?, memory.carve(64)?, memory.carve(64)?);
        let ring = Self { table, available, used, mask: size - 1, next: 0, taken: 0 };
        ring.be_silent();
        Some(ring)
    }

    fn be_silent(&self) {
        self.available[0].store(NO_INTERRUPT, Relaxed);
    }

    fn make_available(&mut self, id: u16) {
        self.available[2 + slot(self.next & self.mask)].store(id, Relaxed);
        self.next = self.next.wrapping_add(1);
    }
}

impl Ring for Split {
    fn layout(&self) -> Layout {
        Layout {
            size: self.mask + 1,
            descriptors: self.table.bus_address(),
            driver: self.available.bus_address(),
            device: self.used.bus_address(),
        }
    }

    #[inline]
    fn describe(&mut self, id: u16, len: u32, writer: Writer) {
        let flags = if writer == Writer::Device { WRITE } else { 0 };
        self.table[2 * slot(id) + 1].store(u64::from(len) | flags, Relaxed);
    }

    #[inline]
    fn offer(&mut self, id: u16, bus_address: u64) {
        self.table[2 * slot(id)].store(bus_address, Relaxed);
        self.make_available(id);
    }

    fn offered(&self) -> u16 {
        self.next
    }

    fn request(&mut self, request: &Request) {
        let first = u64::from(request.len) | NEXT | 1 << NEXT_ID;
        let words = [request.address, first, request.answer, 1 | WRITE];
        self.table.iter().zip(words).for_each(|(place, word)| place.store(word, Relaxed));
        self.make_available(0);
    }

    fn retire(&mut self) {
        self.taken = self.next;
    }

    #[inline]
    fn publish(&mut self) -> bool {
        self.available[1].store(self.next, Release);
        fence(SeqCst);
        self.used[0].load(Relaxed) & NO_NOTIFY == 0
    }

    /// One load, and always exact.
    #[inline]
    fn ready(&self, _most: u16) -> Option<u16> {
        let index = (self.used[0].load(Acquire) >> INDEX) as u16;
        let ready = index.wrapping_sub(self.taken);
        (ready <= self.next.wrapping_sub(self.taken)).then_some(ready)
    }

    #[inline]
    fn entries(&mut self, count: u16) -> impl Iterator<Item = Entry> {
        let (used, mask, first) = (self.used.words(), self.mask, self.taken);
        self.taken = first.wrapping_add(count);
        (0..count).map(move |i| {
            let place = 1 + 2 * slot(first.wrapping_add(i) & mask);
            Entry { id: used[place].load(Relaxed), len: used[place + 1].load(Relaxed) }
        })
    }

    fn clear(&mut self) {
        self.table.iter().for_each(|word| word.store(0, Relaxed));
        self.available.iter().for_each(|word| word.store(0, Relaxed));
        self.used.iter().for_each(|word| word.store(0, Relaxed));
        (self.next, self.taken) = (0, 0);
        self.be_silent();
    }

    /// The index, which counts the entries that were taken.
    #[inline]
    fn watch(&self) -> Watch {
        let word = &self.used.words()[0];
        Watch { word, mask: 0xFFFF << INDEX, quiet: u32::from(self.taken) << INDEX }
    }
}
