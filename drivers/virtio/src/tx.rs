//! The sending queue of a network card.

use bus::Mmio;
use frame::{BURST, Frame, LocalPool, Outbox, TxQueue};
use heapless::Vec;

use crate::net::HEADER;
use crate::queue::{Lies, N, Queue, Writer};
use crate::transport::Doorbell;

/// The sending queue. It leaves frames with the device until there is more than a burst of them,
/// or the ring has no room for what is to be sent, and then takes all back that were sent.
pub struct NetTx<M> {
    queue: Queue<Frame>,
    doorbell: Doorbell<M>,
    /// Ids that the device was not given.
    free: Vec<u16, N>,
    unsendable: u64,
}

impl<M: Mmio> NetTx<M> {
    pub(crate) fn over(queue: Queue<Frame>, doorbell: Doorbell<M>) -> Self {
        let free = (0..queue.size()).rev().collect();
        Self { queue, doorbell, free, unsendable: 0 }
    }

    /// What the device said that cannot be true, since boot.
    pub fn lies_by_kind(&self) -> Lies {
        self.queue.lies()
    }

    /// Frames that were taken and put back unsent since boot, because they had no headroom left
    /// for the device's header of 12 bytes.
    pub fn unsendable(&self) -> u64 {
        self.unsendable
    }

    #[inline]
    fn send(&mut self, pool: &mut LocalPool, mut frame: Frame) {
        if !frame.prepend([0; HEADER]) {
            self.unsendable += 1;
            return pool.put(frame);
        }
        if let Some(id) = self.free.pop() {
            self.queue.describe(id, frame.len() as u32, Writer::Driver);
            self.queue.give(id, frame.address(), frame);
        }
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
        let room = if self.queue.is_stopped() { 0 } else { self.free.len() };
        let taken = outbox.len().min(room);
        for frame in outbox.drain(..taken) {
            self.send(pool, frame);
        }
        if taken > 0 && self.queue.publish() {
            self.doorbell.ring();
        }
        taken
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        let ready = self.queue.ready();
        for used in self.queue.entries(ready) {
            if let Some(frame) = self.queue.take_back(used.id) {
                pool.put(frame);
                let _fits = self.free.push(used.id as u16);
            }
        }
    }

    fn backlog(&self) -> u32 {
        u32::from(self.queue.size()) - self.free.len() as u32
    }

    fn lies(&self) -> u64 {
        self.queue.lies().total()
    }
}
