//! The packed ring (2.8): one ring of descriptors that driver and device overwrite in turn.
//!
//! Both go round in the same order. Whose a descriptor is, two flags say: the driver sets one to the
//! turn that it is in and the other to the opposite, and the device makes both the same (2.8.1). So a
//! descriptor was used if that second flag is as the turn; its first flag adds nothing.

use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};

use bus::{Dma, Shared};

use crate::queue::{Entry, Layout, N, Request, Ring, Watch, Writer, slot};

/// Bytes that a ring takes of memory that is aligned to a cache line.
pub(crate) const MEMORY: usize = 16 * N + 64 + 64;

/// Words of a descriptor (2.8.13): address, low half first; length; id and flags, here called tag.
const WORDS: usize = 4;
const LEN: usize = 2;
const TAG: usize = 3;

/// Flags of a descriptor, where they stand in the tag.
const NEXT: u32 = 1 << 16;
const WRITE: u32 = 1 << 17;
const AVAILABLE: u32 = 1 << 23;
const USED: u32 = 1 << 31;

/// Event suppression (2.8.14): the flags of the word, and the value that wants no event.
const EVENTS: u32 = 16;
const DISABLE: u32 = 1;

/// The driver's end of a packed ring.
pub(crate) struct Packed {
    descriptors: Shared<AtomicU32, { WORDS * N }>,
    /// What we want to hear of, and what the device does.
    driver: Shared<AtomicU32, 1>,
    device: Shared<AtomicU32, 1>,
    /// Length, and flag for the writer, of the buffer of each id.
    described: [(u32, u32); N],
    size: u16,
    /// Descriptors written since the start, modulo 2^16.
    next: u16,
    /// Those of them that the device may see, and the tag of the first that it may not.
    published: u16,
    first_tag: u32,
    /// Used descriptors that were taken since the start, modulo 2^16.
    taken: u16,
}

impl Packed {
    /// An empty ring of `size` descriptors, a power of two of at most [`N`], in zeroed memory.
    pub(crate) fn new(memory: &mut Dma, size: u16) -> Option<Self> {
        let ring = Self {
            descriptors: memory.carve(64)?,
            driver: memory.carve(64)?,
            device: memory.carve(64)?,
            described: [(0, 0); N],
            size,
            next: 0,
            published: 0,
            first_tag: 0,
            taken: 0,
        };
        ring.driver[0].store(DISABLE << EVENTS, Relaxed);
        Some(ring)
    }

    /// Whether descriptor `number` since the start is of a turn in which flags are set to 1: the first
    /// is, and then every other.
    fn turn(&self, number: u16) -> bool {
        number & self.size == 0
    }

    /// Word `word` of descriptor `number` since the start.
    fn word(&self, number: u16, word: usize) -> &'static AtomicU32 {
        &self.descriptors.words()[WORDS * slot(number & (self.size - 1)) + word]
    }

    /// The flag of use as it is before the device has used descriptor `number`.
    fn unused(&self, number: u16) -> u32 {
        if self.turn(number) { 0 } else { USED }
    }

    fn is_used(&self, number: u16) -> bool {
        self.word(number, TAG).load(Acquire) & USED != self.unused(number)
    }

    /// Writes the next descriptor. The device goes no further than the first that is not its own, so
    /// the tag of a batch's first descriptor is kept back, and shows all of them at once.
    #[inline]
    fn write(&mut self, id: u16, address: u64, len: u32, flags: u32) {
        let number = self.next;
        self.word(number, 0).store(address as u32, Relaxed);
        self.word(number, 1).store((address >> 32) as u32, Relaxed);
        self.word(number, LEN).store(len, Relaxed);
        let turn = if self.turn(number) { AVAILABLE } else { USED };
        let tag = u32::from(id) | flags | turn;
        if number == self.published {
            self.first_tag = tag;
        } else {
            self.word(number, TAG).store(tag, Relaxed);
        }
        self.next = number.wrapping_add(1);
    }

    /// How many of `held` descriptors from `first` on are used: at least so many, and fewer than twice
    /// as many, seen by few looks.
    #[cold]
    fn fill(&self, first: u16, held: u16) -> u16 {
        let looks = (0..N.ilog2()).map(|power| 1 << power).filter(|count| *count < held);
        let is_used = |count: &u16| self.is_used(first.wrapping_add(count - 1));
        looks.chain([held]).take_while(is_used).last().unwrap_or(0)
    }
}

impl Ring for Packed {
    fn layout(&self) -> Layout {
        Layout {
            size: self.size,
            descriptors: self.descriptors.bus_address(),
            driver: self.driver.bus_address(),
            device: self.device.bus_address(),
        }
    }

    #[inline]
    fn describe(&mut self, id: u16, len: u32, writer: Writer) {
        let flags = if writer == Writer::Device { WRITE } else { 0 };
        self.described[slot(id)] = (len, flags);
    }

    #[inline]
    fn offer(&mut self, id: u16, bus_address: u64) {
        let (len, flags) = self.described[slot(id)];
        self.write(id, bus_address, len, flags);
    }

    fn offered(&self) -> u16 {
        self.next
    }

    fn request(&mut self, request: &Request) {
        self.write(0, request.address, request.len, NEXT);
        self.write(0, request.answer, 1, WRITE);
    }

    /// A command is used by one descriptor, but goes on by as many as it had (2.8.6).
    fn retire(&mut self) {
        self.taken = self.next;
    }

    #[inline]
    fn publish(&mut self) -> bool {
        if self.published != self.next {
            self.word(self.published, TAG).store(self.first_tag, Release);
            self.published = self.next;
        }
        fence(SeqCst);
        self.device[0].load(Relaxed) >> EVENTS & 0b11 != DISABLE
    }

    #[inline]
    fn ready(&self, most: u16) -> Option<u16> {
        let held = self.next.wrapping_sub(self.taken);
        if held == 0 {
            return (!self.is_used(self.taken)).then_some(0);
        }
        let most = most.min(held);
        let is_used = |count: &u16| self.is_used(self.taken.wrapping_add(*count));
        let count = (0..most).take_while(is_used).count() as u16;
        let has_more = count == most && most < held;
        let more = || self.fill(self.taken.wrapping_add(most), held - most);
        Some(count + if has_more { more() } else { 0 })
    }

    #[inline]
    fn entries(&mut self, count: u16) -> impl Iterator<Item = Entry> {
        let first = self.taken;
        self.taken = first.wrapping_add(count);
        let ring = &*self;
        (0..count).map(move |i| {
            let number = first.wrapping_add(i);
            let id = ring.word(number, TAG).load(Relaxed) & 0xFFFF;
            Entry { id, len: ring.word(number, LEN).load(Relaxed) }
        })
    }

    fn clear(&mut self) {
        self.descriptors.iter().for_each(|word| word.store(0, Relaxed));
        self.device[0].store(0, Relaxed);
        (self.next, self.published, self.taken) = (0, 0, 0);
    }

    /// The flag of use of the next descriptor that is to be taken.
    #[inline]
    fn watch(&self) -> Watch {
        Watch { word: self.word(self.taken, TAG), mask: USED, quiet: self.unused(self.taken) }
    }
}
