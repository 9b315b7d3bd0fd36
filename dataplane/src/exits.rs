//! Frames waiting for transmit rings, and the room that hands them over.

use frame::{BURST, Frame, LocalPool, OUTBOX, Outbox, TxQueue};

use heapless::Vec;

use crate::act::discard;
use crate::batch::Batch;
use crate::books::Books;
use crate::ledger::{ACCOUNTS, Ledger, Reason};
use crate::parse::{LARGEST, is_too_long};
use crate::pmd::GROUP;

/// The ways out that one PMD owns, by port.
pub struct Exits<T: 'static> {
    exits: Vec<&'static mut Exit<T>, ACCOUNTS>,
    /// For each port the place of its exit in `exits`; there is none at [`ACCOUNTS`].
    places: [u8; ACCOUNTS],
    /// Bit i says that frames wait at exit i.
    waiting: u32,
    /// Bit i says that the link of exit i is down.
    down: u32,
    /// Clock counts between two visits to the same ring at least; 0 for none.
    interval: u64,
}

/// A transmit queue, and the frames that wait for it.
pub struct Exit<T> {
    port: u16,
    queue: T,
    outbox: Outbox,
    /// Bytes of the frames that wait.
    bytes: u64,
    /// When the ring is visited again, if it is not to be sooner.
    due: u64,
    /// Frames, the first of those that wait, that are kept and not counted as forwarded.
    parked: usize,
    /// Bytes of the largest frame that leaves by it, as [`LARGEST`]; a VLAN tag may come on top.
    largest: usize,
}

/// Frames that wait at most where more may come before the next visit: those of a group of polls
/// have room besides.
const KEPT: usize = OUTBOX - GROUP * BURST;

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
        let places = [ACCOUNTS as u8; ACCOUNTS];
        Self { exits: Vec::new(), places, waiting: 0, down: 0, interval: 0 }
    }

    /// Makes `exit` the way out by its port. False if there is no such port or it has one already.
    pub fn add(&mut self, exit: &'static mut Exit<T>) -> bool {
        let count = self.exits.len() as u8;
        let place = self.places.get_mut(usize::from(exit.port));
        let Some(place) = place.filter(|place| usize::from(**place) == ACCOUNTS) else {
            return false;
        };
        *place = count;
        self.exits.push(exit).is_ok()
    }

    /// The way out by `port`.
    #[inline]
    fn exit(&mut self, port: u16) -> Option<(usize, &mut Exit<T>)> {
        let place = usize::from(self.places[usize::from(port) % ACCOUNTS]);
        Some((place, self.exits.get_mut(place)?))
    }

    /// Bytes of the largest frame that may leave by `port`, if so many frames could wait for it.
    #[inline]
    pub(crate) fn has_room(&mut self, port: u16, frames: usize) -> Option<usize> {
        let (_, exit) = self.exit(port)?;
        let has_room = exit.outbox.capacity() - exit.outbox.len() >= frames;
        has_room.then_some(exit.largest)
    }

    /// Lets all frames of `batch` wait for `port`. False, and nothing was done, if there is no way
    /// out by it, too little room, or one of them may be too long.
    #[inline]
    pub(crate) fn send_all(&mut self, port: u16, batch: &mut Batch) -> bool {
        let Some((place, exit)) = self.exit(port) else { return false };
        let room = exit.outbox.capacity() - exit.outbox.len();
        if room < batch.frames.len() || batch.largest > exit.largest {
            return false;
        }
        exit.bytes += batch.bytes;
        exit.outbox.extend(batch.frames.drain(..));
        self.waiting |= 1 << place;
        true
    }

    /// Lets `frame` wait for `port`. Gives it back with the reason if that cannot be.
    #[inline]
    pub(crate) fn send(&mut self, port: u16, frame: Frame) -> Result<(), (Frame, Reason)> {
        let Some((place, exit)) = self.exit(port) else {
            return Err((frame, Reason::InvalidPort));
        };
        if is_too_long(&frame, exit.largest) {
            return Err((frame, Reason::TxOversize));
        }
        let len = frame.len() as u64;
        exit.outbox.push(frame).map_err(|frame| (frame, Reason::TxRingFull))?;
        exit.bytes += len;
        self.waiting |= 1 << place;
        Ok(())
    }

    /// Has so many clock counts pass between two visits to the same ring at least.
    pub(crate) fn set_interval(&mut self, interval: u64) {
        self.interval = interval;
    }

    /// Has nothing leave by the ports in `down`, where bit p stands for port p.
    pub(crate) fn set_down(&mut self, down: u16) {
        let is_down = |exit: &Exit<T>| u32::from(down) >> exit.port & 1 == 1;
        let places = self.exits.iter().enumerate().filter(|(_, exit)| is_down(exit));
        self.down = places.fold(0, |down, (place, _)| down | 1 << place);
    }

    /// Whether frames wait for anything.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting != 0
    }

    /// Hands waiting frames to their rings, where it is time to at `now`. What a ring has no room
    /// for is dropped.
    #[inline]
    pub(crate) fn flush(&mut self, pool: &mut LocalPool, books: &mut Books, now: u64) -> Flushed {
        if self.interval == 0 {
            return self.flush_all(pool, books);
        }
        let kept = self.keep(books, now);
        self.waiting &= !kept;
        let flushed = self.flush_all(pool, books);
        self.waiting |= kept;
        flushed
    }

    /// Exits whose frames go on waiting. The others are due again later.
    #[cold]
    fn keep(&mut self, books: &mut Books, now: u64) -> u32 {
        let mut kept = 0;
        let waiting = self.exits.iter_mut().enumerate();
        for (place, exit) in waiting.filter(|(place, _)| self.waiting >> place & 1 == 1) {
            if now < exit.due && exit.outbox.len() <= KEPT {
                kept |= 1 << place;
                exit.park(books);
            } else {
                exit.due = now.saturating_add(self.interval);
            }
        }
        kept
    }

    /// Hands all waiting frames to their rings. What a ring has no room for, or what was to leave by
    /// a link that is down, is dropped.
    #[inline]
    pub(crate) fn flush_all(&mut self, pool: &mut LocalPool, books: &mut Books) -> Flushed {
        let mut flushed = Flushed::default();
        if self.waiting & self.down != 0 {
            flushed.lost = self.lose(pool, books);
        }
        let mut waiting = core::mem::take(&mut self.waiting);
        while waiting != 0 {
            let place = waiting.trailing_zeros() as usize;
            waiting &= waiting - 1;
            let Some(exit) = self.exits.get_mut(place) else { continue };
            if exit.parked > 0 {
                exit.unpark(books);
            }
            let (taken, refused) = exit.flush(pool, books);
            flushed.frames += taken;
            flushed.batches += u32::from(taken > 0);
            flushed.refused += refused;
        }
        flushed
    }

    /// Drops what waits for links that are down, and returns how many frames those were.
    #[cold]
    fn lose(&mut self, pool: &mut LocalPool, books: &mut Books) -> u32 {
        let without_link = self.waiting & self.down;
        self.waiting &= !without_link;
        let exits = self.exits.iter_mut().enumerate();
        let exits = exits.filter(|(place, _)| without_link >> place & 1 == 1);
        exits.fold(0, |lost, (_, exit)| {
            let waiting = exit.outbox.len() as u32;
            exit.unpark(books);
            exit.give_up(Reason::LinkDown, pool, books);
            lost + waiting
        })
    }

    /// Frames that wait in outboxes.
    #[inline]
    pub(crate) fn parked(&self) -> u64 {
        self.exits.iter().map(|exit| exit.outbox.len() as u64).sum()
    }

    /// Takes back the frames that devices are done with.
    pub(crate) fn reclaim(&mut self, pool: &mut LocalPool) {
        for exit in &mut self.exits {
            exit.queue.reclaim(pool);
        }
    }

    /// Has rings do what frames need not wait for.
    pub(crate) fn keep_house(&mut self, pool: &mut LocalPool) {
        for exit in &mut self.exits {
            exit.queue.keep_house(pool);
        }
    }

    /// Says in `ledger` how many frames each ring holds, and how many it never sent.
    pub(crate) fn publish(&self, ledger: &Ledger) {
        for exit in &self.exits {
            ledger.set_pending(exit.port, exit.queue.backlog());
            ledger.set_unsent(exit.port, exit.queue.unsent());
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
        let outbox = Outbox::new();
        Self { port, queue, outbox, bytes: 0, due: 0, parked: 0, largest: LARGEST }
    }

    /// The same, for frames of so many bytes, as [`LARGEST`].
    pub fn carrying(mut self, largest: usize) -> Self {
        self.largest = largest;
        self
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Counts no frame that waits as forwarded.
    fn park(&mut self, books: &mut Books) {
        let more = &self.outbox[self.parked..];
        more.iter().for_each(|frame| books.account(frame.port).forwarded -= 1);
        self.parked = self.outbox.len();
    }

    /// Counts all as forwarded again.
    fn unpark(&mut self, books: &mut Books) {
        let parked = &self.outbox[..core::mem::take(&mut self.parked)];
        parked.iter().for_each(|frame| books.account(frame.port).forwarded += 1);
    }

    /// Hands what waits to the ring, and returns how many frames it took and how many it had no
    /// room for.
    #[inline]
    fn flush(&mut self, pool: &mut LocalPool, books: &mut Books) -> (u32, u32) {
        let taken = self.queue.tx(pool, &mut self.outbox);
        let refused = self.outbox.len();
        if refused > 0 {
            self.give_up(Reason::TxRingFull, pool, books);
        }
        let account = books.account(self.port);
        account.sent += taken as u64;
        account.sent_bytes += core::mem::take(&mut self.bytes);
        (taken as u32, refused as u32)
    }

    /// Drops all that waits, for `reason`.
    #[cold]
    fn give_up(&mut self, reason: Reason, pool: &mut LocalPool, books: &mut Books) {
        for frame in self.outbox.drain(..) {
            self.bytes -= frame.len() as u64;
            books.account(frame.port).forwarded -= 1;
            discard(frame, reason, pool, books);
        }
    }
}
