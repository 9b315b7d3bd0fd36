//! Frames that are kept as they came in, for somebody who wants to look at them.
//!
//! The control core lends a PMD memory for some frames and says what they are to be like. The PMD
//! copies the next such frames into it, one behind the other, and gives it back once it is full or when it
//! is asked to.

use frame::Frame;
use handover::{Inbox, Sender};

use crate::batch::Batch;
use crate::field::Id;
use crate::key::{Key, Mask};
use crate::network::Network;
use crate::parse::{LARGEST, VLAN_TAG, key_all};
use crate::rules::Filter;
use crate::tunnel;

/// Bytes of memory for each frame: all of the largest, where ports carry no longer ones than usual. Of
/// longer ones there are fewer.
pub const EACH: usize = LARGEST + VLAN_TAG;

/// The beginning of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'c> {
    /// The time-stamp counter when the PMD had polled it, or, of one that came out of a tunnel, when
    /// it last looked at the clock before.
    pub at: u64,
    /// Bytes that the frame had.
    pub len: u16,
    /// The bytes that were kept.
    pub bytes: &'c [u8],
}

/// What is known of a frame that was kept, beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    at: u64,
    len: u16,
    kept: u16,
    /// Where its bytes are among those of all.
    start: u32,
}

/// What frames are kept in.
pub struct Memory {
    /// As many as there are frames at most.
    pub frames: &'static mut [Kept],
    /// Their bytes: [`EACH`] for each of them.
    pub bytes: &'static mut [u8],
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
    memory: Memory,
    /// Frames and bytes that were kept.
    kept: usize,
    used: usize,
    /// A frame came that there was no room for.
    is_out_of_room: bool,
}

impl Capture {
    /// Nothing is kept in `memory` yet, and nothing is wished for.
    pub fn new(memory: Memory) -> Self {
        let like = (Key::ZERO, Mask::NONE);
        let wish = Wish { number: 0, like, snaplen: 0, frames: 0 };
        Self { wish, memory, kept: 0, used: 0, is_out_of_room: false }
    }

    /// Forgets what was kept and keeps what is like `wish` from now on.
    pub fn begin(&mut self, wish: &Wish) {
        (self.wish, self.kept, self.used, self.is_out_of_room) = (*wish, 0, 0, false);
    }

    /// What it is about.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// How many frames were kept.
    pub fn count(&self) -> usize {
        self.kept
    }

    /// The frame with this `index` of those, in order of arrival; none beyond the last.
    pub fn frame(&self, index: usize) -> Option<Captured<'_>> {
        let Kept { at, len, kept, start } = *self.memory.frames.get(..self.kept)?.get(index)?;
        let bytes = self.memory.bytes.get(start as usize..)?.get(..kept.into())?;
        Some(Captured { at, len, bytes })
    }

    /// Whether all that was wished for is there, or there is no room for more.
    pub fn is_full(&self) -> bool {
        let most = self.memory.frames.len().min(self.wish.frames.into());
        self.is_out_of_room || self.kept >= most
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
        if self.is_full() {
            return;
        }
        let bytes = frame.bytes();
        let kept = bytes.len().min(self.wish.snaplen.into());
        let Some(room) = self.memory.bytes.get_mut(self.used..self.used + kept) else {
            self.is_out_of_room = true;
            return;
        };
        room.copy_from_slice(&bytes[..kept]);
        let (len, start) = (bytes.len() as u16, self.used as u32);
        self.memory.frames[self.kept] = Kept { at: now, len, kept: kept as u16, start };
        (self.kept, self.used) = (self.kept + 1, self.used + kept);
    }
}

/// A PMD's ends of what captures come and go by.
pub struct Lent {
    /// What is lent to it, one at a time.
    pub lent: Inbox<&'static mut Capture>,
    /// Where it gives that back.
    pub back: Sender<&'static mut Capture>,
}
