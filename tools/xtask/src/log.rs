//! The image's logs: frames on COM2, turned into lines with time, level and source line.
//!
//! Texts and source lines are in the image, not on the wire. What is missing on the wire is
//! seen by the sequence numbers, and said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use defmt_decoder::{Location, Table};
use perf::stream::{Found, Kind, Scanner};

use crate::workspace;

/// Turns the bytes of a log stream into lines.
pub(crate) struct Reader {
    table: Table,
    places: BTreeMap<u64, Location>,
    scanner: Scanner,
    next: Option<u32>,
}

impl Reader {
    /// A reader for the logs of the image at `path`.
    ///
    /// # Errors
    ///
    /// The image cannot be read or has no table of log texts.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let image = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let table = Table::parse(&image)
            .and_then(|table| table.context("it has none"))
            .with_context(|| format!("no log texts in {}", path.display()))?;
        // An image without debug sections is still readable, only without source lines.
        let places = table.get_locations(&image).unwrap_or_default();
        Ok(Self { table, places, scanner: Scanner::new(), next: None })
    }

    /// Takes bytes of the stream and returns the lines that they complete.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        bytes.iter().flat_map(|byte| self.push(*byte)).collect()
    }

    /// Takes a byte of the stream and returns the lines that it completes.
    fn push(&mut self, byte: u8) -> Vec<String> {
        let Self { table, places, scanner, next } = self;
        match scanner.push(byte) {
            None | Some(Found::Text(b"")) => Vec::new(),
            Some(Found::Text(text)) => vec![format!("log: {}", text.escape_ascii())],
            Some(Found::Damage(damage)) => vec![format!("log: damaged frame ({damage:?})")],
            Some(Found::Frame(frame)) => {
                let lost = lost_before(frame.sequence, next);
                let is_log = frame.kind == Kind::Log;
                let line = is_log.then(|| line(table, places, frame.payload));
                lost.into_iter().chain(line).collect()
            }
        }
    }
}

/// Says what is missing before frame number `sequence`, and expects the one behind it.
fn lost_before(sequence: u32, next: &mut Option<u32>) -> Option<String> {
    let expected = next.replace(sequence.wrapping_add(1)).unwrap_or(0);
    match sequence.wrapping_sub(expected) {
        0 => None,
        lost => Some(format!("log: {lost} frames lost")),
    }
}

fn line(table: &Table, places: &BTreeMap<u64, Location>, payload: &[u8]) -> String {
    let Ok((frame, _)) = table.decode(payload) else {
        return format!("log: a frame of {} bytes that this image did not write", payload.len());
    };
    let time = frame.display_timestamp().map(|time| format!("{time} ")).unwrap_or_default();
    let level = frame.level().map_or("print", |level| level.as_str()).to_uppercase();
    let place = places.get(&frame.index()).map(place).unwrap_or_default();
    format!("log: {time}{level:<5} {place}{}", frame.display_message())
}

fn place(location: &Location) -> String {
    let root = workspace::root();
    let file = location.file.strip_prefix(&root).unwrap_or(&location.file);
    format!("{}:{} ", file.display(), location.line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_the_numbers_is_said_with_its_width() {
        let mut next = None;
        assert_eq!(lost_before(0, &mut next), None);
        assert_eq!(lost_before(1, &mut next), None);
        assert_eq!(lost_before(5, &mut next).unwrap(), "log: 3 frames lost");
        assert_eq!(lost_before(6, &mut next), None);
    }

    #[test]
    fn a_stream_whose_begin_is_missing_says_so_and_numbers_may_wrap() {
        assert_eq!(lost_before(2, &mut None).unwrap(), "log: 2 frames lost");
        let mut next = Some(u32::MAX);
        assert_eq!(lost_before(u32::MAX, &mut next), None);
        assert_eq!(lost_before(0, &mut next), None);
    }
}
