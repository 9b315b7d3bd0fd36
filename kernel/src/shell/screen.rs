//! The line that is being typed, as a terminal shows it.
//!
//! The line editor draws with escape sequences; a terminal that knows none must do. So what the
//! editor writes is read here, kept as a copy of its line, and drawn with characters, blanks and
//! backspaces only. The editor writes each sequence by itself, and text by itself.

use core::cell::RefCell;
use core::convert::Infallible;

use embedded_cli::codes::{CLEAR_LINE, CURSOR_BACKWARD, CURSOR_FORWARD, DELETE_CHAR, INSERT_CHAR};
use embedded_io::{ErrorType, Write};
use heapless::{String, Vec};

use super::LINE;

/// Bytes that one key can draw: a line wiped out, and another in its place.
const DRAWN: usize = 4 * LINE + 16;

/// A copy of the line that is being typed, and what of it is yet to be drawn. Shared by the editor
/// that writes it and the shell that reads it.
#[derive(Default)]
pub struct Screen(RefCell<Line>);

#[derive(Default)]
struct Line {
    text: Vec<u8, LINE>,
    cursor: usize,
    drawn: Vec<u8, DRAWN>,
}

impl Screen {
    /// The line as it was typed.
    pub(super) fn text(&self) -> String<LINE> {
        let line = self.0.borrow();
        line.text.iter().map(|&byte| char::from(byte)).collect()
    }

    /// Characters of the line, and characters before the cursor.
    pub(super) fn extent(&self) -> (usize, usize) {
        let line = self.0.borrow();
        (line.text.len(), line.cursor)
    }

    /// What is to be drawn since it was last asked.
    pub(super) fn take_drawn(&self) -> Vec<u8, DRAWN> {
        core::mem::take(&mut self.0.borrow_mut().drawn)
    }

    /// Forgets the line. The editor has.
    pub(super) fn clear(&self) {
        *self.0.borrow_mut() = Line::default();
    }
}

impl ErrorType for &Screen {
    type Error = Infallible;
}

impl Write for &Screen {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().follow(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Line {
    /// Does what the editor just did.
    fn follow(&mut self, bytes: &[u8]) {
        match bytes {
            CURSOR_BACKWARD => self.back(),
            CURSOR_FORWARD => self.forward(),
            DELETE_CHAR => self.delete(),
            CLEAR_LINE => self.wipe(),
            INSERT_CHAR | b"\r" | b"\n" | b"\r\n" => {}
            text => text.iter().for_each(|&byte| self.insert(byte)),
        }
    }

    fn insert(&mut self, byte: u8) {
        if self.text.insert(self.cursor, byte).is_ok() {
            if self.cursor + 1 < self.text.len() {
                self.draw_rest(0);
            }
            self.forward();
        }
    }

    fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
            self.draw_rest(1);
        }
    }

    fn back(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.draw(b'\x08', 1);
        }
    }

    fn forward(&mut self) {
        if let Some(&byte) = self.text.get(self.cursor) {
            self.cursor += 1;
            self.draw(byte, 1);
        }
    }

    fn wipe(&mut self) {
        self.draw(b'\x08', self.cursor);
        self.draw(b' ', self.text.len());
        self.draw(b'\x08', self.text.len());
        self.text.clear();
        self.cursor = 0;
    }

    /// Draws what stands behind the cursor, and `blanks` over what stood there.
    fn draw_rest(&mut self, blanks: usize) {
        let rest = self.text.len() - self.cursor;
        let _fits = self.drawn.extend_from_slice(&self.text[self.cursor..]);
        self.draw(b' ', blanks);
        self.draw(b'\x08', rest + blanks);
    }

    fn draw(&mut self, byte: u8, times: usize) {
        let len = (self.drawn.len() + times).min(DRAWN);
        let _fits = self.drawn.resize(len, byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal shows of `drawn`, and where its cursor is.
    fn shown(screen: &Screen) -> (std::string::String, usize) {
        let (mut cells, mut column) = (std::vec::Vec::new(), 0);
        for byte in screen.take_drawn() {
            if byte == b'\x08' {
                column -= 1;
                continue;
            }
            cells.resize(cells.len().max(column + 1), b' ');
            cells[column] = byte;
            column += 1;
        }
        (std::string::String::from_utf8(cells).unwrap().trim_end().to_string(), column)
    }

    fn write(screen: &Screen, parts: &[&[u8]]) {
        let mut writer = screen;
        parts.iter().for_each(|part| writer.write_all(part).unwrap());
    }

    #[test]
    fn text_in_the_middle_moves_the_rest() {
        let screen = Screen::default();
        write(&screen, &[b"ac", CURSOR_BACKWARD, INSERT_CHAR, b"b"]);
        assert_eq!((screen.text().as_str(), screen.extent()), ("abc", (3, 2)));
        assert_eq!(shown(&screen), ("abc".to_string(), 2));
    }

    #[test]
    fn a_character_taken_back_leaves_no_trace() {
        let screen = Screen::default();
        write(&screen, &[b"abc", CURSOR_BACKWARD, CURSOR_BACKWARD, DELETE_CHAR]);
        assert_eq!((screen.text().as_str(), screen.extent()), ("ac", (2, 1)));
        assert_eq!(shown(&screen), ("ac".to_string(), 1));
        write(&screen, &[CURSOR_FORWARD, CURSOR_FORWARD]);
        assert_eq!(screen.extent(), (2, 2));
    }

    #[test]
    fn another_line_replaces_all_of_it() {
        let screen = Screen::default();
        write(&screen, &[b"long line", CURSOR_BACKWARD, b"\r", CLEAR_LINE, b"short"]);
        assert_eq!((screen.text().as_str(), screen.extent()), ("short", (5, 5)));
        assert_eq!(shown(&screen), ("short".to_string(), 5));
    }

    #[test]
    fn a_character_at_the_end_draws_itself_alone() {
        let screen = Screen::default();
        write(&screen, &[b"a"]);
        assert_eq!(screen.take_drawn(), b"a");
    }

    #[test]
    fn a_full_line_can_be_wiped_and_filled_by_one_key() {
        let screen = Screen::default();
        write(&screen, &[&[b'a'; LINE]]);
        screen.take_drawn();
        write(&screen, &[CLEAR_LINE, &[b'b'; LINE]]);
        assert!(screen.0.borrow().drawn.len() < DRAWN);
    }
}
