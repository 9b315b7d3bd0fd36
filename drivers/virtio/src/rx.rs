//! The receiving queue of a network card.

use bus::Mmio;
use frame::{BURST, Burst, Frame, LocalPool, Polled, Refused, RxQueue, cpu};
use heapless::Vec;

use crate::net::HEADER;
use crate::queue::{Lies, Queue, Writer};
use crate::transport::Doorbell;

/// The receiving queue. Each descriptor that was started always has a frame: when one comes off
/// the ring, another takes its place in the same poll.
pub struct NetRx<M> {
    queue: Queue<Frame>,
    doorbell: Doorbell<M>,
    started: u16,
    /// Bytes that the device may fill of each frame: those of the first.
    room: usize,
}

impl<M: Mmio> NetRx<M> {
    pub(crate) fn over(queue: Queue<Frame>, doorbell: Doorbell<M>) -> Self {
        Self { queue, doorbell, started: 0, room: 0 }
    }

    /// Fills the ring with frames of `pool`, from where it stopped the last time. Returns how many
    /// frames the ring has then: its capacity, unless `pool` ran out.
    pub fn start(&mut self, pool: &mut LocalPool) -> u32 {
        while self.started < self.queue.size() {
            let Some(frame) = pool.take_with(self.room) else { break };
            if self.room == 0 {
                self.room = frame.room();
            }
            self.queue.describe(self.started, (HEADER + self.room) as u32, Writer::Device);
            self.queue.give(self.started, frame.address() - HEADER, frame);
            self.started += 1;
        }
        self.publish();
        u32::from(self.started)
    }

    /// What the device said that cannot be true, since boot.
    pub fn lies_by_kind(&self) -> Lies {
        self.queue.lies()
    }

    /// Moves `count` used frames to `burst`, which has room for them. Returns whose place is empty.
    #[inline]
    fn receive(&mut self, count: u16, pool: &mut LocalPool, burst: &mut Burst) -> Ids {
        let mut ids = Ids::new();
        for used in self.queue.entries(count) {
            let Some(mut frame) = self.queue.take_back(used.id) else { continue };
            let _fits = ids.push(used.id as u16);
            if is_filled(&mut frame, used.len as usize) {
                cpu::prefetch(&frame);
                let _fits = burst.push(frame);
            } else {
                self.queue.count_bad_len((used.len as usize) < HEADER);
                pool.put(frame);
            }
        }
        ids
    }

    /// Gives the device frames of `pool` as `ids`.
    #[inline]
    fn refill(&mut self, ids: &Ids, pool: &mut LocalPool) {
        for id in ids {
            if let Some(frame) = pool.take() {
                debug_assert!(frame.room() >= self.room, "frames of a store are alike");
                self.queue.give(*id, frame.address() - HEADER, frame);
            }
        }
    }

    fn publish(&mut self) {
        if self.queue.publish() {
            self.doorbell.ring();
        }
    }

    #[cfg(test)]
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.queue.into_given()
    }
}

/// Makes `frame` as long as the device says that header and frame are. False if that cannot be.
#[inline]
fn is_filled(frame: &mut Frame, len: usize) -> bool {
    len.checked_sub(HEADER).is_some_and(|len| frame.fill(len))
}

/// Ids of descriptors without a frame. They get one only after all used entries were looked at, so
/// that an id that comes twice is found out.
type Ids = Vec<u16, BURST>;

/// How many frames `pool` has for sure, up to `wanted`.
#[inline]
fn at_hand(pool: &mut LocalPool, wanted: u16) -> u16 {
    if pool.level() >= usize::from(wanted) { wanted } else { fetch(pool, wanted) }
}

/// Makes `pool` ask the shared store, by taking frames until it has to, and putting them back.
#[cold]
fn fetch(pool: &mut LocalPool, wanted: u16) -> u16 {
    let frames = core::iter::from_fn(|| pool.take()).take(wanted.into());
    let frames: Vec<Frame, BURST> = frames.collect();
    let fetched = frames.len() as u16;
    frames.into_iter().for_each(|frame| pool.put(frame));
    fetched
}

impl<M: Mmio> RxQueue for NetRx<M> {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        match self.queue.ready() {
            0 => Polled { refused: self.queue.has_news(), ..Polled::default() },
            ready => self.take(ready, pool, burst),
        }
    }

    fn refused(&mut self) -> Refused {
        Refused { lies: self.queue.news(), ..Refused::default() }
    }

    fn capacity(&self) -> u32 {
        u32::from(self.queue.size())
    }
}

impl<M: Mmio> NetRx<M> {
    /// Takes used frames off the ring, of which so many are `ready`, and gives it others. Apart from
    /// the poll that finds none.
    #[inline(never)]
    fn take(&mut self, ready: u16, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let wanted = ready.min((burst.capacity() - burst.len()) as u16);
        let count = at_hand(pool, wanted);
        let ids = self.receive(count, pool, burst);
        if !ids.is_empty() {
            self.refill(&ids, pool);
            self.publish();
        }
        Polled {
            refused: self.queue.has_news(),
            waiting: u32::from(ready - count),
            starved: count < wanted,
        }
    }
}
