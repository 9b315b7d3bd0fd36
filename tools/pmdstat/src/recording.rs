//! What was heard of a machine: the model that all verbs look at, whatever it was read from.
//!
//! [`Listener`] takes bytes of a stream, of a console's log, or of both on one line, and tells what they
//! say; a [`Recording`] keeps it. Text without a frame is read as [`ovs`] has it. Nothing is invented: what is missing is counted.

mod boot;
pub(crate) mod cause;
mod copies;
mod ledger;
mod listener;
mod milliseconds;

pub(crate) use boot::{Boot, Event};
pub(crate) use copies::{Copies, Copy};
pub(crate) use ledger::{Ledger, Sums};
pub use listener::{Heard, Listener};
pub(crate) use milliseconds::Milliseconds;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::ovs;

/// All that a file or a line held.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// One for each time the machine started, oldest first. What came before the first greeting belongs
    /// to the first.
    pub(crate) boots: Vec<Boot>,
    /// Frames that were damaged, and such of a kind that this version does not know.
    pub(crate) damaged: u64,
    pub(crate) unknown: u64,
    /// Frames that are missing by their numbers.
    pub(crate) missing: u64,
    /// Frames that had been sent before the first that was heard.
    pub(crate) before: u32,
    /// Lines of text between the frames.
    pub(crate) text: Vec<String>,
    /// Of histograms not only the last copy is wanted.
    pub(crate) keeps_histograms: bool,
}

impl Recording {
    /// What the file at `path` holds; `-` is standard input.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds nothing of the kind.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let input: Box<dyn Read> = match path.to_str() {
            Some("-") => Box::new(io::stdin().lock()),
            _ => Box::new(
                File::open(path).with_context(|| format!("cannot read {}", path.display()))?,
            ),
        };
        let file = path.display();
        let recording = Self::read(input).with_context(|| format!("cannot read {file}"))?;
        ensure!(
            !recording.boots.is_empty(),
            "{file} holds no frame of a stream and no text of pmd-perf-show or of a log"
        );
        Ok(recording)
    }

    /// What `input` holds to its end.
    ///
    /// # Errors
    ///
    /// Those of `input`.
    pub(crate) fn read(input: impl Read) -> io::Result<Self> {
        let (mut recording, mut listener) = (Self::default(), Listener::new());
        listener.hear_all(input, &mut |heard| recording.take(heard))?;
        recording.before = listener.first().unwrap_or(0);
        if recording.boots.is_empty() {
            let mut boots: Vec<_> = ovs::read(&recording.text).into_iter().collect();
            let lines = recording.text.iter();
            boots.iter_mut().for_each(|boot| lines.clone().for_each(|line| boot.read(line)));
            recording.boots = boots;
        }
        Ok(recording)
    }

    /// That it does not begin where the stream does, where that is so.
    pub(crate) fn lateness(&self) -> Option<String> {
        let before = Some(self.before).filter(|before| *before > 0)?;
        Some(format!(
            "it begins late: {before} frames had been sent before the first that it holds"
        ))
    }

    /// Keeps what was heard.
    pub(crate) fn take(&mut self, heard: Heard<'_>) {
        if matches!(heard, Heard::Damage | Heard::Missing(_)) {
            self.boots.last_mut().into_iter().for_each(Boot::doubt);
        }
        match heard {
            Heard::Text(line) => {
                self.boots.last_mut().into_iter().for_each(|boot| boot.read(line));
                self.text.push(line.to_owned());
            }
            Heard::Damage => self.damaged += 1,
            Heard::Unknown => self.unknown += 1,
            Heard::Missing(count) => self.missing += count,
            Heard::Message(message) => {
                if Boot::is_begun_by(message, self.boots.last()) {
                    let mut boot = Boot::default();
                    boot.keeps_histograms = self.keeps_histograms;
                    self.boots.push(boot);
                }
                if let Some(boot) = self.boots.last_mut() {
                    boot.take(message);
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
