//! Events of a recording.

use std::io::{self, Write};

use perf::report::{Moment, NEIGHBOURHOOD, ROW_TITLES, Rooms, Row, Suspect};

use crate::recording::{Boot, Event};

/// A line for each event.
pub(super) fn list(boot: &Boot, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nevents: {}", boot.events.len())?;
    boot.events.iter().try_for_each(|(number, event)| lines(boot, *number, event, out))
}

/// Event `number` with all that is known of it, if it is there.
pub(crate) fn one(boot: &Boot, number: u64, out: &mut impl Write) -> io::Result<()> {
    let Some(event) = boot.events.get(&number) else { return Ok(()) };
    lines(boot, number, event, out)?;
    around(event, out)
}

/// The iterations around an event, and the rooms of those that were suspicious.
pub(crate) fn around(event: &Event, out: &mut impl Write) -> io::Result<()> {
    if event.note.is_some() {
        return Ok(());
    }
    writeln!(out, "{NEIGHBOURHOOD}\n{ROW_TITLES}")?;
    event.rows.iter().rev().try_for_each(|row| writeln!(out, "{}", Row(row)))?;
    for suspect in event.suspects.iter().filter(|suspect| suspect.has_rooms) {
        writeln!(out, "{}", Rooms(&suspect.iteration))?;
    }
    Ok(())
}

/// The lines that announce an event.
fn lines(boot: &Boot, event: u64, known: &Event, out: &mut impl Write) -> io::Result<()> {
    let base = &boot.base();
    if let Some((at, text)) = &known.note {
        return writeln!(out, "mark: event={event} {} {text}", Moment { count: *at, base });
    }
    for suspect in &known.suspects {
        let (iteration, core) = (&suspect.iteration, suspect.core.into());
        writeln!(out, "{}", Suspect { iteration, core, event, base })?;
    }
    if known.is_whole() { Ok(()) } else { writeln!(out, "(parts of event {event} are missing)") }
}
