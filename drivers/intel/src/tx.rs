//! The transmit ring of all families.
//!
//! The device reports only that it is done with the last descriptor of each block (RS every 32, with
//! a write-back threshold of 0: 82599 datasheet, 7.2.3.5.1), and a block's frames are taken back
//! together.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::fence;

use bus::{Dma, Mmio};
use frame::{BURST, Frame, LocalPool, Outbox, TxQueue};

use crate::flavour::{Flavour, REPORT, SENT};
use crate::ring::{BLOCK, Descriptors, Placed};

/// Bytes of the shortest frame that a card takes (82599 datasheet, 7.2.1.2: 17); shorter ones are
/// sent as long as the shortest frame of Ethernet.
const LEAST: usize = 60;

/// A transmit queue of a card.
pub struct Tx<M> {
    ring: Ring,
    /// Registers from the tail on.
    tail: M,
}

/// All of it but for the register. Not generic: what it does with frames is compiled with this crate for
/// speed, not where it is used for size.
struct Ring {
    descriptors: Descriptors,
    /// The frame behind each descriptor that the device has.
    given: &'static mut [Option<Frame>],
    flavour: &'static Flavour,
    /// The descriptor that the next frame gets.
    next: usize,
    /// The first whose frame was not taken back, and how many there are.
    oldest: usize,
    backlog: usize,
}

impl<M: Mmio> Tx<M> {
    /// An empty ring in `memory` of as many descriptors as there are places for the frames `given`, a
    /// power of two. `tail` reaches the register that says which the device has. None if there is too
    /// little memory.
    pub(crate) fn new(
        memory: &mut Dma,
        given: &'static mut [Option<Frame>],
        flavour: &'static Flavour,
        tail: M,
    ) -> Option<Self> {
        let descriptors = Descriptors::new(memory, given.len())?;
        let ring = Ring { descriptors, given, flavour, next: 0, oldest: 0, backlog: 0 };
        Some(Self { ring, tail })
    }

    /// Puts the frames of a card that was closed back into `pool`.
    pub fn end(self, pool: &mut LocalPool) {
        self.ring.given.iter_mut().filter_map(Option::take).for_each(|frame| pool.put(frame));
    }

    /// What the device is told of the ring.
    pub(crate) fn placed(&self) -> Placed {
        self.ring.descriptors.placed()
    }

    /// Descriptors of the ring.
    pub fn capacity(&self) -> u32 {
        self.ring.descriptors.count() as u32
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

impl<M: Mmio> TxQueue for Tx<M> {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let count = self.ring.send(pool, outbox);
        if count > 0 {
            fence(Release);
            self.tail.write32(0, self.ring.next as u32);
        }
        count
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        self.ring.reclaim(pool);
    }

    fn backlog(&self) -> u32 {
        self.ring.backlog as u32
    }

    fn lies(&self) -> u64 {
        0
    }
}

impl Ring {
    /// Puts frames from the front of `outbox` into descriptors, as many as there are. Returns how many.
    #[inline(never)]
    fn send(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        // One descriptor stays empty: a full ring would look like an empty one.
        let most = self.descriptors.count() - 1;
        if self.backlog > 2 * BURST || most - self.backlog < outbox.len() {
            self.reclaim(pool);
        }
        let count = outbox.len().min(most - self.backlog);
        let mut left = count;
        while left > 0 {
            let part = left.min(self.descriptors.count() - self.next);
            self.give(part, outbox.drain(..part));
            left -= part;
        }
        count
    }

    /// Puts `count` of `frames` into descriptors, which there are before the end of the ring.
    #[inline]
    fn give(&mut self, count: usize, frames: impl Iterator<Item = Frame>) {
        let places = self.next..self.next + count;
        let descriptors = self.descriptors.all()[places.clone()].iter();
        let given = self.given[places.clone()].iter_mut();
        let Flavour { command, byte, .. } = *self.flavour;
        for (((descriptor, given), place), mut frame) in
            descriptors.zip(given).zip(places).zip(frames)
        {
            if frame.len() < LEAST {
                frame.pad(LEAST);
            }
            let report = if place % BLOCK == BLOCK - 1 { REPORT } else { 0 };
            let len = frame.len() as u64 * byte;
            descriptor[0].store(self.descriptors.translate(frame.address()), Relaxed);
            descriptor[1].store((command + len) | report, Relaxed);
            let before = given.replace(frame);
            debug_assert!(before.is_none(), "the frame that was there has been taken back");
            // Saves asking whether there is a frame to drop, once for each that moves.
            core::mem::forget(before);
        }
        self.next = self.descriptors.after(self.next, count);
        self.backlog += count;
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        while self.backlog >= BLOCK {
            let block = self.oldest..self.oldest + BLOCK;
            let last = &self.descriptors.all()[block.end - 1];
            if last[1].load(Acquire) & SENT == 0 {
                return;
            }
            self.given[block].iter_mut().filter_map(Option::take).for_each(|it| pool.put(it));
            self.oldest = self.descriptors.after(self.oldest, BLOCK);
            self.backlog -= BLOCK;
        }
    }
}
