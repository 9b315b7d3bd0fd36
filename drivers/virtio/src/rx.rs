//! The receiving queue of a network card.

use bus::Mmio;
use frame::{BURST, Burst, Frame, LocalPool, Polled, Refused, RxQueue, cpu};
use handover::{Holder, Turn};
use heapless::Vec;

use crate::books::Lies;
use crate::net::HEADER;
use crate::queue::{AnyQueue, Queue, Ring, Watch, Writer};
use crate::transport::Doorbell;

/// The receiving queue. Each descriptor that was started always has a frame: when one comes off
/// the ring, another takes its place in the same poll.
pub struct NetRx<M> {
    /// Where the device says that there is something to take.
    watch: Watch,
    queue: AnyQueue<Frame>,
    doorbell: Doorbell<M>,
    started: u16,
    /// Bytes that the device may fill of each frame: those of the first.
    room: usize,
    /// By what the card is called back.
    holder: Holder,
}

impl<M: Mmio> NetRx<M> {
    pub(crate) fn over((queue, doorbell): (AnyQueue<Frame>, Doorbell<M>), holder: Holder) -> Self {
        Self { watch: queue.watch(), queue, doorbell, started: 0, room: 0, holder }
    }

    /// Fills the ring with frames of `pool`, from where it stopped the last time. Returns how many
    /// frames the ring has then: its capacity, unless `pool` ran out.
    pub fn start(&mut self, pool: &mut LocalPool) -> u32 {
        let state = (&mut self.started, &mut self.room);
        let needs_doorbell = match &mut self.queue {
            AnyQueue::Split(queue) => fill(queue, state, pool),
            AnyQueue::Packed(queue) => fill(queue, state, pool),
        };
        if needs_doorbell {
            self.doorbell.ring();
        }
        u32::from(self.started)
    }

    /// What the device said that cannot be true, since boot.
    pub fn lies_by_kind(&self) -> Lies {
        self.queue.books().lies()
    }

    #[cfg(test)]
    pub(crate) fn into_frames(self) -> impl Iterator<Item = Frame> {
        self.queue.into_given()
    }
}

impl<M: Mmio> RxQueue for NetRx<M> {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        // What is refused is told of in the poll that finds it.
        if self.watch.is_quiet() { Polled::default() } else { self.take(pool, burst) }
    }

    fn refused(&mut self) -> Refused {
        Refused { lies: self.queue.books_mut().news(), ..Refused::default() }
    }

    fn capacity(&self) -> u32 {
        u32::from(self.queue.books().size())
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        match self.holder.look() {
            Some(turn) if turn.is_recall() => self.let_go(turn, pool),
            Some(turn) => self.go_on(turn, pool),
            None if self.holder.may_use() => self.go_through(pool),
            None => {}
        }
    }
}

impl<M: Mmio> NetRx<M> {
    /// Gives up what the device had, which was reset, once all that it had received by then was taken.
    fn let_go(&mut self, turn: Turn, pool: &mut LocalPool) {
        if self.watch.is_quiet() {
            self.queue.let_go(|frame| pool.put(frame));
            self.watch = self.queue.watch();
            self.started = 0;
            self.holder.follow(turn);
        }
    }

    /// Begins again, with a device that was set up anew.
    fn go_on(&mut self, turn: Turn, pool: &mut LocalPool) {
        self.holder.follow(turn);
        self.queue.books_mut().begin();
        self.watch = self.queue.watch();
        self.start(pool);
    }

    /// Looks whether the device can still be believed, and gives it frames where it lacks some since the
    /// start.
    fn go_through(&mut self, pool: &mut LocalPool) {
        self.queue.books_mut().judge(&mut self.holder);
        self.watch = self.queue.watch();
        if self.started < self.capacity() as u16 && !self.queue.books().is_stopped() {
            self.start(pool);
        }
    }

    /// Takes used frames off the ring, and gives it others. Apart from the poll that finds none.
    #[inline(never)]
    fn take(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        let (polled, needs_doorbell) = poll(&mut self.queue, self.room, pool, burst);
        if needs_doorbell {
            self.doorbell.ring();
        }
        self.watch = self.queue.watch();
        polled
    }
}

/// Gives the device frames of `pool`, beside those of the ids that were `started`, with as much room each
/// as the first has. Says whether it needs the doorbell.
fn fill(
    queue: &mut Queue<Frame, impl Ring>,
    (started, room): (&mut u16, &mut usize),
    pool: &mut LocalPool,
) -> bool {
    while *started < queue.books.size() {
        let Some(frame) = pool.take_with(*room) else { break };
        if *room == 0 {
            *room = frame.room();
        }
        queue.ring.describe(*started, (HEADER + *room) as u32, Writer::Device);
        queue.give(*started, frame, address);
        *started += 1;
    }
    queue.ring.publish()
}

/// Moves used frames to `burst`, and gives the device others with this `room`. Says besides whether it
/// needs the doorbell. Not generic: compiled with this crate for speed, not where it is used for size.
fn poll(
    queue: &mut AnyQueue<Frame>,
    room: usize,
    pool: &mut LocalPool,
    burst: &mut Burst,
) -> (Polled, bool) {
    match queue {
        AnyQueue::Split(queue) => poll_ring(queue, room, pool, burst),
        AnyQueue::Packed(queue) => poll_ring(queue, room, pool, burst),
    }
}

#[inline]
fn poll_ring(
    queue: &mut Queue<Frame, impl Ring>,
    room: usize,
    pool: &mut LocalPool,
    burst: &mut Burst,
) -> (Polled, bool) {
    let before = queue.ring.offered();
    let polled = exchange(queue, room, pool, burst);
    (polled, queue.ring.offered() != before && queue.ring.publish())
}

/// Moves used frames to `burst`, as many as it has place for, and makes others available. Each kind of
/// ring has a function of its own, which does nothing else: registers are scarce in it.
#[inline(never)]
fn exchange(
    queue: &mut Queue<Frame, impl Ring>,
    room: usize,
    pool: &mut LocalPool,
    burst: &mut Burst,
) -> Polled {
    let most = (burst.capacity() - burst.len()) as u16;
    let ready = queue.ready(most);
    let wanted = ready.min(most);
    let count = at_hand(pool, wanted);
    let ids = receive(queue, count, pool, burst);
    refill(queue, &ids, room, pool);
    Polled {
        refused: queue.books.has_news(),
        waiting: u32::from(ready - count),
        starved: count < wanted,
    }
}

/// Moves `count` used frames to `burst`, which has room for them. Returns whose place is empty.
#[inline]
fn receive(
    queue: &mut Queue<Frame, impl Ring>,
    count: u16,
    pool: &mut LocalPool,
    burst: &mut Burst,
) -> Ids {
    let mut ids = Ids::new();
    for used in queue.ring.entries(count) {
        let Some(mut frame) = queue.books.take_back(used.id) else { continue };
        let _fits = ids.push(used.id as u16);
        if is_filled(&mut frame, used.len as usize) {
            cpu::prefetch(&frame);
            let _fits = burst.push(frame);
        } else {
            queue.books.count_bad_len((used.len as usize) < HEADER);
            pool.put(frame);
        }
    }
    ids
}

/// Gives the device frames of `pool` as `ids`, each with this `room`.
#[inline]
fn refill(queue: &mut Queue<Frame, impl Ring>, ids: &Ids, room: usize, pool: &mut LocalPool) {
    for id in ids {
        if let Some(frame) = pool.take() {
            debug_assert!(frame.room() >= room, "frames of a store are alike");
            queue.give(*id, frame, address);
        }
    }
}

/// Where the device is to write to: the header comes first.
fn address(frame: &Frame) -> usize {
    frame.address() - HEADER
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
