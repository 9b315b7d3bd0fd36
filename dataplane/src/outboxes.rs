//! Frames waiting for transmit rings, by the port that they leave by. It knows no rings.

use frame::{BURST, Frame, LocalPool, OUTBOX, Outbox};
use heapless::Vec;

use crate::act::discard;
use crate::batch::Batch;
use crate::books::Books;
use crate::ledger::{ACCOUNTS, Reason};
use crate::parse::is_too_long;
use crate::pmd::GROUP;

/// What waits for the ways out of one PMD.
pub(crate) struct Outboxes {
    all: Vec<&'static mut Waiting, ACCOUNTS>,
    /// For each port its place in `all`; there is none at [`ACCOUNTS`].
    places: [u8; ACCOUNTS],
    /// Bit i says that frames wait at place i.
    waiting: u32,
    /// Bit i says that the link behind place i is down.
    down: u32,
    /// Clock counts between two visits to the same ring at least; 0 for none.
    interval: u64,
}

/// The frames that wait for one port.
pub(crate) struct Waiting {
    pub(crate) port: u16,
    pub(crate) outbox: Outbox,
    /// Bytes of the frames that wait.
    bytes: u64,
    /// When the ring is visited again, if it is not to be sooner.
    due: u64,
    /// Frames, the first of those that wait, that are kept and not counted as forwarded.
    parked: usize,
    /// Bytes of the largest frame that leaves by it, as [`LARGEST`](crate::LARGEST); a VLAN tag may
    /// come on top.
    pub(crate) largest: usize,
}

/// Frames that wait at most where more may come before the next visit: those of a group of polls
/// have room besides.
const KEPT: usize = OUTBOX - GROUP * BURST;

impl Outboxes {
    /// For no port.
    pub(crate) const fn new() -> Self {
        let places = [ACCOUNTS as u8; ACCOUNTS];
        Self { all: Vec::new(), places, waiting: 0, down: 0, interval: 0 }
    }

    /// Lets frames wait for one more port. False if there is no such port or they do already.
    pub(crate) fn add(&mut self, waiting: &'static mut Waiting) -> bool {
        let count = self.all.len() as u8;
        let place = self.places.get_mut(usize::from(waiting.port));
        let Some(place) = place.filter(|place| usize::from(**place) == ACCOUNTS) else {
            return false;
        };
        *place = count;
        self.all.push(waiting).is_ok()
    }

    /// Each of them, in order of place.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Waiting> {
        self.all.iter().map(|waiting| &**waiting)
    }

    /// What waits at `place`.
    #[inline]
    pub(crate) fn at(&mut self, place: usize) -> Option<&mut Waiting> {
        self.all.get_mut(place).map(|waiting| &mut **waiting)
    }

    /// What waits for `port`, and its place.
    #[inline]
    fn of(&mut self, port: u16) -> Option<(usize, &mut Waiting)> {
        let place = usize::from(self.places[usize::from(port) % ACCOUNTS]);
        Some((place, self.all.get_mut(place)?))
    }

    /// Bytes of the largest frame that may leave by `port`, if so many frames could wait for it.
    #[inline]
    pub(crate) fn has_room(&mut self, port: u16, frames: usize) -> Option<usize> {
        let (_, waiting) = self.of(port)?;
        let has_room = waiting.outbox.capacity() - waiting.outbox.len() >= frames;
        has_room.then_some(waiting.largest)
    }

    /// Lets all frames of `batch` wait for `port`. False, and nothing was done, if there is no way
    /// out by it, too little room, or one of them may be too long.
    #[inline]
    pub(crate) fn send_all(&mut self, port: u16, batch: &mut Batch) -> bool {
        let Some((place, waiting)) = self.of(port) else { return false };
        let room = waiting.outbox.capacity() - waiting.outbox.len();
        if room < batch.frames.len() || batch.largest > waiting.largest {
            return false;
        }
        waiting.bytes += batch.bytes;
        waiting.outbox.extend(batch.frames.drain(..));
        self.waiting |= 1 << place;
        true
    }

    /// Lets `frame` wait for `port`. Gives it back with the reason if that cannot be.
    #[inline]
    pub(crate) fn send(&mut self, port: u16, frame: Frame) -> Result<(), (Frame, Reason)> {
        let Some((place, waiting)) = self.of(port) else {
            return Err((frame, Reason::InvalidPort));
        };
        if is_too_long(&frame, waiting.largest) {
            return Err((frame, Reason::TxOversize));
        }
        let len = frame.len() as u64;
        waiting.outbox.push(frame).map_err(|frame| (frame, Reason::TxRingFull))?;
        waiting.bytes += len;
        self.waiting |= 1 << place;
        Ok(())
    }

    /// Has so many clock counts pass between two visits to the same ring at least.
    pub(crate) fn set_interval(&mut self, interval: u64) {
        self.interval = interval;
    }

    /// Whether frames may be kept for a while.
    #[inline]
    pub(crate) fn may_keep(&self) -> bool {
        self.interval > 0
    }

    /// Has nothing leave by the ports in `down`, where bit p stands for port p.
    pub(crate) fn set_down(&mut self, down: u16) {
        let is_down = |waiting: &Waiting| u32::from(down) >> waiting.port & 1 == 1;
        let places = self.all.iter().enumerate().filter(|(_, waiting)| is_down(waiting));
        self.down = places.fold(0, |down, (place, _)| down | 1 << place);
    }

    /// Whether frames wait for anything.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting != 0
    }

    /// Places at which frames wait, of which nothing is said any more.
    #[inline]
    pub(crate) fn take_places(&mut self) -> u32 {
        core::mem::take(&mut self.waiting)
    }

    /// Has frames go on waiting at these `places`.
    pub(crate) fn wait_at(&mut self, places: u32) {
        self.waiting |= places;
    }

    /// Places at which frames wait for links that are down.
    #[inline]
    pub(crate) fn without_link(&self) -> u32 {
        self.waiting & self.down
    }

    /// Places at which frames go on waiting at `now`. The others are due again later.
    #[cold]
    pub(crate) fn keep(&mut self, books: &mut Books, now: u64) -> u32 {
        let mut kept = 0;
        let all = self.all.iter_mut().enumerate();
        for (place, waiting) in all.filter(|(place, _)| self.waiting >> place & 1 == 1) {
            if now < waiting.due && waiting.outbox.len() <= KEPT {
                kept |= 1 << place;
                waiting.park(books);
            } else {
                waiting.due = now.saturating_add(self.interval);
            }
        }
        self.waiting &= !kept;
        kept
    }

    /// Drops what waits for links that are down, and returns how many frames those were.
    #[cold]
    pub(crate) fn lose(&mut self, pool: &mut LocalPool, books: &mut Books) -> u32 {
        let without_link = self.without_link();
        self.waiting &= !without_link;
        let all = self.all.iter_mut().enumerate();
        let all = all.filter(|(place, _)| without_link >> place & 1 == 1);
        all.fold(0, |lost, (_, waiting)| {
            let frames = waiting.outbox.len() as u32;
            waiting.unpark(books);
            waiting.give_up(Reason::LinkDown, pool, books);
            lost + frames
        })
    }

    /// Frames that wait.
    #[inline]
    pub(crate) fn parked(&self) -> u64 {
        self.all.iter().map(|waiting| waiting.outbox.len() as u64).sum()
    }
}

impl Waiting {
    /// None, for `port`, of frames of up to `largest`.
    pub(crate) const fn new(port: u16, largest: usize) -> Self {
        Self { port, outbox: Outbox::new(), bytes: 0, due: 0, parked: 0, largest }
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

    /// Has its frames on their way.
    #[inline]
    pub(crate) fn set_out(&mut self, books: &mut Books) {
        if self.parked > 0 {
            self.unpark(books);
        }
    }

    /// Accounts for the visit to a ring, which took so many frames. What it had no room for is
    /// dropped; returns how many those are.
    #[inline]
    pub(crate) fn settle(&mut self, taken: usize, pool: &mut LocalPool, books: &mut Books) -> u32 {
        let refused = self.outbox.len();
        if refused > 0 {
            self.give_up(Reason::TxRingFull, pool, books);
        }
        let account = books.account(self.port);
        account.sent += taken as u64;
        account.sent_bytes += core::mem::take(&mut self.bytes);
        refused as u32
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
