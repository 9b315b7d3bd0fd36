//! The room that hands frames over to transmit rings: the only one that meets these.

use frame::{LocalPool, TxQueue};
use heapless::Vec;

use crate::books::Books;
use crate::ledger::{ACCOUNTS, Ledger};
use crate::outboxes::{Outboxes, Waiting};
use crate::parse::LARGEST;

/// The ways out that one PMD owns, by port.
pub struct Exits<T: 'static> {
    /// What waits for them, in the same order.
    pub(crate) outboxes: Outboxes,
    queues: Vec<&'static mut T, ACCOUNTS>,
}

/// A transmit queue, and the frames that wait for it.
pub struct Exit<T> {
    waiting: Waiting,
    queue: T,
}

/// What one visit to the transmit rings did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// Frames that rings took.
    pub(crate) frames: u32,
    /// Ports that took any.
    pub(crate) batches: u32,
    /// Frames that rings had no room for.
    pub(crate) refused: u32,
    /// Frames that were to leave by links that are down.
    pub(crate) lost: u32,
}

impl<T: TxQueue> Exits<T> {
    /// No way out.
    pub const fn new() -> Self {
        Self { outboxes: Outboxes::new(), queues: Vec::new() }
    }

    /// Makes `exit` the way out by its port. False if there is no such port or it has one already.
    pub fn add(&mut self, exit: &'static mut Exit<T>) -> bool {
        let Exit { waiting, queue } = exit;
        self.outboxes.add(waiting) && self.queues.push(queue).is_ok()
    }

    /// Hands waiting frames to their rings, where it is time to at `now`. What a ring has no room
    /// for is dropped.
    #[inline]
    pub(crate) fn flush(&mut self, pool: &mut LocalPool, books: &mut Books, now: u64) -> Flushed {
        if !self.outboxes.may_keep() {
            return self.flush_all(pool, books);
        }
        let kept = self.outboxes.keep(books, now);
        let flushed = self.flush_all(pool, books);
        self.outboxes.wait_at(kept);
        flushed
    }

    /// Hands all waiting frames to their rings. What a ring has no room for, or what was to leave by
    /// a link that is down, is dropped.
    #[inline]
    pub(crate) fn flush_all(&mut self, pool: &mut LocalPool, books: &mut Books) -> Flushed {
        let mut flushed = Flushed::default();
        if self.outboxes.without_link() != 0 {
            flushed.lost = self.outboxes.lose(pool, books);
        }
        let mut places = self.outboxes.take_places();
        while places != 0 {
            let place = places.trailing_zeros() as usize;
            places &= places - 1;
            let Some(queue) = self.queues.get_mut(place) else { continue };
            let Some(waiting) = self.outboxes.at(place) else { continue };
            waiting.set_out(books);
            let taken = queue.tx(pool, &mut waiting.outbox);
            flushed.refused += waiting.settle(taken, pool, books);
            flushed.frames += taken as u32;
            flushed.batches += u32::from(taken > 0);
        }
        flushed
    }

    /// Takes back the frames that devices are done with.
    pub(crate) fn reclaim(&mut self, pool: &mut LocalPool) {
        self.queues.iter_mut().for_each(|queue| queue.reclaim(pool));
    }

    /// Has rings do what frames need not wait for.
    pub(crate) fn keep_house(&mut self, pool: &mut LocalPool) {
        self.queues.iter_mut().for_each(|queue| queue.keep_house(pool));
    }

    /// Says in `ledger` how many frames each ring holds, and how many it never sent.
    pub(crate) fn publish(&self, ledger: &Ledger) {
        for (waiting, queue) in self.outboxes.all().zip(&self.queues) {
            ledger.set_pending(waiting.port, queue.backlog());
            ledger.set_unsent(waiting.port, queue.unsent());
        }
    }
}

impl<T: TxQueue> Default for Exits<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: TxQueue> Exit<T> {
    /// A way out by `port`, whose transmit queue is `queue`, with no frame waiting, for frames of
    /// ordinary length.
    pub const fn new(port: u16, queue: T) -> Self {
        Self { waiting: Waiting::new(port, LARGEST), queue }
    }

    /// The same, for frames of so many bytes, as [`LARGEST`].
    pub fn carrying(mut self, largest: usize) -> Self {
        self.waiting.largest = largest;
        self
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.waiting.port
    }
}
