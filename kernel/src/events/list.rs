//! The list of events, a line at a time.

use core::fmt::{self, Write};

use perf::Flags;
use perf::report::{Quotient, Suspect};

use super::{Accounts, Events};
use crate::clock::Clock;

/// A list that is being printed, and how far that has come.
#[derive(Clone, Copy, Debug)]
pub struct List {
    next: Line,
    accounts: Accounts,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    Titles,
    /// The first event from this part on.
    Event(u64),
    End,
}

impl List {
    /// All events there are, and below them what became of all triggers.
    pub fn new(accounts: Accounts) -> Self {
        Self { next: Line::Titles, accounts }
    }

    /// Writes the next line to `out`. False if there was none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn line(
        &mut self,
        events: &Events<'_>,
        clock: &Clock,
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
            Line::Event(from) => match events.store.heads_from(from).next() {
                Some((id, _)) => {
                    events.row(id, clock, out)?;
                    Line::Event(id + 1)
                }
                None => {
                    writeln!(out, "{}", self.accounts)?;
                    events.totals(out)?;
                    Line::End
                }
            },
            Line::End => return Ok(false),
        };
        Ok(true)
    }
}

impl Events<'_> {
    fn row(&self, head: u64, clock: &Clock, out: &mut impl Write) -> fmt::Result {
        let Some(first) = self.store.part(head) else { return Ok(()) };
        let chain = || core::iter::successors(Some(first), |part| self.store.part(part.after?));
        let (iteration, hertz) = (&first.suspect, clock.hertz);
        let (event, core) = (first.event, first.core);
        let micros = Suspect { iteration, core, event, hertz }.micros();
        let start = Quotient::of(clock.since_boot(iteration.start), hertz);
        let rows: u64 = chain().map(|part| part.rows).sum();
        write!(out, "{event:<7}  {core:<4}  {start:<14.6}  {:<12}  ", iteration.number)?;
        write!(out, "{micros:<13}  {rows:<4}  {}", iteration.reasons)?;
        out.write_str(if iteration.flags.has(Flags::INJECTED) { ", injected" } else { "" })?;
        match chain().count() - 1 {
            0 => writeln!(out),
            more => writeln!(out, ", and {more} more"),
        }
    }

    fn totals(&self, out: &mut impl Write) -> fmt::Result {
        let (kept, forgotten) = (self.store.heads().count(), self.store.forgotten);
        writeln!(out, "kept={kept} forgotten={forgotten} not-printed={}", self.not_printed)
    }
}
