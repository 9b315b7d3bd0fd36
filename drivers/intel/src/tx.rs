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
use crate::ring::{BLOCK, Descriptors, Given, N, after};

/// Bytes of the shortest frame that a card takes (82599 datasheet, 7.2.1.2: 17); shorter ones are
/// sent as long as the shortest frame of Ethernet.
const LEAST: usize = 60;

/// A transmit queue of a card.
pub struct Tx<M> {
    descriptors: Descriptors,
    /// The frame behind each descriptor that the device has.
    given: &'static mut [Option<Frame>; N],
    flavour: &'static Flavour,
    /// Registers from the tail on.
    tail: M,
    /// The descriptor that the next frame gets.
    next: usize,
    /// The first whose frame was not taken back, and how many there are.
    oldest: usize,
    backlog: usize,
}

impl<M: Mmio> Tx<M> {
    /// An empty ring in `memory`. `tail` reaches the register that says which descriptors the device
    /// has. None if there is too little memory.
    pub(crate) fn new(
        memory: &mut Dma,
        given: &'static mut Given,
        flavour: &'static Flavour,
        tail: M,
    ) -> Option<Self> {
        Some(Self {
            descriptors: Descriptors::new(memory)?,
            given: &mut given.0,
            flavour,
            tail,
            next: 0,
            oldest: 0,
            backlog: 0,
        })
    }

    /// Puts the frames of a card that was closed back into `pool`.
    pub fn end(self, pool: &mut LocalPool) {
        self.given.iter_mut().filter_map(Option::take).for_each(|frame| pool.put(frame));
    }

    /// Where the device finds the ring.
    pub(crate) fn bus_address(&self) -> u64 {
        self.descriptors.bus_address()
    }

    #[inline]
    fn give(&mut self, mut frame: Frame) {
        if frame.len() < LEAST {
            frame.pad(LEAST);
        }
        let report = if self.next % BLOCK == BLOCK - 1 { REPORT } else { 0 };
        let len = frame.len() as u64 * self.flavour.byte;
        let descriptor = &self.descriptors.all()[self.next];
        descriptor[0].store(self.descriptors.translate(frame.address()), Relaxed);
        descriptor[1].store((self.flavour.command + len) | report, Relaxed);
        let before = self.given[self.next].replace(frame);
        debug_assert!(before.is_none(), "the frame that was there has been taken back");
        // Saves asking whether there is a frame to drop, once for each that moves.
        core::mem::forget(before);
        self.next = after(self.next, 1);
        self.backlog += 1;
    }

    #[cfg(test)]
    pub(crate) fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    #[cfg(test)]
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.given.iter_mut().filter_map(Option::take)
    }
}

impl<M: Mmio> TxQueue for Tx<M> {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        // One descriptor stays empty: a full ring would look like an empty one.
        if self.backlog > 2 * BURST || N - 1 - self.backlog < outbox.len() {
            self.reclaim(pool);
        }
        let count = outbox.len().min(N - 1 - self.backlog);
        if count == 0 {
            return 0;
        }
        for frame in outbox.drain(..count) {
            self.give(frame);
        }
        fence(Release);
        self.tail.write32(0, self.next as u32);
        count
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        while self.backlog >= BLOCK {
            let block = self.oldest..self.oldest + BLOCK;
            let last = &self.descriptors.all()[block.end - 1];
            if last[1].load(Acquire) & SENT == 0 {
                return;
            }
            self.given[block].iter_mut().filter_map(Option::take).for_each(|it| pool.put(it));
            self.oldest = after(self.oldest, BLOCK);
            self.backlog -= BLOCK;
        }
    }

    fn backlog(&self) -> u32 {
        self.backlog as u32
    }

    fn lies(&self) -> u64 {
        0
    }
}
