//! Suspicious iterations on the control core: taken from PMDs, copied at once, kept until newer
//! ones need the room.
//!
//! A PMD marks and goes on; what it marked is copied here before its window is given back. Each
//! mark becomes a [`Part`]. A part is an event of its own, or, while windows are extended, continues
//! the event before it of the same core if it lies in that event's window or right behind it.
//! Events are numbered from 1 across cores. A PMD's event is open until no further iteration can
//! extend it; then it waits for the console. What an operator notes down is an event too.

mod accounts;
mod dump;
mod event;
mod list;
mod sending;
mod store;

use core::ops::RangeInclusive;

use heapless::Deque;

use crate::history::History;
use crate::iteration::{Flags, Iteration};
use crate::marks::Mark;
use crate::metrics::Metrics;
use crate::room::Room;
use crate::settings::{Settings, WINDOW};

pub use accounts::Accounts;
pub use dump::Dump;
pub use event::Event;
pub(crate) use list::Listed;
pub use list::{Filter, List};
pub use sending::Sending;
use store::Store;
pub use store::{Loss, Part};

/// Iterations that one event shows at most.
pub const ROWS: u64 = WINDOW as u64 + 1;

/// Events that wait for the console at most. Further ones are kept, but not printed.
const WAITING: usize = 512;
/// A listing with more rows than this makes Open vSwitch fall back to narrow windows.
const HUGE: u64 = 100;
/// Bytes of a note that are kept.
pub const NOTE: usize = 80;
/// What an operator notes down.
pub type Note = heapless::String<NOTE>;
/// Marks that are taken from one PMD at a time.
const AT_A_TIME: usize = 32;

/// Why events cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There must be room for one part, and for [`ROWS`] iterations.
    TooSmall,
}

/// All events of all PMDs.
pub struct Events<'a> {
    store: Store<'a>,
    /// First parts of closed events that were not printed yet.
    waiting: Deque<u64, WAITING>,
    not_printed: u64,
    /// Of those the ones that the console was not told of.
    untold: u64,
    /// First parts of closed events that were not sent yet, and how many will not be.
    to_send: Deque<u64, WAITING>,
    not_sent: u64,
    /// The last event with too many rows, and how many those are, until somebody asks.
    huge: Option<(u64, u64)>,
}

/// An event of one PMD that may yet grow.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Its first part and its last.
    head: u64,
    tail: u64,
    /// First and last iteration of its window.
    first: u64,
    last: u64,
    /// Marks in it.
    marks: u64,
}

/// What events are collected from.
#[derive(Clone, Copy)]
pub struct Source {
    /// The core of the PMD.
    pub core: usize,
    /// Its metrics.
    pub metrics: &'static Metrics,
    /// What it was told to mark.
    pub settings: Settings,
}

impl<'a> Events<'a> {
    /// No events, in memory for so many parts and so many iterations.
    ///
    /// # Errors
    ///
    /// Where the memory cannot hold the largest event.
    pub fn new(parts: &'a mut [Part], rows: &'a mut [Iteration]) -> Result<Self, Error> {
        if parts.is_empty() || (rows.len() as u64) < ROWS {
            return Err(Error::TooSmall);
        }
        let store = Store::new(parts, rows);
        let (waiting, to_send) = (Deque::new(), Deque::new());
        Ok(Self { store, waiting, not_printed: 0, untold: 0, to_send, not_sent: 0, huge: None })
    }

    /// Takes what `source` has marked, up to a limit, into its event `open` or into new ones.
    pub fn collect(&mut self, source: &Source, open: &mut Option<Open>) {
        for _ in 0..AT_A_TIME {
            let ended = source.metrics.ended();
            let taken = source.metrics.take_mark(|mark, history| {
                self.keep(source, mark, history, open);
            });
            if taken.is_none() {
                self.close_if_complete(source, ended, open);
                return;
            }
        }
    }

    /// Events that were closed since boot and were not, or cannot be, printed on their own.
    pub fn not_printed(&self) -> u64 {
        self.not_printed
    }

    /// The event that has waited longest for the console, ready to be printed.
    pub fn next_to_print(&mut self) -> Option<Dump> {
        while let Some(head) = self.waiting.pop_front() {
            if self.store.part(head).is_some() {
                return Some(Dump::new(head));
            }
            self.skip();
        }
        None
    }

    /// The event that has waited longest for the stream, ready to be sent.
    pub fn next_to_send(&mut self) -> Option<Sending> {
        while let Some(head) = self.to_send.pop_front() {
            if let Some(part) = self.store.part(head) {
                return Some(Sending::new(head, part.event));
            }
            self.not_sent += 1;
        }
        None
    }

    /// The numbers in `wanted` of events that are kept, in order.
    pub fn kept(&self, wanted: RangeInclusive<u64>) -> impl Iterator<Item = u64> {
        let heads = self.store.heads().map(|(_, part)| part.event);
        heads.filter(move |number| wanted.contains(number))
    }

    /// The first event in `wanted` that is kept, with its number, ready to be sent once more.
    pub fn send_again(&self, wanted: RangeInclusive<u64>) -> Option<(u64, Sending)> {
        let (head, part) = self.store.heads().find(|(_, part)| wanted.contains(&part.event))?;
        Some((part.event, Sending::new(head, part.event)))
    }

    /// Events that the stream did not take, because too many were waiting for it.
    pub fn not_sent(&self) -> u64 {
        self.not_sent
    }

    /// Messages that `dump` is by Open vSwitch's way of counting: one for each suspicious
    /// iteration, and one for the listing.
    pub fn messages(&self, dump: &Dump) -> u64 {
        self.store.chain(dump.head()).count() as u64 + 1
    }

    /// How many events were not printed since it was last asked.
    pub fn take_untold(&mut self) -> u64 {
        core::mem::take(&mut self.untold)
    }

    /// An event with so many rows that windows should become narrow, as they do in Open vSwitch,
    /// and how many rows it has; once.
    pub fn take_huge(&mut self) -> Option<(u64, u64)> {
        self.huge.take()
    }

    /// Keeps what an operator noted down at `at`, a count of the time-stamp counter, and returns
    /// the number of the event that it became.
    pub fn note(&mut self, text: Note, at: u64) -> u64 {
        let id = self.store.push_note(Part::noted(text, at));
        self.offer(id);
        self.store.part(id).map_or(0, |part| part.event)
    }

    /// Keeps an event of `source` that its PMD could not notice, with the window of `mark` as far as
    /// it is still there: a NIC lost frames.
    pub fn keep_sampled(&mut self, source: &Source, mark: &Mark, loss: Loss) {
        let history = source.metrics.history();
        let mut part = Part::new(source, mark);
        part.loss = Some(loss);
        let id = self.store.push(part, None, mark.first..=mark.last, history);
        self.finish(id);
    }

    /// The event `number` with all that is known of it, if it is still there and complete.
    pub fn find(&self, number: u64) -> Option<Dump> {
        self.store.heads().find(|(_, part)| part.event == number).map(|(id, _)| Dump::full(id))
    }

    /// Cycles of the longest gap in an iteration of `core`, as far as events are kept: time that is missing,
    /// and that neither work nor a stall explains.
    pub fn longest_gap(&self, core: usize) -> Option<u64> {
        let parts = self.store.heads().flat_map(|(head, _)| self.store.chain(head));
        let gaps = parts.filter(|part| part.core() == core && part.suspect.flags.has(Flags::GAP));
        gaps.map(|part| part.suspect.room(Room::Rx)).max()
    }

    fn keep(&mut self, source: &Source, mark: &Mark, history: &History, open: &mut Option<Open>) {
        let touching = open.filter(|open| source.settings.extend && mark.number <= open.last + 1);
        let joined = touching.filter(|open| {
            mark.last.saturating_sub(open.first) < ROWS && self.store.part(open.head).is_some()
        });
        if joined.is_none() {
            self.close(open);
        }
        let first = touching.map_or(mark.first, |open| open.last + 1);
        let part = Part::new(source, mark);
        let continued = joined.map(|open| (open.head, open.tail));
        let id = self.store.push(part, continued, first..=mark.last, history);
        let fresh = Open { head: id, tail: id, first, last: mark.last, marks: 1 };
        *open = Some(joined.map_or(fresh, |open| Open {
            tail: id,
            last: open.last.max(mark.last),
            marks: open.marks + 1,
            ..open
        }));
        if !source.settings.extend {
            self.close(open);
        }
    }

    /// Closes `open` if nothing that was marked up to the iteration `ended` can extend it.
    fn close_if_complete(&mut self, source: &Source, ended: u64, open: &mut Option<Open>) {
        let beyond = open.is_some_and(|open| ended > open.last + 1);
        let alone = source.metrics.marks.pending() == 0;
        if !source.settings.extend || (beyond && alone) {
            self.close(open);
        }
    }

    fn close(&mut self, open: &mut Option<Open>) {
        if let Some(open) = open.take() {
            self.finish(open.head);
        }
    }

    /// Has the event that begins with the part `head` wait for the console.
    fn finish(&mut self, head: u64) {
        self.store.close(head);
        if let Some(part) = self.store.part(head) {
            let rows = self.store.rows(head);
            if rows > HUGE {
                self.huge = Some((part.event, rows));
            }
        }
        self.offer(head);
        if self.store.part(head).is_none() || self.waiting.push_back(head).is_err() {
            self.skip();
        }
    }

    /// Has the event that begins with the part `head` wait for the stream.
    fn offer(&mut self, head: u64) {
        if self.to_send.push_back(head).is_err() {
            self.not_sent += 1;
        }
    }

    fn skip(&mut self) {
        self.not_printed += 1;
        self.untold += 1;
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod stalls;
#[cfg(test)]
mod tests;
