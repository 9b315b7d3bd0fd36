//! Parts of events and their iterations, in two rings: the oldest go first.

use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Note, Source};
use crate::history::History;
use crate::iteration::Iteration;
use crate::marks::Mark;
use crate::stolen::Readings;

/// What became of one mark, or what an operator noted down.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The suspicious iteration.
    pub(super) suspect: Iteration,
    /// The core that it ran on.
    pub(super) core: usize,
    /// The event that it belongs to.
    pub(super) event: u64,
    /// Whether it is known in which rooms its time was spent.
    pub(super) has_rooms: bool,
    /// What the core's slow registers counted since it had last looked at them.
    pub(super) readings: Readings,
    /// What a NIC lost, where that is why it is suspicious.
    pub(super) loss: Option<Loss>,
    /// What an operator noted down; nothing where this is about an iteration.
    pub(super) note: Option<Note>,
    /// Whether its window was cut, because too many were waiting.
    pub(super) cut: bool,
    /// Iterations of its window that the history did not have.
    pub(super) missing: u64,
    /// Iterations of its window that no part before it has: how many, and where they begin.
    pub(super) rows: u64,
    start: u64,
    /// The part before and the part after it in its event.
    pub(super) before: Option<u64>,
    pub(super) after: Option<u64>,
    /// Of the first part of an event: its last part, and whether it is complete.
    pub(super) tail: u64,
    closed: bool,
}

/// Frames that a NIC lost between two samples of its counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// How many.
    pub frames: u64,
    /// The time-stamp counter at the sample before and at the one that showed them.
    pub between: [u64; 2],
}

impl Part {
    /// The part that a `mark` of `source` makes, without its rows.
    pub(super) fn new(source: &Source, mark: &Mark) -> Self {
        let bare = Iteration { number: mark.number, ..Iteration::default() };
        let mut suspect = source.metrics.history().iteration(mark.number).unwrap_or(bare);
        suspect.reasons = suspect.reasons.and(mark.reasons);
        let (core, has_rooms) = (source.core, source.settings.rooms);
        Self { suspect, core, has_rooms, readings: mark.readings, cut: mark.cut, ..Self::default() }
    }

    /// What an operator noted down at `at`.
    pub(super) fn noted(text: Note, at: u64) -> Self {
        let suspect = Iteration { start: at, ..Iteration::default() };
        Self { suspect, note: Some(text), ..Self::default() }
    }
}

/// The two rings. Parts and rows are named by numbers that count up for good.
pub(super) struct Store<'a> {
    parts: &'a mut [Part],
    rows: &'a mut [Iteration],
    oldest: u64,
    newest: u64,
    /// Row after the newest.
    end: u64,
    /// Events since boot, and those of them that were forgotten.
    pub(super) events: u64,
    pub(super) forgotten: u64,
}

impl<'a> Store<'a> {
    pub(super) fn new(parts: &'a mut [Part], rows: &'a mut [Iteration]) -> Self {
        Self { parts, rows, oldest: 1, newest: 0, end: 0, events: 0, forgotten: 0 }
    }

    /// The part `id`, if it is still there.
    pub(super) fn part(&self, id: u64) -> Option<&Part> {
        (self.oldest..=self.newest).contains(&id).then(|| &self.parts[self.place(id)])
    }

    /// Row `position` of `part`, the oldest first.
    pub(super) fn row(&self, part: &Part, position: u64) -> &Iteration {
        &self.rows[self.row_place(part.start + position)]
    }

    /// First parts of events that are complete, oldest first.
    pub(super) fn heads(&self) -> impl Iterator<Item = (u64, &Part)> {
        self.heads_from(self.oldest)
    }

    /// The same from part `id` on.
    pub(super) fn heads_from(&self, id: u64) -> impl Iterator<Item = (u64, &Part)> {
        let ids = id.max(self.oldest)..=self.newest;
        let parts = ids.map(|id| (id, &self.parts[self.place(id)]));
        parts.filter(|(_, part)| part.before.is_none() && part.closed)
    }

    /// Stores `part` with those of the iterations `numbers` that `history` has, as a new event or
    /// behind the last part of another. Returns its id.
    pub(super) fn push(
        &mut self,
        mut part: Part,
        continued: Option<(u64, u64)>,
        numbers: RangeInclusive<u64>,
        history: &History,
    ) -> u64 {
        let (first, last) = numbers.into_inner();
        let wanted = (last + 1).saturating_sub(first);
        self.make_room(wanted.min(self.rows.len() as u64));
        part.start = self.end;
        let found = (first..=last).filter_map(|number| history.iteration(number));
        for row in found.take(self.rows.len()) {
            let place = self.row_place(self.end);
            self.rows[place] = row;
            self.end += 1;
        }
        part.rows = self.end - part.start;
        part.missing = wanted - part.rows;
        self.newest += 1;
        self.link(&mut part, continued);
        let place = self.place(self.newest);
        self.parts[place] = part;
        self.newest
    }

    /// Stores a note as an event that is complete. Returns its id.
    pub(super) fn push_note(&mut self, mut part: Part) -> u64 {
        self.make_room(0);
        part.start = self.end;
        self.newest += 1;
        self.link(&mut part, None);
        part.closed = true;
        let place = self.place(self.newest);
        self.parts[place] = part;
        self.newest
    }

    /// The parts of the event that begins with `head`, in order.
    pub(super) fn chain(&self, head: u64) -> impl Iterator<Item = &Part> {
        core::iter::successors(self.part(head), |part| self.part(part.after?))
    }

    /// Iterations in the event that begins with `head`.
    pub(super) fn rows(&self, head: u64) -> u64 {
        self.chain(head).map(|part| part.rows).sum()
    }

    /// Marks the event that begins with `head` as complete.
    pub(super) fn close(&mut self, head: u64) {
        if let Some(part) = self.part_mut(head) {
            part.closed = true;
        }
    }

    fn link(&mut self, part: &mut Part, continued: Option<(u64, u64)>) {
        let id = self.newest;
        part.tail = id;
        let Some((head, tail)) = continued else {
            self.events += 1;
            part.event = self.events;
            return;
        };
        part.before = Some(tail);
        part.event = self.part(head).map_or(0, |head| head.event);
        if let Some(head) = self.part_mut(head) {
            head.tail = id;
        }
        if let Some(tail) = self.part_mut(tail) {
            tail.after = Some(id);
        }
    }

    /// Forgets the oldest parts until there is room for one more with `rows` rows.
    fn make_room(&mut self, rows: u64) {
        let capacity = self.rows.len() as u64;
        while self.oldest <= self.newest {
            let oldest = &self.parts[self.place(self.oldest)];
            let full = self.newest - self.oldest + 1 >= self.parts.len() as u64;
            if !full && self.end + rows - oldest.start <= capacity {
                return;
            }
            self.forgotten += u64::from(oldest.before.is_none());
            self.oldest += 1;
        }
    }

    fn part_mut(&mut self, id: u64) -> Option<&mut Part> {
        let place = self.place(id);
        (self.oldest..=self.newest).contains(&id).then(|| &mut self.parts[place])
    }

    fn place(&self, id: u64) -> usize {
        (id % self.parts.len() as u64) as usize
    }

    fn row_place(&self, row: u64) -> usize {
        (row % self.rows.len() as u64) as usize
    }
}
