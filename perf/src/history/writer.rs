//! The writing side of a history: owned by the core whose iterations it keeps.

use heapless::Deque;

use super::{CHUNK, History, SEGMENTS, Segment, Slot};
use crate::iteration::Iteration;

/// Segments that stay unpinned whatever is marked, so that recording always goes on.
const UNPINNED: usize = 64;
/// Segments that only narrow windows may take: 64 windows of default size, two chunks each.
const NARROW: usize = 128;
/// Chunks that a window can reach ahead of the iteration that is marked, and one more.
const AHEAD: usize = 32;

/// Where the iterations of a history without memory go.
static NOWHERE: Segment = Segment::EMPTY;

/// What became of a wish to pin a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pin {
    /// The window is kept from `first` to `last`.
    Kept { first: u64, last: u64, cut: bool },
    /// Too many windows are waiting for their reader.
    Refused,
}

/// Pins for a chunk that has not begun.
#[derive(Clone, Copy, Default)]
struct Ahead {
    chunk: u64,
    pins: u32,
}

/// Writes iterations, in order of their numbers.
pub(crate) struct Writer {
    history: History,
    /// Chunk that is being filled, in segment `current`; none before the first.
    chunk: Option<u64>,
    current: usize,
    segment: &'static Segment,
    /// The first iteration that does not belong into it.
    end: u64,
    /// All other segments, oldest first, those found pinned behind the others.
    others: Deque<u16, SEGMENTS>,
    ahead: [Ahead; AHEAD],
    /// Segments that are pinned or will be, at most; `counted` says when that was exact.
    held: usize,
    counted: Option<u64>,
}

impl Writer {
    pub(crate) fn new(history: History) -> Self {
        let mut others = Deque::new();
        others.extend(0..history.segments.len() as u16);
        Self {
            history,
            chunk: None,
            current: 0,
            segment: &NOWHERE,
            end: 0,
            others,
            ahead: [Ahead::default(); AHEAD],
            held: 0,
            counted: None,
        }
    }

    /// Stores `iteration`, over one that no window has pinned.
    #[inline]
    pub(crate) fn write(&mut self, iteration: &Iteration) {
        self.slot(iteration.number).write(iteration);
    }

    /// Stores an iteration of which nothing is to be said but its length.
    #[inline]
    pub(crate) fn write_idle(&mut self, iteration: &Iteration) {
        self.slot(iteration.number).write_idle(iteration);
    }

    #[inline]
    fn slot(&mut self, number: u64) -> &'static Slot {
        self.reach(number);
        &self.segment.slots[(number % CHUNK) as usize]
    }

    /// Keeps the iterations from `before` before `number` to `after` after it, until the reader
    /// releases them; only those of `number`'s own chunk where all of them are too many. Call it
    /// before `number` is written.
    #[cold]
    pub(crate) fn pin(&mut self, number: u64, before: u16, after: u16) -> Pin {
        self.reach(number);
        let first = number.saturating_sub(u64::from(before)).max(1);
        let last = number + u64::from(after);
        if self.affords(first / CHUNK, last / CHUNK) {
            self.pin_chunks(first / CHUNK, last / CHUNK);
            return Pin::Kept { first, last, cut: false };
        }
        let chunk = number / CHUNK;
        if !self.affords(chunk, chunk) {
            return Pin::Refused;
        }
        self.pin_chunks(chunk, chunk);
        let (first, last) = (first.max(chunk * CHUNK), last.min(chunk * CHUNK + CHUNK - 1));
        Pin::Kept { first, last, cut: true }
    }

    #[inline]
    fn reach(&mut self, number: u64) {
        if number >= self.end {
            self.open(number / CHUNK);
        }
    }

    /// Goes on with `chunk` in the oldest segment that is not pinned.
    #[cold]
    #[inline(never)]
    fn open(&mut self, chunk: u64) {
        self.end = (chunk + 1) * CHUNK;
        if self.chunk.is_some() {
            let _fits = self.others.push_back(self.current as u16);
        }
        for _ in 0..self.others.len() {
            let Some(next) = self.others.pop_front() else { return };
            self.current = usize::from(next);
            if !self.history.segments[self.current].tenancy.is_pinned() {
                break;
            }
            let _fits = self.others.push_back(next);
        }
        self.chunk = Some(chunk);
        let ahead = self.ahead[chunk as usize % AHEAD];
        let pins = if ahead.chunk == chunk { ahead.pins } else { 0 };
        let segment = &self.history.segments[self.current];
        segment.tenancy.move_in(chunk, pins);
        self.segment = segment;
    }

    fn pin_chunks(&mut self, first: u64, last: u64) {
        for chunk in first..=last {
            if self.chunk.is_some_and(|now| chunk > now) {
                let ahead = &mut self.ahead[chunk as usize % AHEAD];
                let pins = if ahead.chunk == chunk { ahead.pins } else { 0 };
                self.held += usize::from(pins == 0);
                *ahead = Ahead { chunk, pins: pins + 1 };
            } else if let Some(segment) = self.find(chunk) {
                let fresh = !segment.tenancy.is_pinned();
                segment.tenancy.pin(1);
                self.held += usize::from(fresh);
            }
        }
    }

    /// Whether all chunks from `first` to `last` may be pinned on top of what is pinned.
    fn affords(&mut self, first: u64, last: u64) -> bool {
        let wanted = (last - first + 1) as usize;
        let reserve = if wanted > 2 { UNPINNED + NARROW } else { UNPINNED };
        let budget = self.history.segments.len().saturating_sub(reserve);
        if self.held + wanted > budget && self.counted != self.chunk {
            self.counted = self.chunk;
            self.held = self.count_held();
        }
        self.held + wanted <= budget
    }

    fn count_held(&self) -> usize {
        let now = self.chunk.unwrap_or(0);
        let to_come = self.ahead.iter().filter(|ahead| ahead.chunk > now && ahead.pins > 0);
        let pinned = self.history.segments.iter().filter(|segment| segment.tenancy.is_pinned());
        pinned.count() + to_come.count()
    }

    /// The segment of a chunk that began: most likely the current one or the one before.
    fn find(&self, chunk: u64) -> Option<&'static Segment> {
        let newest_first = self.others.iter().rev().map(|&index| usize::from(index));
        core::iter::once(self.current)
            .chain(newest_first)
            .map(|index| &self.history.segments[index])
            .find(|segment| segment.tenancy.holds(chunk))
    }
}
