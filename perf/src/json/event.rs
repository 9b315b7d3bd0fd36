//! `show event`: one document.

use core::fmt::{self, Write};

use serde::Serialize;

use super::iteration::Row;
use super::values::{ByName, Moment, NicLoss};
use super::{Pen, VERSION};
use crate::events::{Dump, Event, Events, Part};
use crate::time::Timebase;

const SCHEMA: &str = "barecore.show-event";

/// The document of one event, and how far it has come.
#[derive(Clone, Copy, Debug)]
pub struct ShowEvent {
    dump: Dump,
    /// The node of its PMD.
    node: u8,
    next: Place,
    pen: Pen,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Head,
    Suspect(usize),
    Row(usize),
    End { is_truncated: bool },
    Nothing,
}

#[derive(Serialize)]
struct Noted<'a> {
    event: u64,
    at: Moment,
    note: &'a str,
}

#[derive(Serialize)]
struct Head {
    event: u64,
    numa_id: u8,
    core_id: usize,
    missing_iterations: u64,
}

#[derive(Serialize)]
struct Suspect<'a> {
    record: Row,
    since_last_look: ByName<'a>,
    nic_loss: Option<NicLoss>,
    window_is_cut: bool,
}

impl<'a> Suspect<'a> {
    fn of(part: &'a Part, base: &Timebase) -> Self {
        Self {
            record: Row::of(part.suspect(), base, part.has_rooms()),
            since_last_look: ByName(part.readings()),
            nic_loss: part.loss().map(|loss| NicLoss::of(&loss, base)),
            window_is_cut: part.is_cut(),
        }
    }
}

impl ShowEvent {
    /// A document that holds all that is known of the event that `dump` would print.
    pub fn new(dump: Dump) -> Self {
        Self { dump, node: 0, next: Place::Head, pen: Pen::default() }
    }

    /// The same of a PMD on this node.
    #[must_use]
    pub fn on(self, node: u8) -> Self {
        Self { node, ..self }
    }

    /// Writes the next part. False if there was none left. Where the event makes room for newer
    /// ones meanwhile, the document ends early, and says so.
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
        self.next = match (self.next, self.dump.event(events)) {
            (Place::Nothing, _) => return Ok(false),
            (Place::End { is_truncated }, _) => self.end(is_truncated, out)?,
            (Place::Head, None) => {
                self.pen = Pen::begin(SCHEMA, VERSION, out)?;
                Place::End { is_truncated: true }
            }
            (Place::Head, Some(event)) => self.begin(&event, base, out)?,
            (Place::Suspect(_) | Place::Row(_), None) => {
                self.pen.end_array(out)?;
                Place::End { is_truncated: true }
            }
            (Place::Suspect(number), Some(event)) => self.suspect(number, &event, base, out)?,
            (Place::Row(number), Some(event)) => self.row(number, &event, base, out)?,
        };
        Ok(true)
    }

    fn begin(
        &mut self,
        event: &Event<'_>,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<Place, fmt::Error> {
        self.pen = Pen::begin(SCHEMA, VERSION, out)?;
        let number = event.number();
        if let Some((note, at)) = event.note() {
            let noted = Noted { event: number, at: Moment::of(at, base), note };
            self.pen.members(&noted, out)?;
            return Ok(Place::End { is_truncated: false });
        }
        let (core_id, missing_iterations) = (event.core(), event.missing());
        let head = Head { event: number, numa_id: self.node, core_id, missing_iterations };
        self.pen.members(&head, out)?;
        self.pen.array("suspects", out)?;
        Ok(Place::Suspect(0))
    }

    fn suspect(
        &mut self,
        number: usize,
        event: &Event<'_>,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<Place, fmt::Error> {
        if let Some(part) = event.parts().nth(number) {
            self.pen.element(&Suspect::of(part, base), out)?;
            return Ok(Place::Suspect(number + 1));
        }
        self.pen.end_array(out)?;
        self.pen.array("iteration_rows", out)?;
        Ok(Place::Row(0))
    }

    fn row(
        &mut self,
        number: usize,
        event: &Event<'_>,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<Place, fmt::Error> {
        if let Some(row) = event.rows().nth(number) {
            self.pen.element(&Row::of(row, base, event.has_rooms()), out)?;
            return Ok(Place::Row(number + 1));
        }
        self.pen.end_array(out)?;
        Ok(Place::End { is_truncated: false })
    }

    fn end(&mut self, is_truncated: bool, out: &mut impl Write) -> Result<Place, fmt::Error> {
        self.pen.member("is_truncated", &is_truncated, out)?;
        self.pen.end(out)?;
        Ok(Place::Nothing)
    }
}
