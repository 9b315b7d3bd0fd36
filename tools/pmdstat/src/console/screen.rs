//! What the user sees of a line: its text as it comes, without frames, and remarks above the line that is
//! being typed.

use std::fmt::{Arguments, Write as _};
use std::io::{self, Write};

use super::decoded::clean;
use crate::talk;

/// The longest armoured frame, or a stuffed one, with room to spare.
const LONGEST: usize = 1024;

/// A terminal, or standard output where whole lines go.
pub(super) struct Screen {
    /// The terminal shows every byte at once.
    is_raw: bool,
    place: Place,
    /// What stands in the terminal's current line.
    line: Vec<u8>,
}

/// Where in a line's bytes the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line of text.
    Beginning,
    /// Behind an `@` there, which is not shown yet.
    At,
    /// Further in a line.
    Inside,
    /// In an armoured frame, which ends with its line.
    Armoured,
    /// In a stuffed frame, so many bytes behind the zero byte.
    Stuffed(usize),
}

impl Screen {
    /// A terminal of which every byte is seen, or standard output.
    pub(super) fn new(is_raw: bool) -> Self {
        Self { is_raw, place: Place::Beginning, line: Vec::new() }
    }

    /// Shows the text in `bytes`.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub(super) fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_raw {
            return Ok(());
        }
        let text = self.text_of(bytes);
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    }

    /// Prints `text`, whole lines, above the line that is being typed.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub(super) fn above(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.is_raw {
            out.write_all(&wiped(&self.line))?;
            out.write_all(text.as_bytes())?;
            out.write_all(&self.line)?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        out.flush()
    }

    /// Prints a line of text that came, where not every byte was shown already.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        match clean(text) {
            Some(text) if !self.is_raw => writeln!(io::stdout().lock(), "{text}"),
            _ => Ok(()),
        }
    }

    /// Says something that is not of the line.
    pub(super) fn remark(&mut self, text: Arguments<'_>) {
        if !self.is_raw {
            return talk::say(text);
        }
        let mut said = String::new();
        // Strings take all that is written; a terminal that is gone has nobody to tell.
        let _ = writeln!(said, "pmdstat: {text}");
        let _ = self.above(&said);
    }

    /// Leaves the terminal with its cursor at the beginning of a line.
    pub(super) fn end(&mut self) {
        if self.is_raw && !self.line.is_empty() {
            talk::say(format_args!(""));
        }
    }

    /// The text in `bytes`, frames left out.
    fn text_of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let before = self.place;
            self.place = after(before, byte);
            let is_text = matches!(self.place, Place::Beginning | Place::Inside);
            if is_text && before != Place::Armoured {
                text.extend((before == Place::At).then_some(b'@'));
                text.push(byte);
            }
        }
        text.iter().for_each(|byte| match byte {
            b'\r' | b'\n' => self.line.clear(),
            byte => self.line.push(*byte),
        });
        text
    }
}

/// Where the screen is behind `byte`.
fn after(place: Place, byte: u8) -> Place {
    match (place, byte) {
        (_, 0) => Place::Stuffed(0),
        // Behind the first byte of the stuffing stands a kind, which no text begins with.
        (Place::Stuffed(1), ..0x80) | (Place::Stuffed(LONGEST), _) => Place::Inside,
        (Place::Stuffed(count), _) => Place::Stuffed(count + 1),
        (_, b'\n') => Place::Beginning,
        (Place::Armoured, _) | (Place::At, b'@') => Place::Armoured,
        (_, b'\r') => Place::Beginning,
        (Place::Beginning, b'@') => Place::At,
        _ => Place::Inside,
    }
}

/// What takes `line` off a terminal whose cursor is at its end.
fn wiped(line: &[u8]) -> Vec<u8> {
    let blanks = line.iter().filter(|byte| !byte.is_ascii_control()).count();
    [b"\r", &*vec![b' '; blanks], b"\r"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(chunks: &[&[u8]]) -> (String, String) {
        let mut screen = Screen::new(true);
        let text = chunks.iter().flat_map(|chunk| screen.text_of(chunk)).collect();
        let utf8 = |bytes| String::from_utf8(bytes).unwrap();
        (utf8(text), utf8(screen.line))
    }

    #[test]
    fn frames_are_not_seen() {
        let armoured = &b"one\r\nprompt> \r        \r@@gQAAAA\r\nprompt> a"[..];
        let seen = ("one\r\nprompt> \r        \rprompt> a".into(), "prompt> a".into());
        assert_eq!(text(&[armoured]), seen);
        let single: Vec<&[u8]> = armoured.chunks(1).collect();
        assert_eq!(text(&single), seen);
        let stuffed = b"one\r\n\0\x01\x81\n@abc\0\0\x02\x82xyz\0";
        assert_eq!(text(&[stuffed]).0, "one\r\n");
    }

    #[test]
    fn one_at_sign_is_text() {
        assert_eq!(text(&[b"@a b@@c\r\n@", b"done\r\n"]).0, "@a b@@c\r\n@done\r\n");
    }

    #[test]
    fn a_line_is_wiped_and_written_again_as_it_was() {
        assert_eq!(wiped(b"ab\x08\x08"), b"\r  \r");
    }
}
