//! Frames that are kept as they came in, for somebody who wants to look at them.
//!
//! The control core lends a PMD memory for some frames and says what they are to be like. The PMD
//! copies the next such frames into it, and gives it back once it is full or when it is asked to.

use frame::Frame;
use handover::{Inbox, Sender};

use crate::batch::Batch;
use crate::field::Id;
use crate::key::{Key, Mask};
use crate::network::Network;
use crate::parse::{LARGEST, VLAN_TAG, key_all};
use crate::rules::Filter;
use crate::tunnel;

/// Bytes of a frame that can be kept: all of the largest.
pub const WHOLE: usize = LARGEST + VLAN_TAG;

/// The beginning of a frame.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The time-stamp counter when the PMD had polled it, or, of one that came out of a tunnel, when
    /// it last looked at the clock before.
    pub at: u64,
    /// Bytes that the frame had.
    pub len: u16,
    kept: u16,
    bytes: [u8; WHOLE],
}

impl Captured {
    /// Of no frame.
    pub const NOTHING: Self = Self { at: 0, len: 0, kept: 0, bytes: [0; WHOLE] };

    /// The bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.kept)).unwrap_or_default()
    }

    /// Keeps up to `most` bytes of `frame`.
    fn keep(&mut self, frame: &Frame, most: usize, at: u64) {
        let bytes = frame.bytes();
        let kept = bytes.len().min(most).min(WHOLE);
        self.bytes[..kept].copy_from_slice(&bytes[..kept]);
        (self.at, self.len, self.kept) = (at, bytes.len() as u16, kept as u16);
    }
}

/// Which frames are to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Tells it from others.
    pub number: u32,
    /// What their keys are like, and where that matters; the port is part of it.
    pub like: (Key, Mask),
    /// Bytes of each that are kept at most.
    pub snaplen: u16,
    /// How many.
    pub frames: u16,
}

/// What the keys of frames are like that came in by `port` and that `filter` describes, and where that
/// matters; none if there is no such port. The port of a tunnel stands for what came out of it.
pub fn like(port: u16, filter: &Filter, network: &Network) -> Option<(Key, Mask)> {
    let (value, mask) = filter.packets();
    let (mut value, mut mask) = (*value, *mask);
    let mut say = |id: Id, it: u128| {
        id.set(&mut value, it, u128::MAX);
        id.look(&mut mask, u128::MAX);
    };
    if let Some(tunnel) = network.tunnel(port) {
        say(Id::InPort, tunnel::UNKNOWN.into());
        tunnel.marks().iter().for_each(|(id, it)| it.iter().for_each(|it| say(*id, *it)));
    } else if network.has(port) {
        say(Id::InPort, port.into());
    } else {
        return None;
    }
    Some((value, mask))
}

/// A wish and memory to carry it out with.
pub struct Capture {
    wish: Wish,
    memory: &'static mut [Captured],
    kept: usize,
}

impl Capture {
    /// Nothing is kept in `memory` yet, and nothing is wished for.
    pub fn new(memory: &'static mut [Captured]) -> Self {
        let like = (Key::ZERO, Mask::NONE);
        Self { wish: Wish { number: 0, like, snaplen: 0, frames: 0 }, memory, kept: 0 }
    }

    /// Forgets what was kept and keeps what is like `wish` from now on.
    pub fn begin(&mut self, wish: &Wish) {
        (self.wish, self.kept) = (*wish, 0);
    }

    /// What it is about.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// Frames that were kept, in order of arrival.
    pub fn frames(&self) -> &[Captured] {
        self.memory.get(..self.kept).unwrap_or_default()
    }

    /// Whether all that was wished for is there, or there is no room for more.
    pub fn is_full(&self) -> bool {
        self.kept >= self.memory.len().min(self.wish.frames.into())
    }

    /// Keeps those frames of `batches`, which have just arrived, that are wished for.
    #[cold]
    #[inline(never)]
    pub(crate) fn look_at_all(&mut self, batches: &mut [Batch], now: u64) {
        for batch in batches {
            key_all(batch);
            self.look(batch, now);
        }
    }

    /// Keeps those frames of `batch`, all of which have a key, that are wished for.
    #[cold]
    #[inline(never)]
    pub(crate) fn look(&mut self, batch: &Batch, now: u64) {
        let (like, mask) = self.wish.like;
        for (frame, key) in batch.frames.iter().zip(&batch.keys) {
            if mask.same(key.words(), like.words()) {
                self.keep(frame, now);
            }
        }
    }

    /// Keeps `frame`, which came at `now`, if there is room.
    pub fn keep(&mut self, frame: &Frame, now: u64) {
        if !self.is_full() {
            self.memory[self.kept].keep(frame, self.wish.snaplen.into(), now);
            self.kept += 1;
        }
    }
}

/// A PMD's ends of what captures come and go by.
pub struct Lent {
    /// What is lent to it, one at a time.
    pub lent: Inbox<&'static mut Capture>,
    /// Where it gives that back.
    pub back: Sender<&'static mut Capture>,
}
