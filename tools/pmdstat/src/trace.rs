//! Recorded traces: a [`Row`] for each recorded iteration of one PMD, whatever file tells of it.
//!
//! Readers yield rows in the order of their numbers, and only such as [`order`] has admitted: what
//! uses them need not check anything again.

mod columns;
mod csv_file;
mod lines;
mod order;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use perf::{Flags, Room};

#[cfg(test)]
pub(crate) use columns::{COLUMNS, Column, Content};
pub(crate) use columns::{FLAGS, help};
use csv_file::CsvFile;

/// An iteration, as a trace tells of it. What it does not tell is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number, which is above that of the row before.
    pub(crate) number: u64,
    /// The time-stamp counter at its start; before it was admitted, nothing if that follows from
    /// the row before.
    pub(crate) start: Option<u64>,
    /// Its length, in cycles.
    pub(crate) cycles: u64,
    /// Frames received.
    pub(crate) packets: u32,
    /// Polls that brought them.
    pub(crate) batches: u32,
    /// Highest fill of a receive ring, in frames.
    pub(crate) fill: u32,
    /// The receive queue with that fill.
    pub(crate) deepest: u16,
    /// Frames that transmit rings took.
    pub(crate) sent: u32,
    /// Frames that the NIC lost meanwhile.
    pub(crate) nic_lost: u64,
    /// Frames that a transmit ring had no room for.
    pub(crate) tx_dropped: u32,
    /// Frames dropped for whatever reason. Not less than those.
    pub(crate) dropped: u32,
    /// Frames handed to the slow path.
    pub(crate) upcalls: u32,
    /// Those of them that it failed for.
    pub(crate) lost: u32,
    /// Cycles of each room but [`Room::Rx`], which has what they leave over.
    pub(crate) rooms: [u64; Room::COUNT],
    /// Cycles slept right before it.
    pub(crate) slept: u64,
    /// For how many it was to sleep; nothing if that is as many.
    pub(crate) sleep_asked: Option<u64>,
    /// What is known of it beside counts.
    pub(crate) flags: Flags,
}

impl Row {
    /// The time-stamp counter at its start, once it was admitted.
    pub(crate) fn began(&self) -> u64 {
        self.start.unwrap_or(0)
    }

    /// The time-stamp counter before the sleep right before it.
    pub(crate) fn fell_asleep(&self) -> u64 {
        self.began().saturating_sub(self.slept)
    }

    /// Cycles of all rooms but [`Room::Rx`].
    pub(crate) fn outside_rx(&self) -> u64 {
        self.rooms.iter().sum()
    }
}

/// A trace that is being read.
pub(crate) struct Trace {
    /// Whether it tells in which rooms time was spent.
    pub(crate) has_rooms: bool,
    /// Its iterations. There is nothing behind an error.
    pub(crate) rows: Box<dyn Iterator<Item = Result<Row>>>,
}

/// Opens the trace in `path`; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Trace> {
    if path.as_os_str() == "-" {
        return read("standard input".to_owned(), io::stdin());
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    read(name, file)
}

/// Reads the trace that `input` holds, which messages call `name`. What kind of file it is is settled
/// here.
pub(crate) fn read(name: String, input: impl Read + 'static) -> Result<Trace> {
    let file = CsvFile::new(name, input)?;
    Ok(Trace { has_rooms: file.has_rooms(), rows: Box::new(file) })
}
