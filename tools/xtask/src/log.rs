//! The image's logs: frames on COM2, turned into lines with time, level and source line as `pmdstat` does.
//!
//! What is missing on the wire is seen by the sequence numbers, and said.

use std::path::Path;

use anyhow::Result;
use perf::stream::Message;
use pmdstat::logs::Image;
use pmdstat::{Heard, Listener};

/// Turns the bytes of a stream into lines.
pub(crate) struct Reader {
    image: Image,
    listener: Listener,
}

impl Reader {
    /// A reader for a stream of the image at `path`, from its first frame on.
    ///
    /// # Errors
    ///
    /// The image cannot be read or has no texts of logs.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        Ok(Self { image: Image::open(path)?, listener: Listener::from_start() })
    }

    /// Takes bytes of the stream and returns the lines that they complete.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        let Self { image, listener } = self;
        let mut lines = Vec::new();
        listener.hear(bytes, &mut |heard| lines.extend(line(image, heard)));
        lines
    }
}

fn line(image: &Image, heard: Heard<'_>) -> Option<String> {
    Some(match heard {
        Heard::Text("") | Heard::Unknown => return None,
        Heard::Text(text) => format!("log: {}", text.escape_debug()),
        Heard::Damage => "log: damaged frame".into(),
        Heard::Missing(count) => format!("log: {count} frames lost"),
        Heard::Message(Message::Log(frame)) => format!("log: {}", image.text(frame)),
        Heard::Message(_) => return None,
    })
}
