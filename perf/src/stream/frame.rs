//! Frames that survive a serial line.
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

use super::kind::{Damage, Kind};

/// Bytes that a payload has at most.
pub const PAYLOAD: usize = 512;
/// Bytes of a frame beside its payload: kind, sequence number, CRC.
const OVERHEAD: usize = 1 + 4 + 4;
/// Bytes of a frame before it is stuffed or armoured, at most.
pub(super) const BODY: usize = PAYLOAD + OVERHEAD;
/// Bytes of a frame on the line at most, both zero bytes included.
pub const LINE: usize = cobs::max_encoding_length(BODY) + 2;

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

impl<'a> Frame<'a> {
    /// Writes it into `body` as it is before it is stuffed or armoured, and returns its length. The
    /// first [`PAYLOAD`] bytes of its payload are sent.
    pub(super) fn write(&self, body: &mut [u8; BODY]) -> usize {
        let payload = &self.payload[..self.payload.len().min(PAYLOAD)];
        let end = 5 + payload.len();
        body[0] = self.kind as u8;
        body[1..5].copy_from_slice(&self.sequence.to_le_bytes());
        body[5..end].copy_from_slice(payload);
        let crc = crc32fast::hash(&body[..end]);
        body[end..end + 4].copy_from_slice(&crc.to_le_bytes());
        end + 4
    }

    /// The frame that `body` is.
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Damage> {
        let (content, crc) = body.split_last_chunk().ok_or(Damage::Garbled)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
            return Err(Damage::Crc);
        }
        let (&[kind, a, b, c, d], payload) = content.split_first_chunk().ok_or(Damage::Garbled)?;
        let sequence = u32::from_le_bytes([a, b, c, d]);
        let kind = Kind::from_byte(kind).ok_or(Damage::Kind(kind))?;
        Ok(Self { sequence, kind, payload })
    }
}

/// Writes `frame` into `line`, stuffed, and returns how many bytes it takes there.
pub fn encode(frame: &Frame<'_>, line: &mut [u8; LINE]) -> usize {
    let mut body = [0; BODY];
    let len = frame.write(&mut body);
    line[0] = 0;
    let stuffed = cobs::encode(&body[..len], &mut line[1..]);
    line[1 + stuffed] = 0;
    stuffed + 2
}

/// The frame that `stuffed`, the bytes between two zero bytes, is; it is unstuffed into `body`.
pub(super) fn decode<'b>(stuffed: &[u8], body: &'b mut [u8; LINE]) -> Result<Frame<'b>, Damage> {
    if stuffed.len() > LINE {
        return Err(Damage::Garbled);
    }
    let len = cobs::decode(stuffed, body).map_err(|_| Damage::Garbled)?;
    Frame::read(&body[..len])
}
