//! The frame that a serial line is being given: one at a time, so that a crash can end it and go on with the
//! next number.

use heapless::Vec;
use perf::stream::{Frame, Kind, LINE, encode};

/// Frames of a stream on their way to a line of its own, the first of them with the number 0.
#[derive(Debug, Default)]
pub struct Outgoing {
    frame: Vec<u8, LINE>,
    sent: usize,
    /// Frames that were whole here, so the number of the next.
    count: u32,
}

impl Outgoing {
    /// Nothing on its way.
    pub const fn new() -> Self {
        Self { frame: Vec::new(), sent: 0, count: 0 }
    }

    /// Takes of `bytes`, which go on where the last ones ended, what its frame lacks, and says how many
    /// those were.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        let lacks = |&&byte: &&u8| !self.is_whole() && self.frame.push(byte).is_ok();
        let taken = bytes.iter().take_while(lacks).count();
        if taken > 0 && self.is_whole() {
            self.count = self.count.wrapping_add(1);
        }
        taken
    }

    /// What the line is to be given; nothing while the frame is not whole. Say with [`Self::sent`] how
    /// much of it the line took.
    pub fn unsent(&self) -> &[u8] {
        if self.is_whole() { &self.frame[self.sent..] } else { &[] }
    }

    /// The line took `count` bytes.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.is_whole() && self.sent >= self.frame.len() {
            self.frame.clear();
            self.sent = 0;
        }
    }

    /// Puts a piece of a crash report in the place of a frame of which the line has nothing.
    pub fn report(&mut self, piece: &str) {
        let mut line = [0; LINE];
        let payload = piece.as_bytes();
        let len = encode(&Frame { sequence: self.count, kind: Kind::Crash, payload }, &mut line);
        self.frame.clear();
        self.take(&line[..len]);
    }

    /// Whether the frame is there to the zero byte at its end.
    fn is_whole(&self) -> bool {
        self.frame.len() > 1 && self.frame.last() == Some(&0)
    }
}

#[cfg(test)]
mod tests {
    use perf::stream::{Found, Message, Scanner};

    use super::*;

    /// So many frames, as they wait for a line.
    fn waiting(count: u32) -> std::vec::Vec<u8> {
        let frame = |sequence| {
            let mut line = [0; LINE];
            let payload = &[0, 7, 0][..sequence as usize % 4];
            let len = encode(&Frame { sequence, kind: Kind::Log, payload }, &mut line);
            line[..len].to_vec()
        };
        (0..count).flat_map(frame).collect()
    }

    /// Has the line take so many bytes of `waiting`, `at_a_time` at most, and says what it took.
    fn send(outgoing: &mut Outgoing, waiting: &mut &[u8], bytes: usize) -> std::vec::Vec<u8> {
        let mut line = vec![];
        while line.len() < bytes {
            let at_once = waiting.len().min(5);
            let taken = outgoing.take(&waiting[..at_once]);
            *waiting = &waiting[taken..];
            let count = outgoing.unsent().len().min(3).min(bytes - line.len());
            line.extend_from_slice(&outgoing.unsent()[..count]);
            outgoing.sent(count);
        }
        line
    }

    /// The numbers and kinds of the frames that `line` holds, and nothing else.
    fn frames(line: &[u8]) -> std::vec::Vec<(u32, Kind)> {
        let mut scanner = Scanner::new();
        let mut frames = vec![];
        for byte in line {
            match scanner.push(*byte) {
                Some(Found::Frame(frame)) => {
                    assert!(Message::read(&frame).is_ok());
                    frames.push((frame.sequence, frame.kind));
                }
                other => assert_eq!(other, None),
            }
        }
        frames
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let bytes = waiting(9);
        assert_eq!(send(&mut Outgoing::new(), &mut &bytes[..], bytes.len()), bytes);
    }

    #[test]
    fn wherever_a_crash_comes_the_open_frame_ends_whole_and_numbers_go_on() {
        let bytes = waiting(5);
        for at in 0..bytes.len() {
            let mut outgoing = Outgoing::new();
            let mut line = send(&mut outgoing, &mut &bytes[..], at);
            for piece in ["one", "two", "three"] {
                line.extend_from_slice(outgoing.unsent());
                outgoing.sent(outgoing.unsent().len());
                outgoing.report(piece);
            }
            line.extend_from_slice(outgoing.unsent());
            let found = frames(&line);
            let logs = found.len() as u32 - 3;
            let expected = (0..).zip((0..logs).map(|_| Kind::Log).chain([Kind::Crash; 3]));
            assert_eq!(found, expected.collect::<std::vec::Vec<_>>(), "at {at}");
        }
    }
}
