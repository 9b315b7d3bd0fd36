//! The tables of a recording, as JSON Lines and as CSV.

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use perf::report::FlagNames;
use perf::stream::{Suspect, Table as Kind};
use perf::{Room, Timebase};
use serde::Serialize;

use super::records::{Count, Counted, Event, Exact, Fact, MillisecondRow, Row};
use crate::recording::{self, Boot, Copy, Ledger, Recording};

/// Version of the schemas, which counts up as that of docs/json.md does.
const VERSION: u32 = 1;

/// A kind of record.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Table {
    /// Suspicious iterations and notes.
    Events,
    /// The iterations around them.
    Rows,
    /// Milliseconds of each core.
    Milliseconds,
    /// Counters, ledgers and what cards counted, as of each copy.
    Counters,
}

/// A record as a document.
#[derive(Serialize)]
struct Document<'a, T> {
    schema: &'static str,
    schema_version: u32,
    #[serde(flatten)]
    record: &'a T,
}

/// Takes records.
trait Sink {
    fn take<T: Serialize>(&mut self, schema: &'static str, record: &T) -> Result<()>;
}

struct Lines<W>(W);

impl<W: Write> Sink for Lines<W> {
    fn take<T: Serialize>(&mut self, schema: &'static str, record: &T) -> Result<()> {
        let document = Document { schema, schema_version: VERSION, record };
        serde_json::to_writer(&mut self.0, &document)?;
        writeln!(self.0)?;
        Ok(())
    }
}

struct Cells<W: Write>(csv::Writer<W>);

impl<W: Write> Sink for Cells<W> {
    fn take<T: Serialize>(&mut self, _: &'static str, record: &T) -> Result<()> {
        Ok(self.0.serialize(record)?)
    }
}

/// All tables, a document a line.
///
/// # Errors
///
/// Here and below those of `out`.
pub(super) fn json_lines(recording: &Recording, out: &mut impl Write) -> Result<()> {
    let mut sink = Lines(out);
    for (start, boot) in (1..).zip(&recording.boots) {
        for ((about, name), value) in &boot.facts {
            sink.take("barecore.recording-fact", &Fact { start, about, name, value })?;
        }
        for table in Table::value_variants() {
            table.write((start, boot), &mut sink)?;
        }
    }
    Ok(())
}

/// One table under a line of titles. A table without records is empty.
pub(super) fn csv(recording: &Recording, table: Table, out: &mut impl Write) -> Result<()> {
    let mut sink = Cells(csv::Writer::from_writer(out));
    for numbered in (1..).zip(&recording.boots) {
        table.write(numbered, &mut sink)?;
    }
    sink.0.flush()?;
    Ok(())
}

impl Table {
    fn write(self, (start, boot): (usize, &Boot), sink: &mut impl Sink) -> Result<()> {
        match self {
            Self::Events => events(start, boot, sink),
            Self::Rows => rows(start, boot, sink),
            Self::Milliseconds => milliseconds(start, boot, sink),
            Self::Counters => counters(start, boot, sink),
        }
    }
}

fn events(start: usize, boot: &Boot, sink: &mut impl Sink) -> Result<()> {
    let base = &boot.base();
    for (number, event) in &boot.events {
        if event.note.is_some() {
            sink.take("barecore.recording-event", &noted(start, *number, event, base))?;
        }
        for suspect in &event.suspects {
            let mut record = suspicious(start, suspect, base);
            record.is_whole = event.is_whole();
            sink.take("barecore.recording-event", &record)?;
        }
    }
    Ok(())
}

fn noted<'a>(start: usize, event: u64, known: &'a recording::Event, base: &Timebase) -> Event<'a> {
    let (at, note) = known.note.as_ref().map_or((0, None), |(at, text)| (*at, Some(&**text)));
    Event { note, is_whole: true, ..bare(start, event, at, base) }
}

fn suspicious<'a>(start: usize, suspect: &Suspect, base: &Timebase) -> Event<'a> {
    let it = &suspect.iteration;
    let room = |room| suspect.has_rooms.then(|| Exact(it.room(room)));
    Event {
        core_id: Some(suspect.core),
        iteration: Some(Exact(it.number)),
        duration_ns: Some(Exact(base.nanos(it.cycles))),
        cycles_tsc: Some(Exact(it.cycles)),
        rx_packets: Some(it.packets),
        rx_batches: Some(it.batches),
        tx_packets: Some(it.sent),
        dropped_packets: Some(it.dropped),
        tx_dropped_packets: Some(it.tx_dropped),
        rx_fill_max_packets: Some(it.fill),
        upcalls: Some(it.upcalls),
        lost_upcalls: Some(it.lost),
        reasons: Some(it.reasons.names().to_string()),
        flags: Some(FlagNames(it.flags, "+").to_string().trim_start_matches('+').to_owned()),
        rx_cycles_tsc: room(Room::Rx),
        parse_cycles_tsc: room(Room::Parse),
        cache_cycles_tsc: room(Room::Cache),
        classifier_cycles_tsc: room(Room::Classifier),
        upcall_cycles_tsc: Some(Exact(it.room(Room::Upcall))),
        act_cycles_tsc: room(Room::Act),
        tx_cycles_tsc: room(Room::Tx),
        again_cycles_tsc: room(Room::Again),
        housekeeping_cycles_tsc: room(Room::Housekeeping),
        ..bare(start, suspect.event, it.start, base)
    }
}

/// An event of which nothing is known but when it was.
fn bare<'a>(start: usize, event: u64, at: u64, base: &Timebase) -> Event<'a> {
    Event {
        start,
        event: Exact(event),
        core_id: None,
        iteration: None,
        start_tsc: Count(at),
        start_boot_ns: Exact(base.nanos_since_boot(at)),
        duration_ns: None,
        cycles_tsc: None,
        rx_packets: None,
        rx_batches: None,
        tx_packets: None,
        dropped_packets: None,
        tx_dropped_packets: None,
        rx_fill_max_packets: None,
        upcalls: None,
        lost_upcalls: None,
        reasons: None,
        flags: None,
        rx_cycles_tsc: None,
        parse_cycles_tsc: None,
        cache_cycles_tsc: None,
        classifier_cycles_tsc: None,
        upcall_cycles_tsc: None,
        act_cycles_tsc: None,
        tx_cycles_tsc: None,
        again_cycles_tsc: None,
        housekeeping_cycles_tsc: None,
        note: None,
        is_whole: false,
    }
}

fn rows(start: usize, boot: &Boot, sink: &mut impl Sink) -> Result<()> {
    for (number, event) in &boot.events {
        let core = event.suspects.first().map(|suspect| suspect.core);
        for row in &event.rows {
            let record = Row::of(start, (*number, core), row, &boot.base());
            sink.take("barecore.recording-row", &record)?;
        }
    }
    Ok(())
}

fn milliseconds(start: usize, boot: &Boot, sink: &mut impl Sink) -> Result<()> {
    for (core, records) in &boot.milliseconds {
        for record in records.iter() {
            let row = MillisecondRow::of(start, *core, &record);
            sink.take("barecore.recording-millisecond", &row)?;
        }
    }
    Ok(())
}

/// A copy of a table that is being written.
struct Copied<'a> {
    start: usize,
    boot: &'a Boot,
    owner: u16,
    copy: &'a Copy,
}

fn counters(start: usize, boot: &Boot, sink: &mut impl Sink) -> Result<()> {
    for ((table, owner), copies) in &boot.copies {
        for copy in copies.iter() {
            let copied = Copied { start, boot, owner: *owner, copy };
            match table {
                Kind::Ledger => copied.ledger(sink)?,
                Kind::Counters => copied.named("counters", (*table, 0), sink)?,
                Kind::Card => copied.named("card", (*table, *owner), sink)?,
                // Buckets have no names.
                Kind::Histogram(_) => {}
            }
        }
    }
    Ok(())
}

impl Copied<'_> {
    fn ledger(&self, sink: &mut impl Sink) -> Result<()> {
        let Some(ledger) = Ledger::of_copy(self.boot, self.copy) else { return Ok(()) };
        ledger.entries().try_for_each(|(account, name, count)| {
            let port = Some(account.trim_start_matches("port ").to_owned());
            let record = Counted { port, ..self.counted("ledger", name, count) };
            sink.take("barecore.recording-counter", &record)
        })
    }

    /// Numbers with the names that are kept as `key`.
    fn named(&self, table: &'static str, key: (Kind, u16), sink: &mut impl Sink) -> Result<()> {
        let names = self.boot.names.get(&key).into_iter().flatten().enumerate();
        let named = names.map(|(position, name)| (name, self.copy.get(position)));
        named.filter(|(_, count)| *count > 0).try_for_each(|(name, count)| {
            sink.take("barecore.recording-counter", &self.counted(table, name, count))
        })
    }

    fn counted<'a>(&self, table: &'static str, name: &'a str, count: u64) -> Counted<'a> {
        let is_card = table == "card";
        Counted {
            start: self.start,
            table,
            core_id: (!is_card).then_some(self.owner),
            port: is_card.then(|| self.owner.to_string()),
            at_tsc: Count(self.copy.at),
            at_boot_ns: Exact(self.boot.base().nanos_since_boot(self.copy.at)),
            name,
            count: Exact(count),
        }
    }
}
