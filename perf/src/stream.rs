//! Frames that survive a serial line: what the control core sends, and how readers find it again.
//!
//! A frame is one kind byte, a sequence number, a payload and a CRC-32 over all three, encoded by
//! consistent overhead byte stuffing (COBS, Cheshire and Baker 1999) between two zero bytes:
//!
//! ```text
//! 00 | COBS( kind:1 | sequence:4, little endian | payload | crc:4, little endian ) | 00
//! ```
//!
//! A reader that starts in the middle, or meets damage or foreign text, goes on at the next zero
//! byte. What is missing shows in the sequence numbers.

use cobs::CobsEncoder;

/// Bytes that a payload has at most.
pub const PAYLOAD: usize = 512;
/// Bytes of a frame beside its payload: kind, sequence number, CRC.
const OVERHEAD: usize = 1 + 4 + 4;
/// Bytes of a frame before it is stuffed, at most.
const BODY: usize = PAYLOAD + OVERHEAD;
/// Bytes of a frame on the line at most, both zero bytes included.
pub const LINE: usize = cobs::max_encoding_length(BODY) + 2;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One defmt frame, without an encoding of its own.
    Log = 1,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        (byte == Self::Log as u8).then_some(Self::Log)
    }
}

/// A frame as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Counts the frames of a stream from 0; wraps after 2^32.
    pub sequence: u32,
    /// What it carries.
    pub kind: Kind,
    /// The bytes that it carries.
    pub payload: &'a [u8],
}

/// Why the bytes between two zero bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// They are not stuffed correctly, or are too few or too many: damage, or foreign text.
    Garbled,
    /// Their CRC is not right.
    Crc,
    /// They are a frame of a kind that this version does not know.
    Kind(u8),
}

/// Writes `frame` into `line` and returns how many bytes it takes there. The first [`PAYLOAD`]
/// bytes of its payload are sent.
pub fn encode(frame: &Frame<'_>, line: &mut [u8; LINE]) -> usize {
    let sequence = frame.sequence.to_le_bytes();
    let payload = &frame.payload[..frame.payload.len().min(PAYLOAD)];
    let mut crc = crc32fast::Hasher::new();
    let (first, rest) = line.split_at_mut(1);
    first[0] = 0;
    let mut cobs = CobsEncoder::new(rest);
    for part in [&[frame.kind as u8][..], &sequence, payload] {
        crc.update(part);
        let _fits = cobs.push(part);
    }
    let _fits = cobs.push(&crc.finalize().to_le_bytes());
    let stuffed = cobs.finalize();
    line[1 + stuffed] = 0;
    stuffed + 2
}

/// Finds frames in a stream of bytes.
#[derive(Debug)]
pub struct Decoder {
    line: [u8; LINE],
    held: usize,
    overrun: bool,
    body: [u8; LINE],
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub const fn new() -> Self {
        Self { line: [0; LINE], held: 0, overrun: false, body: [0; LINE] }
    }

    /// Takes the next byte of the stream. Something only at the zero byte behind a frame, or
    /// behind bytes that are none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame<'_>, Damage>> {
        if byte != 0 {
            self.hold(byte);
            return None;
        }
        let (held, overrun) = (self.held, self.overrun);
        (self.held, self.overrun) = (0, false);
        if overrun {
            return Some(Err(Damage::Garbled));
        }
        (held > 0).then(|| self.decode(held))
    }

    fn hold(&mut self, byte: u8) {
        match self.line.get_mut(self.held) {
            Some(place) => {
                *place = byte;
                self.held += 1;
            }
            None => self.overrun = true,
        }
    }

    fn decode(&mut self, held: usize) -> Result<Frame<'_>, Damage> {
        let report = cobs::decode(&self.line[..held], &mut self.body);
        let len = report.map_err(|_| Damage::Garbled)?.frame_size();
        let (content, crc) = self.body[..len].split_last_chunk().ok_or(Damage::Garbled)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
            return Err(Damage::Crc);
        }
        let (&[kind, a, b, c, d], payload) = content.split_first_chunk().ok_or(Damage::Garbled)?;
        let sequence = u32::from_le_bytes([a, b, c, d]);
        let kind = Kind::from_byte(kind).ok_or(Damage::Kind(kind))?;
        Ok(Frame { sequence, kind, payload })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (sequence, payload) in (0..).zip(frames) {
            let mut line = [0xff; LINE];
            let len = encode(&Frame { sequence, kind: Kind::Log, payload }, &mut line);
            bytes.extend_from_slice(&line[..len]);
        }
        bytes
    }

    fn received(bytes: &[u8]) -> (Vec<(u32, Vec<u8>)>, usize) {
        let mut decoder = Decoder::new();
        let (mut frames, mut damages) = (Vec::new(), 0);
        for &byte in bytes {
            match decoder.push(byte) {
                Some(Ok(frame)) => frames.push((frame.sequence, frame.payload.to_vec())),
                Some(Err(_)) => damages += 1,
                None => (),
            }
        }
        (frames, damages)
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=PAYLOAD), 1..8)
    }

    proptest! {
        #[test]
        fn what_is_sent_is_received(frames in payloads()) {
            let expected: Vec<_> = (0..).zip(frames.clone()).collect();
            prop_assert_eq!(received(&sent(&frames)), (expected, 0));
        }

        #[test]
        fn damage_costs_the_frames_it_hits_and_invents_none(
            frames in payloads(), at in any::<prop::sample::Index>(), flip in 1..=255_u8
        ) {
            let mut bytes = sent(&frames);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (got, _) = received(&bytes);
            prop_assert!(got.len() + 2 >= frames.len());
            for (sequence, payload) in got {
                prop_assert_eq!(&payload, &frames[sequence as usize]);
            }
        }

        #[test]
        fn foreign_text_before_a_frame_does_not_hide_it(text in "[ -~\r\n]{0,2000}") {
            let mut bytes = text.into_bytes();
            bytes.extend(sent(&[b"after".to_vec()]));
            let (frames, _) = received(&bytes);
            prop_assert_eq!(frames, vec![(0, b"after".to_vec())]);
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_told_apart_from_damage() {
        let mut body = vec![9, 0, 0, 0, 0];
        body.extend(crc32fast::hash(&body).to_le_bytes());
        let mut decoder = Decoder::new();
        let mut bytes = vec![0; LINE];
        let stuffed = cobs::encode(&body, &mut bytes);
        bytes.truncate(stuffed + 1);
        let last = bytes.into_iter().fold(None, |_, byte| decoder.push(byte).map(|r| r.err()));
        assert_eq!(last, Some(Some(Damage::Kind(9))));
    }
}
