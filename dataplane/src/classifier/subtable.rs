//! Subtables: the flows of one mask, and what packets are looked at for them.

use super::NONE;
use crate::key::{Key, Mask, WORDS};
use crate::simple::SEEN;

/// The flows of one mask and one list.
#[derive(Clone, Copy, Debug)]
pub struct Subtable {
    /// The words that the mask uses, and what it looks at there.
    words: [u8; WORDS],
    masks: [u64; WORDS],
    count: u8,
    /// It looks at nothing that simple match cannot tell apart.
    pub(super) is_simple: bool,
    /// Packets that met one of its flows since it was ranked.
    pub(super) hits: u64,
    /// How many flows, and the first of them.
    pub(super) flows: u32,
    pub(super) first: u32,
}

impl Subtable {
    /// A subtable of nothing.
    pub const EMPTY: Self = Self {
        words: [0; WORDS],
        masks: [0; WORDS],
        count: 0,
        is_simple: false,
        hits: 0,
        flows: 0,
        first: NONE,
    };

    /// A subtable of `mask`, without flows.
    pub(super) fn new(mask: &Mask) -> Self {
        let mut subtable = Self { is_simple: SEEN.covers(mask), ..Self::EMPTY };
        for word in (0..WORDS).filter(|word| mask.0[*word] != 0) {
            let place = usize::from(subtable.count);
            (subtable.words[place], subtable.masks[place]) = (word as u8, mask.0[word]);
            subtable.count += 1;
        }
        subtable
    }

    /// Whether it stands for no mask.
    pub(super) fn is_free(&self) -> bool {
        self.count == 0
    }

    /// Whether it looks at nothing but the port and how often packets came.
    #[inline]
    pub(super) fn looks_at_port_only(&self) -> bool {
        self.count == 1 && self.words[0] == 0 && self.masks[0] & KIND == 0
    }

    /// Whether it looks at `mask`, and nothing else.
    pub(super) fn looks_at(&self, mask: &Mask) -> bool {
        let used = (0..WORDS).filter(|word| mask.0[*word] != 0);
        let count = usize::from(self.count);
        used.clone().count() == count
            && used.zip(&self.words[..count]).zip(&self.masks[..count]).all(
                |((word, own), own_mask)| word == usize::from(*own) && mask.0[word] == *own_mask,
            )
    }

    /// What it looks at of `key`.
    #[inline]
    pub(super) fn seen(&self, key: &Key) -> impl Iterator<Item = u64> + Clone {
        let count = usize::from(self.count).min(WORDS);
        let used = self.words[..count].iter().zip(&self.masks[..count]);
        used.map(|(word, mask)| see(key, *word) & mask)
    }

    /// The same two by two, with a 0 behind an odd number.
    #[inline]
    pub(super) fn pairs(&self, key: &Key) -> impl Iterator<Item = [u64; 2]> {
        let count = usize::from(self.count).min(WORDS).div_ceil(2);
        let (words, _) = self.words.as_chunks::<2>();
        let (masks, _) = self.masks.as_chunks::<2>();
        let used = words[..count].iter().zip(&masks[..count]);
        used.map(|([a, b], [first, second])| [see(key, *a) & first, see(key, *b) & second])
    }
}

/// The type of Ethernet in word 0, the only part of it that depends on more than the port.
const KIND: u64 = 0xffff << 32;

/// The `word` of `key`; there is none beyond the last.
#[inline]
fn see(key: &Key, word: u8) -> u64 {
    key.words()[usize::from(word).min(WORDS - 1)]
}
