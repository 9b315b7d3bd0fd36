//! Commands that programs give at a console, and how it answers them.
//!
//! ```text
//! @TAG,CRC COMMAND     what is typed
//! @TAG begins          then lines of the answer, as people get them
//! @TAG done            or: failed, stopped, garbled
//! ```
//!
//! The tag is up to [`TAG`] letters and digits that the program chooses; the checksum is the CRC-32 of the
//! command in eight hexadecimal digits, for keys get lost on their way. Without `,CRC` nothing is checked.

use core::fmt::{self, Display, Formatter};

/// Characters of a tag at most.
pub const TAG: usize = 8;

/// A command with a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What the answer is marked with.
    pub tag: &'a str,
    /// What is asked.
    pub command: &'a str,
}

/// A mark in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The answer begins.
    Begins,
    /// It is over, and nothing was wrong.
    Done,
    /// It is over, and a line of it said what was wrong.
    Failed,
    /// Somebody stopped it by Ctrl-C.
    Stopped,
    /// The checksum is wrong; nothing was done.
    Garbled,
}

/// A line that marks an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Whose answer it is.
    pub tag: &'a str,
    /// What it says of it.
    pub mark: Mark,
}

impl<'a> Request<'a> {
    /// The request in `line`, if it is one; its tag alone where the checksum is wrong.
    pub fn read(line: &'a str) -> Option<Result<Self, &'a str>> {
        let (head, command) = line.strip_prefix('@')?.split_once(' ')?;
        let (tag, crc) = match head.split_once(',') {
            Some((tag, crc)) => (tag, Some(crc)),
            None => (head, None),
        };
        let is_right = |crc: &str| u32::from_str_radix(crc, 16) == Ok(crc_of(command));
        is_tag(tag).then(|| match crc.is_none_or(is_right) {
            true => Ok(Self { tag, command }),
            false => Err(tag),
        })
    }
}

impl Display for Request<'_> {
    /// As it is typed, with its checksum.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { tag, command } = self;
        write!(out, "@{tag},{:08x} {command}", crc_of(command))
    }
}

impl<'a> Reply<'a> {
    /// The mark that `line` is, if it is one.
    pub fn read(line: &'a str) -> Option<Self> {
        let (tag, word) = line.strip_prefix('@')?.split_once(' ')?;
        let mark = Mark::ALL.into_iter().find(|mark| mark.word() == word)?;
        is_tag(tag).then_some(Self { tag, mark })
    }
}

impl Display for Reply<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "@{} {}", self.tag, self.mark.word())
    }
}

impl Mark {
    const ALL: [Self; 5] = [Self::Begins, Self::Done, Self::Failed, Self::Stopped, Self::Garbled];

    const fn word(self) -> &'static str {
        match self {
            Self::Begins => "begins",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Garbled => "garbled",
        }
    }
}

fn is_tag(tag: &str) -> bool {
    (1..=TAG).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn crc_of(command: &str) -> u32 {
    crc32fast::hash(command.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let request = Request { tag: "a7", command: "show ports -f json" };
        let line = request.to_string();
        assert_eq!(Request::read(&line), Some(Ok(request)));
        assert_eq!(Request::read("@a7 show ports -f json"), Some(Ok(request)));
    }

    #[test]
    fn a_key_that_got_lost_is_noticed() {
        let line = Request { tag: "a7", command: "stall 1 1000" }.to_string();
        let command = line.find(' ').unwrap();
        for lost in command + 1..line.len() {
            let garbled = [&line[..lost], &line[lost + 1..]].concat();
            assert_eq!(Request::read(&garbled), Some(Err("a7")), "{garbled}");
        }
    }

    #[test]
    fn other_lines_are_no_requests() {
        for line in ["show ports", "@", "@ x", "@a", "@123456789 x", "@a-b x", "@@gQAAAA", "@,0 x"]
        {
            assert_eq!(Request::read(line), None, "{line}");
        }
    }

    #[test]
    fn marks_are_read_as_they_were_written() {
        for mark in Mark::ALL {
            let line = Reply { tag: "7", mark }.to_string();
            assert_eq!(Reply::read(&line), Some(Reply { tag: "7", mark }));
        }
        assert_eq!(Reply::read("@7 begun"), None);
    }
}
