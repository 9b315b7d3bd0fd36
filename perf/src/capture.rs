//! Captured frames as text: what the console writes and `pmdstat pcap` reads.
//!
//! ```text
//! # capture 3: port=0 snaplen=128 frames=2 clock=unix match=tcp
//! 1764301444.123456789 frame=1 length=98 captured=20 crc=1a2b3c4d
//! 0000  52 54 00 12 34 56 52 54 00 12 34 57 08 00 45 00
//! 0010  00 54 a1 b2
//! 1764301444.123456790 ...
//! # capture 3: end
//! ```
//!
//! Times are seconds since 1970, or since boot where nothing tells the time. The bytes are those of
//! a hex dump as Wireshark's text2pcap takes it (`-t %s.%f`). The checksum is CRC-32 (IEEE 802.3) of the
//! time in nanoseconds (64 bits) and the three numbers behind it (16 bits), little endian, and the bytes
//! that were captured, so that a reader knows what a console has damaged.

use core::fmt::{self, Display, Formatter};
use core::str::FromStr;

use heapless::Vec;

use crate::time::NANOS;

/// Bytes of a frame that stand in one line.
pub const ROW: usize = 16;

/// What a capture is about: the line in front of its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title {
    /// Tells it from others since boot.
    pub number: u32,
    /// The port that all frames came in by.
    pub port: u16,
    /// Bytes of each frame that were captured at most.
    pub snaplen: u16,
    /// How many there are.
    pub frames: u16,
    /// Whether times are those of the calendar; since boot if not.
    pub is_unix: bool,
}

impl Display for Title {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { number, port, snaplen, frames, is_unix } = self;
        let clock = if *is_unix { "unix" } else { "boot" };
        write!(f, "# capture {number}: port={port} snaplen={snaplen} frames={frames} clock={clock}")
    }
}

/// This text is no line of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoLine;

impl FromStr for Title {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let (number, said) =
            line.strip_prefix("# capture ").ok_or(NoLine)?.split_once(": ").ok_or(NoLine)?;
        Ok(Self {
            number: number.parse().map_err(|_| NoLine)?,
            port: value(said, "port")?,
            snaplen: value(said, "snaplen")?,
            frames: value(said, "frames")?,
            is_unix: word(said, "clock").ok_or(NoLine)? == "unix",
        })
    }
}

/// The line behind the last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The capture.
    pub number: u32,
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "# capture {}: end", self.number)
    }
}

impl FromStr for End {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let number = line.strip_prefix("# capture ").and_then(|rest| rest.strip_suffix(": end"));
        Ok(Self { number: number.ok_or(NoLine)?.parse().map_err(|_| NoLine)? })
    }
}

/// A frame, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// When it came, in nanoseconds.
    pub nanos: u64,
    /// Its number in the capture, from 1.
    pub frame: u16,
    /// Bytes that it had.
    pub length: u16,
    /// Bytes that follow.
    pub captured: u16,
    /// The checksum of all that and those.
    pub crc: u32,
}

impl Head {
    /// That of frame `frame` of `length` bytes, of which these were captured.
    pub fn new((frame, nanos): (u16, u64), length: u16, bytes: &[u8]) -> Self {
        let captured = bytes.len().try_into().unwrap_or(u16::MAX);
        let head = Self { nanos, frame, length, captured, crc: 0 };
        Self { crc: head.sum(bytes), ..head }
    }

    /// Whether these are the bytes that were captured.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        bytes.len() == usize::from(self.captured) && self.sum(bytes) == self.crc
    }

    fn sum(&self, bytes: &[u8]) -> u32 {
        let Self { nanos, frame, length, captured, .. } = *self;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&nanos.to_le_bytes());
        [frame, length, captured].iter().for_each(|number| crc.update(&number.to_le_bytes()));
        crc.update(bytes);
        crc.finalize()
    }
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { nanos, frame, length, captured, crc } = self;
        let (seconds, nanos) = (nanos / NANOS, nanos % NANOS);
        write!(
            f,
            "{seconds}.{nanos:09} frame={frame} length={length} captured={captured} crc={crc:08x}"
        )
    }
}

impl FromStr for Head {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let (time, said) = line.split_once(' ').ok_or(NoLine)?;
        let (seconds, nanos) = time.split_once('.').ok_or(NoLine)?;
        let [seconds, nanos]: [Option<u64>; 2] = [seconds, nanos].map(|it| it.parse().ok());
        let whole = seconds.and_then(|seconds| seconds.checked_mul(NANOS)).ok_or(NoLine)?;
        let nanos = nanos.and_then(|nanos| whole.checked_add(nanos)).ok_or(NoLine)?;
        let crc = word(said, "crc").and_then(|crc| u32::from_str_radix(crc, 16).ok());
        Ok(Self {
            nanos,
            frame: value(said, "frame")?,
            length: value(said, "length")?,
            captured: value(said, "captured")?,
            crc: crc.ok_or(NoLine)?,
        })
    }
}

/// Some bytes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the first of them is in the frame.
    pub at: u16,
    /// The bytes.
    pub bytes: Vec<u8, ROW>,
}

impl Row {
    /// All rows of `bytes`.
    pub fn all(bytes: &[u8]) -> impl Iterator<Item = Self> {
        let places = (0..=u16::MAX).step_by(ROW);
        places
            .zip(bytes.chunks(ROW))
            .map(|(at, bytes)| Self { at, bytes: bytes.iter().copied().collect() })
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x} ", self.at)?;
        self.bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
    }
}

impl FromStr for Row {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        let (at, rest) = line.split_once("  ").ok_or(NoLine)?;
        let mut bytes = Vec::new();
        for byte in rest.split(' ') {
            let byte = u8::from_str_radix(byte, 16).map_err(|_| NoLine)?;
            bytes.push(byte).map_err(|_| NoLine)?;
        }
        Ok(Self { at: u16::from_str_radix(at, 16).map_err(|_| NoLine)?, bytes })
    }
}

/// The text behind `name=` among the words of `said`.
fn word<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn value<T: FromStr>(said: &str, name: &str) -> Result<T, NoLine> {
    word(said, name).and_then(|value| value.parse().ok()).ok_or(NoLine)
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString as _};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            bytes in prop::collection::vec(any::<u8>(), 0..1519),
            frame in any::<u16>(),
            nanos in any::<u64>(),
        ) {
            let head = Head::new((frame, nanos), 1600, &bytes);
            prop_assert_eq!(head.to_string().parse(), Ok(head));
            let mut read = std::vec::Vec::new();
            for row in Row::all(&bytes) {
                let row: Row = row.to_string().parse().unwrap();
                prop_assert_eq!(usize::from(row.at), read.len());
                read.extend(row.bytes);
            }
            prop_assert!(head.is_of(&read));
        }

        #[test]
        fn any_text_is_read_without_harm(line in ".*") {
            let _ = line.parse::<Title>().map(drop).and(line.parse::<Head>().map(drop));
            let _ = line.parse::<Row>().map(drop).and(line.parse::<End>().map(drop));
        }
    }

    #[test]
    fn a_capture_begins_and_ends_with_its_number() {
        let title = Title { number: 3, port: 32, snaplen: 128, frames: 2, is_unix: true };
        let line = String::from("# capture 3: port=32 snaplen=128 frames=2 clock=unix");
        assert_eq!((title.to_string(), line.parse()), (line.clone(), Ok(title)));
        assert_eq!((line + " match=tcp").parse(), Ok(title));
        assert_eq!(
            (End { number: 3 }.to_string().parse(), "# capture 3: ".parse::<End>()),
            (Ok(End { number: 3 }), Err(NoLine))
        );
    }

    #[test]
    fn a_frame_whose_bytes_were_damaged_is_known() {
        let head = Head::new((1, 5), 98, &[1, 2, 3]);
        let other = Head { length: 97, ..head };
        assert!(!other.is_of(&[1, 2, 3]));
        assert!(head.is_of(&[1, 2, 3]) && !head.is_of(&[1, 2]) && !head.is_of(&[1, 2, 4]));
    }
}
