//! Recorded traces: a [`Row`] for each recorded iteration of one PMD, whatever file tells of it.
//!
//! Readers yield rows in the order of their numbers, and only such as [`order`] has admitted: what
//! uses them need not check anything again.

mod columns;
mod csv_file;
mod lines;
mod order;
mod recorded;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result};
use perf::{Flags, Room, Timebase};

#[cfg(test)]
pub(crate) use columns::{COLUMNS, Column, Content};
pub(crate) use columns::{FLAGS, help};
use csv_file::CsvFile;

use crate::recording::Recording;
use crate::settings::Change;

/// As much of a file as tells of which kind it is.
const BEGINNING: usize = 1 << 16;

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
    /// What it says of itself, if it is a recording.
    pub(crate) told: Option<Told>,
    /// Its iterations. There is nothing behind an error.
    pub(crate) rows: Box<dyn Iterator<Item = Result<Row>>>,
}

/// What a recording says of its iterations.
pub(crate) struct Told {
    /// What converts its counts.
    pub(crate) base: Timebase,
    /// The settings that it was made with.
    pub(crate) changes: Vec<Change>,
}

/// Opens the trace in `path`; `-` is standard input. Of a recording it is what that holds of `core`.
pub(crate) fn open(path: &Path, core: u16) -> Result<Trace> {
    if path.as_os_str() == "-" {
        return read("standard input".to_owned(), io::stdin(), core);
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    read(name, file, core)
}

/// Reads the trace that `input` holds, which messages call `name`. What kind of file it is is settled
/// here: by whether there is a frame at its beginning.
pub(crate) fn read(name: String, mut input: impl Read + 'static, core: u16) -> Result<Trace> {
    // One read: what comes slowly is answered while it comes.
    let mut beginning = vec![0; BEGINNING];
    let count = input.read(&mut beginning).with_context(|| name.clone())?;
    beginning.truncate(count);
    let is_recording = is_recording(&beginning);
    let whole = io::Cursor::new(beginning).chain(input);
    if is_recording {
        let recording = Recording::read(whole).with_context(|| name.clone())?;
        return recorded::trace(&recording, core).context(name);
    }
    let file = CsvFile::new(name, whole)?;
    Ok(Trace { has_rooms: file.has_rooms(), told: None, rows: Box::new(file) })
}

/// Frames are between zero bytes, or lines that begin with `@@`; a trace has neither.
fn is_recording(beginning: &[u8]) -> bool {
    let mut lines = beginning.split(|byte| matches!(byte, b'\n' | b'\r'));
    beginning.contains(&0) || lines.any(|line| line.starts_with(b"@@"))
}
