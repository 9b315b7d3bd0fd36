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
            Line::Event(from) => match events.next_listed(from, &self.filter) {
                Some((listed, next)) => {
                    row(&listed, base, out)?;
                    Line::Event(next)
                }
                None => {
                    let Totals { kept_events, forgotten_events, not_printed_events } =
                        events.totals();
                    writeln!(out, "{}", self.accounts)?;
                    write!(out, "kept={kept_events} forgotten={forgotten_events} ")?;
                    writeln!(out, "not-printed={not_printed_events}")?;
                    Line::End
                }
            },
            Line::End => return Ok(false),
        };
        Ok(true)
    }
}

/// What a list tells of one event.
pub(crate) struct Listed<'a> {
    /// Its first part.
    pub(crate) first: &'a Part,
    /// Suspicious iterations in it.
    pub(crate) suspects: u64,
    /// Iterations around them that are kept, they included.
    pub(crate) rows: u64,
}

/// What became of all events since boot.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Totals {
    pub(crate) kept_events: u64,
    pub(crate) forgotten_events: u64,
    pub(crate) not_printed_events: u64,
}

impl Events<'_> {
    /// The first event from the part `from` on some part of which `filter` lets through, and the
    /// part to go on from.
    pub(crate) fn next_listed(&self, from: u64, filter: &Filter) -> Option<(Listed<'_>, u64)> {
        let passes = |head| self.store.chain(head).any(|part| filter.passes(part));
        let (head, first) = self.store.heads_from(from).find(|(head, _)| passes(*head))?;
        let (suspects, rows) = (self.store.chain(head).count() as u64, self.store.rows(head));
        Some((Listed { first, suspects, rows }, head + 1))
    }

    /// What became of all events since boot.
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            kept_events: self.store.heads().count() as u64,
            forgotten_events: self.store.forgotten,
            not_printed_events: self.not_printed,
        }
    }
}

fn row(listed: &Listed<'_>, base: &Timebase, out: &mut impl Write) -> fmt::Result {
    let Part { event, core, suspect, note, .. } = listed.first;
    let start = Quotient::of(base.since_boot(suspect.start), base.hertz);
    if let Some(note) = note {
        return writeln!(
            out,
            "{event:<7}  {:<4}  {start:<14.6}  {:<12}  {:<13}  {:<4}  mark: {note}",
            "-", "-", "-", "-"
        );
    }
    let (micros, rows) = (base.micros(suspect.cycles), listed.rows);
    write!(out, "{event:<7}  {core:<4}  {start:<14.6}  {:<12}  ", suspect.number)?;
    write!(out, "{micros:<13}  {rows:<4}  {}", suspect.reasons)?;
    write!(out, "{}", FlagNames(suspect.flags, ", "))?;
    match listed.suspects - 1 {
        0 => writeln!(out),
        more => writeln!(out, ", and {more} more"),
    }
}
