//! The payload of a frame, while it is written.

use serde::Serialize;

use super::frame::PAYLOAD;
use super::kind::Kind;

/// There is no room for it in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The payload of a frame that is being written: values one behind the other, as postcard (version
/// 1 of its wire format) writes them.
#[derive(Clone, Debug)]
pub struct Draft {
    kind: Kind,
    bytes: [u8; PAYLOAD],
    len: usize,
    limit: usize,
}

impl Draft {
    /// An empty payload of this kind, of up to `limit` bytes, or [`PAYLOAD`] if that is less.
    pub fn new(kind: Kind, limit: usize) -> Self {
        Self { kind, bytes: [0; PAYLOAD], len: 0, limit: limit.min(PAYLOAD) }
    }

    /// The same that begins with `value`, for which there is room in the shortest payload that a line
    /// has.
    pub fn beginning(kind: Kind, limit: usize, value: &impl Serialize) -> Self {
        let mut draft = Self::new(kind, limit);
        let _fits = draft.add(value);
        draft
    }

    /// Writes `value` behind the others.
    ///
    /// # Errors
    ///
    /// There is no room for it; nothing of it was written.
    pub fn add(&mut self, value: &impl Serialize) -> Result<(), Full> {
        let rest = self.bytes.get_mut(self.len..self.limit).ok_or(Full)?;
        let written = postcard::to_slice(value, rest).map_err(|_| Full)?;
        self.len += written.len();
        Ok(())
    }

    /// Writes as many of `bytes`, as they are, as there is room for, and returns how many.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.limit.saturating_sub(self.len));
        self.bytes[self.len..self.len + count].copy_from_slice(&bytes[..count]);
        self.len += count;
        count
    }

    /// What the frame carries.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What was written.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
