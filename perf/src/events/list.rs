//! The list of events, a line at a time.

use core::fmt::{self, Write};

use super::store::Part;
use super::{Accounts, Events};
use crate::report::{FlagNames, Quotient};
use crate::suspicion::Reasons;
use crate::time::Timebase;

/// Which events to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this core.
    pub core: Option<usize>,
    /// Those with any of these reasons.
    pub reasons: Option<Reasons>,
    /// Those that began at this count of the time-stamp counter, or later.
    pub since: u64,
}

impl Filter {
    fn passes(&self, part: &Part) -> bool {
        let reasons = part.suspect.reasons;
        self.core.is_none_or(|core| core == part.core && part.note.is_none())
            && self.reasons.is_none_or(|wanted| !wanted.only(reasons).is_empty())
            && part.suspect.start >= self.since
    }
}

/// A list that is being printed, and how far that has come.
#[derive(Clone, Copy, Debug)]
pub struct List {
    next: Line,
    accounts: Accounts,
    filter: Filter,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    Titles,
    /// The first event from this part on.
    Event(u64),
    End,
}

impl List {
    /// The events that `filter` lets through, and below them what became of all triggers.
    pub fn new(accounts: Accounts, filter: Filter) -> Self {
        Self { next: Line::Titles, accounts, filter }
    }

    /// Writes the next line to `out`. False if there was none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn line(
        &mut self,
        events: &Events<'_>,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        self.next = match self.next {
            Line::Titles => {
                writeln!(
                    out,
                    "event    core  since boot (s)  iter          duration (us)  rows  reasons"
                )?;
                Line::Event(0)
            }
            Line::Event(from) => {
                let found = events.find_from(from, &self.filter);
                match found {
                    Some(id) => {
                        events.row(id, base, out)?;
                        Line::Event(id + 1)
                    }
                    None => {
                        writeln!(out, "{}", self.accounts)?;
                        events.totals(out)?;
                        Line::End
                    }
                }
            }
            Line::End => return Ok(false),
        };
        Ok(true)
    }
}

impl Events<'_> {
    /// The first part from `from` on that begins an event, some part of which `filter` lets
    /// through.
    fn find_from(&self, from: u64, filter: &Filter) -> Option<u64> {
        let passes = |head| self.store.chain(head).any(|part| filter.passes(part));
        self.store.heads_from(from).map(|(id, _)| id).find(|&id| passes(id))
    }

    fn row(&self, head: u64, base: &Timebase, out: &mut impl Write) -> fmt::Result {
        let Some(first) = self.store.part(head) else { return Ok(()) };
        let Part { event, core, suspect, note, .. } = first;
        let start = Quotient::of(base.since_boot(suspect.start), base.hertz);
        if let Some(note) = note {
            return writeln!(
                out,
                "{event:<7}  {:<4}  {start:<14.6}  {:<12}  {:<13}  {:<4}  mark: {note}",
                "-", "-", "-", "-"
            );
        }
        let (micros, rows) = (base.micros(suspect.cycles), self.store.rows(head));
        write!(out, "{event:<7}  {core:<4}  {start:<14.6}  {:<12}  ", suspect.number)?;
        write!(
            out,
            "{micros:<13}  {rows:<4}  {}{}",
            suspect.reasons,
            FlagNames(suspect.flags, ", ")
        )?;
        match self.store.chain(head).count() - 1 {
            0 => writeln!(out),
            more => writeln!(out, ", and {more} more"),
        }
    }

    fn totals(&self, out: &mut impl Write) -> fmt::Result {
        let (kept, forgotten) = (self.store.heads().count(), self.store.forgotten);
        writeln!(out, "kept={kept} forgotten={forgotten} not-printed={}", self.not_printed)
    }
}
