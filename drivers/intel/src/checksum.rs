//! The checksum over a card's NVM, which tells whether that is damaged.
//!
//! A card loads its settings from there by itself, right or wrong. So a wrong checksum is told, and
//! keeps no card from being used. It is never made right: that is the business of whoever writes NVMs.

use bus::{Clock, Mmio};

use crate::device::Device;
use crate::nvm::{ADDRESSES, NOTHING, Nvm, Reader};

/// What the words add up to, as each family's datasheet has it in its map of the NVM.
const SUM: u16 = 0xbaba;
/// Where the checksum is, behind the words that are always counted.
const PLACE: u16 = 0x3f;
/// How long all words may take, in ms: there are some thousand at most, and each takes some 30 µs.
const TIME: u64 = 1000;

/// Whether the words of a card's NVM add up as they have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// They do.
    Right,
    /// They do not.
    Wrong {
        /// The checksum that is stored there.
        stored: u16,
        /// The one that would be right.
        computed: u16,
    },
    /// They could not be read in time, or are not read in a way that this crate knows.
    Unread,
}

/// The words that a checksum is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covered {
    /// The first of 64, the last of which is the checksum.
    pub(crate) first: u16,
    /// Places of words that lead to further ones: to how many there are, which is not counted, and those.
    pub(crate) pointers: &'static [u16],
}

impl Covered {
    /// The first 64 words, and no others.
    pub(crate) const FIRST: Self = Self { first: 0, pointers: &[] };

    /// Adds up the words of `nvm`.
    pub(crate) fn check<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>, nvm: Nvm) -> Checksum {
        let words = nvm.reader(device, TIME);
        let place = self.first + PLACE;
        match (words.word(place), self.sum(&words)) {
            (Some(stored), Some(sum)) if stored.wrapping_add(sum) == SUM => Checksum::Right,
            (Some(stored), Some(sum)) => {
                Checksum::Wrong { stored, computed: SUM.wrapping_sub(sum) }
            }
            _ => Checksum::Unread,
        }
    }

    /// The sum of all but the checksum.
    fn sum<M: Mmio, C: Clock>(self, words: &Reader<'_, '_, M, C>) -> Option<u16> {
        let first = sum(words, self.first..self.first + PLACE)?;
        self.pointers.iter().try_fold(first, |sum, place| {
            let pointer = words.word(*place)?;
            Some(sum.wrapping_add(section(words, pointer)?))
        })
    }
}

/// The sum of the words behind their number at `place`. What lies beyond the NVM does not count.
fn section<M: Mmio, C: Clock>(words: &Reader<'_, '_, M, C>, place: u16) -> Option<u16> {
    if NOTHING.contains(&place) || place >= ADDRESSES {
        return Some(0);
    }
    let length = words.word(place)?;
    let end = place.checked_add(length).filter(|end| *end < ADDRESSES);
    match end {
        Some(end) if !NOTHING.contains(&length) => sum(words, place + 1..end + 1),
        _ => Some(0),
    }
}

fn sum<M: Mmio, C: Clock>(
    words: &Reader<'_, '_, M, C>,
    mut places: core::ops::Range<u16>,
) -> Option<u16> {
    places.try_fold(0_u16, |sum, place| Some(sum.wrapping_add(words.word(place)?)))
}
