//! Text on its way to a serial line that is slower than whoever writes it.

use core::fmt;

/// Bytes that can wait for the line, in memory that was handed in. Writing never waits: what finds
/// no room is lost and counted. A line feed becomes the CR and LF that terminals want.
pub struct Output<'a> {
    memory: &'a mut [u8],
    start: usize,
    len: usize,
    lost: u64,
    /// Lines that say what was wrong.
    errors: u64,
    /// The next byte begins a line.
    is_fresh: bool,
}

/// What a line that says what was wrong begins with.
const ERROR: &str = "error: ";

impl<'a> Output<'a> {
    /// Nothing, with room for as many bytes as `memory` has.
    pub fn new(memory: &'a mut [u8]) -> Self {
        Self { memory, start: 0, len: 0, lost: 0, errors: 0, is_fresh: true }
    }

    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that were lost since boot.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Lines that said what was wrong since boot, whether the line took them or not.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// The oldest bytes that wait, as many as lie together.
    pub fn unsent(&self) -> &[u8] {
        let end = (self.start + self.len).min(self.memory.len());
        &self.memory[self.start..end]
    }

    /// Forgets the `count` oldest bytes, which the line has taken.
    pub fn sent(&mut self, count: usize) {
        let count = count.min(self.len);
        self.len -= count;
        self.start = (self.start + count).checked_rem(self.memory.len()).unwrap_or(0);
    }

    /// Forgets all that waits.
    pub fn clear(&mut self) {
        self.sent(self.len);
    }

    /// Bytes that it can take.
    pub fn room(&self) -> usize {
        self.memory.len() - self.len
    }

    /// Takes `bytes` as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.push(byte));
    }

    fn push(&mut self, byte: u8) {
        if self.len == self.memory.len() {
            self.lost += 1;
            return;
        }
        let place = (self.start + self.len) % self.memory.len();
        self.memory[place] = byte;
        self.len += 1;
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.errors += u64::from(self.is_fresh && text.starts_with(ERROR));
        self.is_fresh = text.bytes().next_back().map_or(self.is_fresh, |last| last == b'\n');
        for byte in text.bytes() {
            if byte == b'\n' {
                self.push(b'\r');
            }
            self.push(byte);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::fmt::Write;

    use super::*;

    fn drain(output: &mut Output<'_>, at_a_time: usize) -> String {
        let mut text = Vec::new();
        while !output.is_empty() {
            let part = &output.unsent()[..output.unsent().len().min(at_a_time)];
            text.extend_from_slice(part);
            output.sent(part.len());
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn text_comes_out_as_it_went_in_but_for_ends_of_lines() {
        let mut memory = [0; 16];
        let mut output = Output::new(&mut memory);
        for _ in 0..10 {
            output.write_str("one\ntwo\n").unwrap();
            assert_eq!(drain(&mut output, 3), "one\r\ntwo\r\n");
        }
        assert_eq!(output.lost(), 0);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut memory = [0; 4];
        let mut output = Output::new(&mut memory);
        output.write_str("abcdef").unwrap();
        assert_eq!(output.lost(), 2);
        assert_eq!(drain(&mut output, 16), "abcd");
    }

    #[test]
    fn no_memory_takes_nothing() {
        let mut output = Output::new(&mut []);
        output.write_str("a").unwrap();
        assert_eq!((output.lost(), output.unsent().len()), (1, 0));
        output.clear();
    }

    #[test]
    fn more_cannot_be_sent_than_waits() {
        let mut memory = [0; 4];
        let mut output = Output::new(&mut memory);
        output.write_str("ab").unwrap();
        output.sent(100);
        assert!(output.is_empty());
        output.write_str("cd").unwrap();
        assert_eq!(drain(&mut output, 16), "cd");
    }
}
