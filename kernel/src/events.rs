//! Suspicious iterations on the control core: taken from PMDs, copied at once, kept until newer
//! ones need the room.
//!
//! A PMD marks and goes on; what it marked is copied here before its window is given back. Each
//! mark becomes a [`Part`]. A part is an event of its own, or, while windows that touch are shown
//! as one, continues the event before it of the same core. Events are numbered from 1 across
//! cores. A PMD's event is open until no further window can touch it; then it waits for the
//! console.

mod accounts;
mod dump;
mod list;
mod store;

use heapless::Deque;
use perf::history::History;
use perf::suspicion::WINDOW;
use perf::{Iteration, Mark, Metrics, Settings};

pub use accounts::Accounts;
pub use dump::Dump;
pub use list::List;
pub use store::Part;
use store::Store;

/// Iterations that one event shows at most.
pub const ROWS: u64 = WINDOW as u64 + 1;

/// Events that wait for the console at most. Further ones are kept, but not printed.
const WAITING: usize = 16;
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
        Ok(Self { store, waiting: Deque::new(), not_printed: 0, untold: 0 })
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

    /// How many events were not printed since it was last asked.
    pub fn take_untold(&mut self) -> u64 {
        core::mem::take(&mut self.untold)
    }

    /// The event `number` with all that is known of it, if it is still there and complete.
    pub fn find(&self, number: u64) -> Option<Dump> {
        self.store.heads().find(|(_, part)| part.event == number).map(|(id, _)| Dump::full(id))
    }

    fn keep(&mut self, source: &Source, mark: &Mark, history: &History, open: &mut Option<Open>) {
        let touching = open.filter(|open| source.settings.extend && mark.first <= open.last + 1);
        let joined = touching.filter(|open| {
            mark.last.saturating_sub(open.first) < ROWS && self.store.part(open.head).is_some()
        });
        if joined.is_none() {
            self.close(open);
        }
        let first = touching.map_or(mark.first, |open| open.last + 1);
        let part = Part::new(source.core, mark, history);
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

    /// Closes `open` if nothing that was marked up to the iteration `ended` can touch it.
    fn close_if_complete(&mut self, source: &Source, ended: u64, open: &mut Option<Open>) {
        let reach = u64::from(source.settings.before) + 1;
        let beyond = open.is_some_and(|open| ended > open.last + reach);
        let alone = source.metrics.marks.pending() == 0;
        if !source.settings.extend || (beyond && alone) {
            self.close(open);
        }
    }

    fn close(&mut self, open: &mut Option<Open>) {
        let Some(open) = open.take() else { return };
        self.store.close(open.head);
        if self.store.part(open.head).is_none() || self.waiting.push_back(open.head).is_err() {
            self.skip();
        }
    }

    fn skip(&mut self) {
        self.not_printed += 1;
        self.untold += 1;
    }
}

#[cfg(test)]
mod tests;
