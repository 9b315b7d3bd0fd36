//! `show events`: one document.

use core::fmt::{self, Write};

use serde::Serialize;

use super::values::{Fates, FlagNames, Moment, ReasonNames};
use super::{Pen, VERSION};
use crate::events::{Accounts, Events, Filter, Listed};
use crate::time::Timebase;

const SCHEMA: &str = "barecore.show-events";

/// The list of events, and how far it has come.
#[derive(Clone, Copy, Debug)]
pub struct ShowEvents {
    accounts: Accounts,
    filter: Filter,
    next: Place,
    pen: Pen,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Head,
    /// The first event from this part on.
    Event(u64),
    Nothing,
}

/// A suspicious iteration and what joined it, or a note.
#[derive(Serialize)]
struct Row<'a> {
    event: u64,
    start: Moment,
    note: Option<&'a str>,
    core_id: Option<usize>,
    iteration: Option<u64>,
    duration_ns: Option<u64>,
    reasons: ReasonNames,
    flags: FlagNames,
    suspects: u64,
    iteration_rows: u64,
}

impl<'a> Row<'a> {
    fn of(listed: &Listed<'a>, base: &Timebase) -> Self {
        let (first, it) = (listed.first, listed.first.suspect());
        let is_note = first.note().is_some();
        let of_iteration = |value| (!is_note).then_some(value);
        Self {
            event: first.number(),
            start: Moment::of(it.start, base),
            note: first.note(),
            core_id: (!is_note).then_some(first.core()),
            iteration: of_iteration(it.number),
            duration_ns: of_iteration(base.nanos(it.cycles)),
            reasons: ReasonNames(it.reasons),
            flags: FlagNames(it.flags),
            suspects: if is_note { 0 } else { listed.suspects },
            iteration_rows: listed.rows,
        }
    }
}

impl ShowEvents {
    /// The events that `filter` lets through, and what became of all suspicious iterations.
    pub fn new(accounts: Accounts, filter: Filter) -> Self {
        Self { accounts, filter, next: Place::Head, pen: Pen::default() }
    }

    /// Writes the next part. False if there was none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(
        &mut self,
        events: &Events<'_>,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        self.next = match self.next {
            Place::Head => {
                self.pen = Pen::begin(SCHEMA, VERSION, out)?;
                self.pen.array("events", out)?;
                Place::Event(0)
            }
            Place::Event(from) => match events.next_listed(from, &self.filter) {
                Some((listed, next)) => {
                    self.pen.element(&Row::of(&listed, base), out)?;
                    Place::Event(next)
                }
                None => {
                    self.pen.end_array(out)?;
                    self.pen.member("accounts", &Fates::from(&self.accounts), out)?;
                    self.pen.members(&events.totals(), out)?;
                    self.pen.end(out)?;
                    Place::Nothing
                }
            },
            Place::Nothing => return Ok(false),
        };
        Ok(true)
    }
}
