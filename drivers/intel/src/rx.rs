//! The receive ring of all families.
//!
//! The device fills descriptors in order. Those that were taken off stay empty until there is a whole
//! block of them, which gets frames and is given to the device by one write of the tail.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::fence;

use bus::{Dma, Mmio};
use frame::{Burst, Frame, LocalPool, Polled, Refused, RxQueue, cpu};

use crate::flavour::{DONE, END, Flavour};
use crate::longest::Longest;
use crate::ring::{BLOCK, Descriptors, Placed};

/// A receive queue of a card.
pub struct Rx<M> {
    ring: Ring,
    /// Registers from the tail on.
    tail: M,
}

/// All of it but for the register. Not generic: what it does with frames is compiled with this crate for
/// speed, not where it is used for size.
struct Ring {
    descriptors: Descriptors,
    /// The frame behind each descriptor that the device may fill.
    given: &'static mut [Option<Frame>],
    checks: Checks,
    /// The descriptor that the device fills next.
    next: usize,
    /// The first of those without a frame, and how many there are.
    empty: usize,
    held: usize,
    /// Bytes that the device may fill of each frame.
    room: usize,
}

/// What tells frames from what is none.
struct Checks {
    flavour: &'static Flavour,
    /// A frame is under way that is too long for one descriptor.
    is_inside: bool,
    refused: Refused,
}

impl<M: Mmio> Rx<M> {
    /// A ring in `memory` of as many descriptors as there are places for the frames `given`, a power of
    /// two. The device has none of them yet; `tail` reaches the register that says which it has. None if
    /// there is too little memory.
    pub(crate) fn new(
        memory: &mut Dma,
        given: &'static mut [Option<Frame>],
        flavour: &'static Flavour,
        tail: M,
    ) -> Option<Self> {
        let ring = Ring {
            descriptors: Descriptors::new(memory, given.len())?,
            held: given.len(),
            given,
            checks: Checks { flavour, is_inside: false, refused: Refused::default() },
            next: 0,
            empty: 0,
            room: Longest::new(0).room(),
        };
        Some(Self { ring, tail })
    }

    /// The same ring for frames of up to `longest`.
    pub(crate) fn of(mut self, longest: Longest) -> Self {
        self.ring.room = longest.room();
        self
    }

    /// Puts the frames of a card that was closed back into `pool`.
    pub fn end(self, pool: &mut LocalPool) {
        self.ring.given.iter_mut().filter_map(Option::take).for_each(|frame| pool.put(frame));
    }

    /// What the device is told of the ring.
    pub(crate) fn placed(&self) -> Placed {
        self.ring.descriptors.placed()
    }

    /// Fills the ring with frames of `pool`, as far as there are whole blocks of them. Returns how
    /// many frames the ring has then: none if they have too little room.
    pub fn start(&mut self, pool: &mut LocalPool) -> u32 {
        let Some(frame) = pool.take_with(self.ring.room) else { return 0 };
        pool.put(frame);
        while self.ring.lacks_block() && self.arm(pool) {}
        (self.ring.descriptors.count() - self.ring.held) as u32
    }

    /// Gives the device a block of frames. False, and nothing is changed, if `pool` has too few.
    fn arm(&mut self, pool: &mut LocalPool) -> bool {
        let Some(tail) = self.ring.arm(pool) else { return false };
        fence(Release);
        self.tail.write32(0, tail);
        true
    }

    #[cfg(test)]
    pub(crate) fn descriptors(&self) -> &Descriptors {
        &self.ring.descriptors
    }

    #[cfg(test)]
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.ring.given.iter_mut().filter_map(Option::take)
    }
}

impl<M: Mmio> RxQueue for Rx<M> {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        if self.ring.is_ready() || self.ring.lacks_block() {
            self.receive(pool, burst)
        } else {
            Polled::default()
        }
    }

    fn refused(&mut self) -> Refused {
        core::mem::take(&mut self.ring.checks.refused)
    }

    fn capacity(&self) -> u32 {
        self.ring.descriptors.count() as u32
    }
}

impl<M: Mmio> Rx<M> {
    /// Refills the ring and takes off what is finished. Apart from the poll that finds nothing.
    #[inline(never)]
    fn receive(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        if self.ring.lacks_block() && !self.arm(pool) {
            return Polled { starved: true, ..Polled::default() };
        }
        self.ring.receive(pool, burst)
    }
}

impl Ring {
    /// Whether the device has finished a descriptor.
    #[inline]
    fn is_ready(&self) -> bool {
        self.descriptors.all()[self.next][1].load(Relaxed) & DONE != 0
    }

    /// Whether a whole block of descriptors has no frames.
    #[inline]
    fn lacks_block(&self) -> bool {
        self.held >= BLOCK
    }

    /// Puts frames into a block of descriptors. Returns the tail then; none, and nothing is changed, if
    /// `pool` has too few.
    #[inline(never)]
    fn arm(&mut self, pool: &mut LocalPool) -> Option<u32> {
        let block = self.empty..self.empty + BLOCK;
        let places = self.descriptors.all()[block.clone()].iter().zip(&mut self.given[block]);
        for (count, (descriptor, given)) in places.enumerate() {
            let Some(frame) = pool.take() else {
                self.disarm(count, pool);
                return None;
            };
            debug_assert!(frame.room() >= self.room, "frames of a store are alike");
            let address = self.descriptors.translate(frame.address());
            descriptor[0].store(address, Relaxed);
            descriptor[1].store(0, Relaxed);
            *given = Some(frame);
        }
        self.empty = self.descriptors.after(self.empty, BLOCK);
        self.held -= BLOCK;
        // The device does not look at what the tail points to, nor beyond.
        Some(self.descriptors.after(self.empty, self.descriptors.count() - 1) as u32)
    }

    /// Puts the first `count` frames of a block back that did not become whole.
    #[cold]
    fn disarm(&mut self, count: usize, pool: &mut LocalPool) {
        let block = self.empty..self.empty + count;
        self.given[block].iter_mut().filter_map(Option::take).for_each(|frame| pool.put(frame));
    }

    /// Takes off the ring what is finished, as much as `burst` has room for.
    #[inline(never)]
    fn receive(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        // One descriptor is never the device's.
        let all = self.descriptors.count();
        let room = (burst.capacity() - burst.len()).min(all - self.held - 1);
        let end = (self.next + room).min(all);
        let mut count = self.take(self.next..end, pool, burst);
        if end == all && count == all - self.next {
            count += self.take(0..room - count, pool, burst);
        }
        if count == 0 {
            return Polled::default();
        }
        self.next = self.descriptors.after(self.next, count);
        self.held += count;
        let waiting = if count == room { self.waiting() } else { 0 };
        Polled { waiting, refused: self.checks.refused.is_any(), starved: false }
    }

    /// Takes finished descriptors of `range` off the ring. Returns how many those were.
    #[inline]
    fn take(
        &mut self,
        range: core::ops::Range<usize>,
        pool: &mut LocalPool,
        burst: &mut Burst,
    ) -> usize {
        let given = self.given[range.clone()].iter_mut();
        let mut count = 0;
        for (descriptor, given) in self.descriptors.all()[range].iter().zip(given) {
            // Status and length are of one word, so neither is older than the other; the frame's bytes
            // were written before them and are read after.
            let status = descriptor[1].load(Acquire);
            if status & DONE == 0 {
                break;
            }
            let Some(frame) = given.take() else { break };
            count += 1;
            self.checks.accept(frame, status, pool, burst);
        }
        count
    }

    /// How many frames wait: at least so many, and fewer than twice as many, seen by few looks.
    #[cold]
    #[inline(never)]
    fn waiting(&self) -> u32 {
        let is_done = |count: usize| {
            let place = self.descriptors.after(self.next, count - 1);
            self.descriptors.all()[place][1].load(Relaxed) & DONE != 0
        };
        // Descriptors without a frame are done, too, and not to be counted.
        let count = self.descriptors.count();
        let most = count - self.held - 1;
        let looks = (0..count.ilog2()).map(|power| 1 << power).filter(|count| *count < most);
        let looks = looks.chain((most > 0).then_some(most));
        looks.take_while(|count| is_done(*count)).last().unwrap_or(0) as u32
    }
}

impl Checks {
    #[inline]
    fn accept(&mut self, mut frame: Frame, status: u64, pool: &mut LocalPool, burst: &mut Burst) {
        let len = usize::from((status >> 32) as u16);
        let is_good = status & (END | self.flavour.errors) == END && !self.is_inside;
        if is_good && len > 0 && frame.fill(len) {
            cpu::prefetch(&frame);
            let _there_is_room = burst.push(frame);
        } else {
            self.refuse(status, len);
            pool.put(frame);
        }
    }

    /// Counts what is no frame, once for each that was on the wire.
    #[cold]
    #[inline(never)]
    fn refuse(&mut self, status: u64, len: usize) {
        let is_end = status & END != 0;
        let is_part = core::mem::replace(&mut self.is_inside, !is_end) || !is_end;
        match is_end {
            false => {}
            true if status & self.flavour.errors != 0 => self.refused.damaged += 1,
            true if is_part && len > 0 => self.refused.oversize += 1,
            true => self.refused.lies += 1,
        }
    }
}
