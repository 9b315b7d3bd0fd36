//! The sending queue of a network card.

use bus::Mmio;
use frame::{BURST, Frame, LocalPool, Outbox, TxQueue};
use handover::{Holder, Turn};
use heapless::Vec;

use crate::books::Lies;
use crate::net::HEADER;
use crate::queue::{AnyQueue, N, Queue, Ring, Writer};
use crate::transport::Doorbell;

/// The sending queue. It leaves frames with the device until there is more than a burst of them,
/// or the ring has no room for what is to be sent, and then takes all back that were sent.
pub struct NetTx<M> {
    queue: AnyQueue<Frame>,
    doorbell: Doorbell<M>,
    free: Free,
    unsendable: u64,
    unsent: u64,
    /// By what the card is called back.
    holder: Holder,
}

impl<M: Mmio> NetTx<M> {
    pub(crate) fn over((queue, doorbell): (AnyQueue<Frame>, Doorbell<M>), holder: Holder) -> Self {
        let free = all_ids(&queue);
        Self { queue, doorbell, free, unsendable: 0, unsent: 0, holder }
    }

    /// What the device said that cannot be true, since boot.
    pub fn lies_by_kind(&self) -> Lies {
        self.queue.books().lies()
    }

    /// Descriptors of the ring.
    pub fn capacity(&self) -> u32 {
        u32::from(self.queue.books().size())
    }

    /// Frames that were taken and put back unsent since boot, because they had no headroom left
    /// for the device's header of 12 bytes.
    pub fn unsendable(&self) -> u64 {
        self.unsendable
    }

    /// Has the device send `count` frames from the front of `outbox`, which it has room for.
    #[inline]
    fn send(&mut self, count: usize, pool: &mut LocalPool, outbox: &mut Outbox) {
        let Self { queue, doorbell, free, unsendable, .. } = self;
        let (unsent, needs_doorbell) = give(queue, free, pool, (outbox, count));
        *unsendable += unsent;
        if needs_doorbell {
            doorbell.ring();
        }
    }

    /// Gives up what the device had and did not send, which was reset.
    fn let_go(&mut self, turn: Turn, pool: &mut LocalPool) {
        let Self { queue, unsent, .. } = self;
        queue.let_go(|frame| {
            *unsent += 1;
            pool.put(frame);
        });
        self.free = all_ids(&self.queue);
        self.holder.follow(turn);
    }

    /// Begins again, with a device that was set up anew.
    fn go_on(&mut self, turn: Turn) {
        self.holder.follow(turn);
        self.queue.books_mut().begin();
    }

    #[cfg(test)]
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.queue.into_given()
    }
}

impl<M: Mmio> TxQueue for NetTx<M> {
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        if self.backlog() as usize > BURST || self.free.len() < outbox.len() {
            self.reclaim(pool);
        }
        let room = if self.queue.books().is_stopped() { 0 } else { self.free.len() };
        let taken = outbox.len().min(room);
        if taken > 0 {
            self.send(taken, pool, outbox);
        }
        taken
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        take_back(&mut self.queue, &mut self.free, pool);
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        self.reclaim(pool);
        match self.holder.look() {
            Some(turn) if turn.is_recall() => self.let_go(turn, pool),
            Some(turn) => self.go_on(turn),
            None if self.holder.may_use() => self.queue.books_mut().judge(&mut self.holder),
            None => {}
        }
    }

    fn backlog(&self) -> u32 {
        self.capacity() - self.free.len() as u32
    }

    fn unsent(&self) -> u64 {
        self.unsent
    }

    fn lies(&self) -> u64 {
        self.queue.books().lies().total()
    }
}

/// Ids that a device was not given.
type Free = Vec<u16, N>;

fn all_ids(queue: &AnyQueue<Frame>) -> Free {
    (0..queue.books().size()).rev().collect()
}

/// Gives the device so many frames from the front of `outbox`, for each of which there is an id. Returns
/// how many could not be sent and went to `pool`, and whether the device needs the doorbell. Not generic,
/// as [`take_back`]: compiled with this crate for speed, not where it is used for size.
fn give(
    queue: &mut AnyQueue<Frame>,
    free: &mut Free,
    pool: &mut LocalPool,
    (outbox, count): (&mut Outbox, usize),
) -> (u64, bool) {
    let frames = outbox.drain(..count);
    match queue {
        AnyQueue::Split(queue) => send(queue, free, pool, frames),
        AnyQueue::Packed(queue) => send(queue, free, pool, frames),
    }
}

/// Takes back all frames that the device has used.
fn take_back(queue: &mut AnyQueue<Frame>, free: &mut Free, pool: &mut LocalPool) {
    match queue {
        AnyQueue::Split(queue) => take_used(queue, free, pool),
        AnyQueue::Packed(queue) => take_used(queue, free, pool),
    }
}

/// Gives the device `frames`. Each kind of ring has a function of its own, as in [`take_used`]: in one for
/// both, registers would not do.
#[inline(never)]
fn send(
    queue: &mut Queue<Frame, impl Ring>,
    free: &mut Free,
    pool: &mut LocalPool,
    frames: impl Iterator<Item = Frame>,
) -> (u64, bool) {
    let mut unsendable = 0;
    for mut frame in frames {
        if !frame.prepend([0; HEADER]) {
            unsendable += 1;
            pool.put(frame);
        } else if let Some(id) = free.pop() {
            queue.ring.describe(id, frame.len() as u32, Writer::Driver);
            queue.give(id, frame, Frame::address);
        }
    }
    (unsendable, queue.ring.publish())
}

#[inline(never)]
fn take_used(queue: &mut Queue<Frame, impl Ring>, free: &mut Free, pool: &mut LocalPool) {
    let ready = queue.ready(N as u16);
    for used in queue.ring.entries(ready) {
        if let Some(frame) = queue.books.take_back(used.id) {
            pool.put(frame);
            let _fits = free.push(used.id as u16);
        }
    }
}
