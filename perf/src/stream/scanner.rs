//! Frames and text in whatever a line or a file holds.

use super::frame::{self, Frame};
use super::kind::Damage;
use super::{LINE, armour};

/// Bytes that are looked at together: the longest frame or the longest armoured one, and text before
/// it.
const HELD: usize = 1024;

/// No kind has a lower number.
const FIRST_KIND: u8 = 0x80;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// Something that was a frame.
    Damage(Damage),
    /// A line of text, or a piece of one that is very long, without its end.
    Text(&'a [u8]),
}

/// Finds frames, stuffed or armoured, and text in a stream of bytes.
///
/// Text is what cannot be a frame. Damage costs the frames that it hits and the one behind them at
/// most, and never makes one.
#[derive(Debug)]
pub struct Scanner {
    held: [u8; HELD],
    len: usize,
    /// A zero byte came, and nothing since that cannot be in a frame.
    stuffed: bool,
    /// What is held goes to nobody once a further byte comes.
    told: bool,
    body: [u8; LINE],
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// A scanner that has seen nothing yet.
    pub const fn new() -> Self {
        Self { held: [0; HELD], len: 0, stuffed: false, told: false, body: [0; LINE] }
    }

    /// Takes the next byte, and says what it completes.
    pub fn push(&mut self, byte: u8) -> Option<Found<'_>> {
        if core::mem::take(&mut self.told) {
            self.len = 0;
        }
        match byte {
            0 => self.at_zero(),
            b'\n' if !self.stuffed => self.at_line_end(),
            _ => self.hold(byte),
        }
    }

    /// What is left at the end of the stream.
    pub fn finish(&mut self) -> Option<Found<'_>> {
        if core::mem::take(&mut self.told) {
            self.len = 0;
        }
        self.at_line_end().filter(|found| *found != Found::Text(b""))
    }

    fn at_zero(&mut self) -> Option<Found<'_>> {
        let (len, was_stuffed) = (self.len, core::mem::replace(&mut self.stuffed, true));
        self.told = true;
        if len == 0 {
            return None;
        }
        if !was_stuffed {
            return Some(self.text());
        }
        Some(match frame::decode(&self.held[..len], &mut self.body) {
            Ok(frame) => Found::Frame(frame),
            Err(damage) => Found::Damage(damage),
        })
    }

    fn at_line_end(&mut self) -> Option<Found<'_>> {
        self.told = true;
        Some(self.text())
    }

    fn hold(&mut self, byte: u8) -> Option<Found<'_>> {
        self.held[self.len] = byte;
        self.len += 1;
        self.stuffed &= self.may_be_frame();
        if byte == b'\n' && !self.stuffed {
            return self.at_line_end();
        }
        if self.len < HELD {
            return None;
        }
        self.told = true;
        Some(Found::Text(&self.held))
    }

    /// Whether what is held may be the beginning of a stuffed frame: it is no longer than one, and
    /// behind the first byte of the stuffing stands a kind.
    fn may_be_frame(&self) -> bool {
        self.len <= LINE && self.held[..self.len].get(1).is_none_or(|kind| *kind >= FIRST_KIND)
    }

    /// What is held, as a line of text or the armoured frame in it.
    fn text(&mut self) -> Found<'_> {
        let line = self.held[..self.len].trim_ascii_end();
        match armour::decode(line, &mut self.body) {
            Some(Ok(frame)) => Found::Frame(frame),
            Some(Err(damage @ (Damage::Crc | Damage::Kind(_)))) => Found::Damage(damage),
            Some(Err(_)) | None => Found::Text(line),
        }
    }
}
