//! One line of a terminal, and the finished lines above it: a console's bytes made readable.
//!
//! The image edits its line in place: it prints an event over the prompt and draws the prompt
//! again below. What a person would then see is what tests and tools want to compare, so the
//! control codes are obeyed rather than cut out: carriage return, backspace, and from ECMA-48
//! cursor left and right (8.3.20, 8.3.22), erase in line (8.3.41), insert and delete character
//! (8.3.64, 8.3.26). All other sequences are skipped, and nothing that arrives is an error.

/// Characters of an unfinished line that are kept; more are left out. A document of JSON is one line.
const LONGEST_LINE: usize = 1 << 23;

/// Finished lines that are kept; older ones are forgotten.
const MOST_LINES: usize = 100_000;

/// What a terminal would show.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<String>,
    forgotten: usize,
    line: Vec<char>,
    column: usize,
    state: State,
    utf8: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    /// Inside a control sequence, with its first parameter so far.
    Control(Option<u16>),
}

impl Screen {
    /// Takes one byte from the console.
    pub fn push(&mut self, byte: u8) {
        self.state = match self.state {
            State::Text => self.text(byte),
            State::Escape if byte == b'[' => State::Control(None),
            State::Escape => State::Text,
            State::Control(parameter) => self.control(parameter, byte),
        };
    }

    /// How many lines have been finished since the start, forgotten ones included.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.forgotten + self.lines.len()
    }

    /// Finished line number `index`, counted from the start, if it is still known.
    #[must_use]
    pub fn line(&self, index: usize) -> Option<&str> {
        self.lines.get(index.checked_sub(self.forgotten)?).map(String::as_str)
    }

    /// The unfinished line as it looks now.
    #[must_use]
    pub fn current(&self) -> String {
        self.line.iter().collect()
    }

    fn text(&mut self, byte: u8) -> State {
        match byte {
            b'\n' => self.finish_line(),
            b'\r' => self.column = 0,
            0x08 => self.column = self.column.saturating_sub(1),
            0x1b => return State::Escape,
            0x00..0x20 | 0x7f => {}
            _ => self.printable(byte),
        }
        State::Text
    }

    fn printable(&mut self, byte: u8) {
        if byte.is_ascii() {
            self.utf8.clear();
            return self.put(char::from(byte));
        }
        self.utf8.push(byte);
        match str::from_utf8(&self.utf8) {
            Ok(text) => {
                let character = text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                self.utf8.clear();
                self.put(character);
            }
            Err(error) if error.error_len().is_none() => {}
            Err(_) => {
                self.utf8.clear();
                self.put(char::REPLACEMENT_CHARACTER);
            }
        }
    }

    fn put(&mut self, character: char) {
        if self.column >= LONGEST_LINE {
            return;
        }
        if self.column >= self.line.len() {
            self.line.resize(self.column + 1, ' ');
        }
        self.line[self.column] = character;
        self.column += 1;
    }

    fn finish_line(&mut self) {
        let line: String = self.line.drain(..).collect();
        self.column = 0;
        self.lines.push(line.trim_end().to_owned());
        if self.lines.len() > MOST_LINES {
            self.lines.drain(..MOST_LINES / 2);
            self.forgotten += MOST_LINES / 2;
        }
    }

    fn control(&mut self, parameter: Option<u16>, byte: u8) -> State {
        match byte {
            b'0'..=b'9' => {
                let digit = u16::from(byte - b'0');
                let value = parameter.unwrap_or(0).saturating_mul(10).saturating_add(digit);
                return State::Control(Some(value));
            }
            0x40..=0x7e => self.execute(byte, parameter),
            0x20..=0x3f => return State::Control(parameter),
            _ => {}
        }
        State::Text
    }

    fn execute(&mut self, code: u8, parameter: Option<u16>) {
        let count = usize::from(parameter.unwrap_or(1).max(1)).min(LONGEST_LINE);
        let end = self.line.len();
        match code {
            b'C' => self.column = (self.column + count).min(LONGEST_LINE),
            b'D' => self.column = self.column.saturating_sub(count),
            b'K' => self.erase(parameter.unwrap_or(0)),
            b'P' => drop(self.line.drain(self.column.min(end)..(self.column + count).min(end))),
            b'@' if self.column < end => {
                self.line.splice(self.column..self.column, (0..count).map(|_| ' '));
                self.line.truncate(LONGEST_LINE);
            }
            _ => {}
        }
    }

    fn erase(&mut self, part: u16) {
        let end = self.line.len();
        match part {
            0 => self.line.truncate(self.column),
            1 => self.line[..(self.column + 1).min(end)].fill(' '),
            _ => self.line.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &str) -> (Vec<String>, String) {
        let mut screen = Screen::default();
        bytes.bytes().for_each(|byte| screen.push(byte));
        let lines = (0..screen.finished()).filter_map(|n| screen.line(n).map(str::to_owned));
        (lines.collect(), screen.current())
    }

    #[test]
    fn an_event_printed_over_a_half_typed_line_leaves_no_trace_of_it() {
        let (lines, current) = shown("barecore> sho\r\x1b[2KSuspicious\r\n  rows\r\nbarecore> sho");
        assert_eq!(lines, ["Suspicious", "  rows"]);
        assert_eq!(current, "barecore> sho");
    }

    #[test]
    fn backspace_and_the_editing_codes_do_what_a_terminal_does() {
        assert_eq!(shown("helq\x08 \x08p").1, "help");
        assert_eq!(shown("hlp\x1b[2D\x1b[@e").1, "help");
        assert_eq!(shown("heelp\x1b[3D\x1b[P").1, "help");
        assert_eq!(shown("abc\rx\x1b[K").1, "x");
        assert_eq!(shown("\x1b[31mred\x1b[0m").1, "red");
    }

    #[test]
    fn a_line_without_end_does_not_grow_without_end() {
        let mut screen = Screen::default();
        (0..LONGEST_LINE + 100).for_each(|_| screen.push(b'x'));
        assert_eq!(screen.current().len(), LONGEST_LINE);
        b"\x1b[99999999C\x1b[99999@y".iter().for_each(|byte| screen.push(*byte));
        assert!(screen.current().len() <= LONGEST_LINE);
    }

    #[test]
    fn old_lines_are_forgotten_and_the_others_keep_their_numbers() {
        let mut screen = Screen::default();
        for number in 0..=MOST_LINES {
            format!("{number}\r\n").bytes().for_each(|byte| screen.push(byte));
        }
        assert_eq!(screen.finished(), MOST_LINES + 1);
        assert_eq!(screen.line(0), None);
        assert_eq!(screen.line(MOST_LINES), Some(MOST_LINES.to_string().as_str()));
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let mut screen = Screen::default();
        (0..=255_u8).cycle().take(100_000).for_each(|byte| screen.push(byte));
        assert!(screen.finished() > 0);
    }
}
