//! An event as text, a line at a time, so that it can be as long as it likes.

use core::fmt::{self, Write};

use super::Events;
use super::store::{Loss, Part};
use crate::report::{Moment, NEIGHBOURHOOD, ROW_TITLES, Rooms, Row, Suspect};
use crate::time::Timebase;

/// An event that is being printed, and how far that has come.
#[derive(Clone, Copy, Debug)]
pub struct Dump {
    pub(super) head: u64,
    next: Line,
    extent: Extent,
}

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// That there was something.
    Brief,
    /// What Open vSwitch tells.
    Usual,
    /// All.
    Full,
}

/// A line of a dump, by part and row.
#[derive(Clone, Copy, Debug)]
enum Line {
    Suspect(u64),
    Titles,
    /// So many rows of a part are left.
    Row(u64, u64),
    Losses,
    Facts(u64),
    End,
}

impl Dump {
    /// What Open vSwitch tells of the event that begins with the part `head`.
    pub(super) fn new(head: u64) -> Self {
        Self { head, next: Line::Suspect(head), extent: Extent::Usual }
    }

    /// All that is known of it.
    pub(super) fn full(head: u64) -> Self {
        Self { extent: Extent::Full, ..Self::new(head) }
    }

    /// The same without the iterations around the suspicious ones.
    #[must_use]
    pub fn brief(self) -> Self {
        Self { extent: Extent::Brief, ..self }
    }

    pub(super) fn head(&self) -> u64 {
        self.head
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
        let store = &events.store;
        if matches!(self.next, Line::End) {
            return Ok(false);
        }
        let Some(head) = store.part(self.head) else {
            writeln!(out, "(the rest of this event made room for newer ones)")?;
            self.next = Line::End;
            return Ok(true);
        };
        let part = |id| store.part(id).unwrap_or(head);
        self.next = match self.next {
            Line::Suspect(id) => {
                let Part { suspect: iteration, core, event, after, note, .. } = part(id);
                if let Some(note) = note {
                    let moment = Moment { count: iteration.start, base };
                    writeln!(out, "mark: event={event} {moment} {note}")?;
                    self.next = Line::End;
                    return Ok(true);
                }
                let (core, event) = (*core, *event);
                let suspect = Suspect { iteration, core, event, base };
                match self.extent {
                    Extent::Brief => writeln!(out, "{}", suspect.brief())?,
                    Extent::Usual | Extent::Full => writeln!(out, "{suspect}")?,
                }
                let end = if self.extent == Extent::Brief { Line::End } else { Line::Titles };
                after.map_or(end, Line::Suspect)
            }
            Line::Titles => {
                writeln!(out, "{NEIGHBOURHOOD}\n{ROW_TITLES}")?;
                Line::Row(head.tail, part(head.tail).rows)
            }
            Line::Row(id, 0) => match part(id).before {
                Some(before) => Line::Row(before, part(before).rows),
                None => Line::Losses,
            },
            Line::Row(id, left) => {
                writeln!(out, "{}", Row(store.row(part(id), left - 1)))?;
                Line::Row(id, left - 1)
            }
            Line::Losses => {
                losses(events, self.head, out)?;
                if self.extent == Extent::Full { Line::Facts(self.head) } else { Line::End }
            }
            Line::Facts(id) => {
                facts(part(id), base, out)?;
                part(id).after.map_or(Line::End, Line::Facts)
            }
            Line::End => Line::End,
        };
        Ok(true)
    }
}

/// Says what is not there, if anything.
fn losses(events: &Events<'_>, head: u64, out: &mut impl Write) -> fmt::Result {
    let chain = || events.store.chain(head);
    let missing: u64 = chain().map(|part| part.missing).sum();
    if missing > 0 {
        writeln!(out, "({missing} iterations of it were not recorded)")?;
    }
    if chain().any(|part| part.cut) {
        writeln!(out, "(fewer iterations than asked for: too many events were waiting)")?;
    }
    Ok(())
}

/// Says what else is known of a suspicious iteration.
fn facts(part: &Part, base: &Timebase, out: &mut impl Write) -> fmt::Result {
    let it = &part.suspect;
    writeln!(out, "iteration {} began {}", it.number, Moment { count: it.start, base })?;
    write!(out, "  {} packets in {} batches, ", it.packets, it.batches)?;
    write!(out, "{} sent, {} dropped ({} by tx), ", it.sent, it.dropped, it.tx_dropped)?;
    write!(out, "{} upcalls ({} lost), ", it.upcalls, it.lost)?;
    writeln!(out, "queue {} deepest with {}", it.deepest, it.fill)?;
    if let Some(Loss { frames, between: [from, to] }) = part.loss {
        let (from, to) = (base.nanos_since_boot(from), base.nanos_since_boot(to));
        writeln!(out, "  the NIC lost {frames} frames between boot_ns={from} and boot_ns={to}")?;
    }
    writeln!(out, "  since the last look: {}", part.readings)?;
    match part.has_rooms {
        true => writeln!(out, "{}", Rooms(it)),
        false => writeln!(out, "rooms of iteration {}: n/a", it.number),
    }
}
