//! Hashes of keys, begun with numbers that nobody outside knows: whoever sends frames cannot make
//! them meet in one place.

use core::hash::Hasher as _;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;
use frame::Frame;
use handover::Steer;

use crate::extract::extract;
use crate::key::{DEEP, Key, TUNNEL};

/// What hashes begin with. Made once at boot.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    shared: &'static SharedSeed,
    own: u64,
}

impl Seeds {
    /// Hashes that begin with `own`, one number for each use, and with what `shared` was made of,
    /// a number drawn at boot.
    pub const fn new(shared: &'static SharedSeed, own: u64) -> Self {
        Self { shared, own }
    }

    /// The same for another use.
    #[must_use]
    pub const fn other(self, own: u64) -> Self {
        Self { own: self.own ^ own.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..self }
    }

    /// A hash of all words of `key`; of those about tunnels by the hash of the packet that it was in.
    #[inline]
    pub(crate) fn key(self, key: &Key) -> u32 {
        let words = key.words();
        let mut hasher = FoldHasher::with_seed(self.own, self.shared);
        hasher.write_u128(pair(words[0], words[1]));
        hasher.write_u128(pair(words[2], words[3]));
        hasher.write_u128(pair(words[4], words[5]));
        let mut hash = hasher.finish();
        if key.deep() & ((1 << TUNNEL) - 1) != 0 {
            hash ^= self.rare(key);
        }
        (hash >> 32) as u32 ^ key.outer()
    }

    /// A hash of the rare words of `key` in front of those about tunnels: of those pairs that may be
    /// other than 0. Not a part of the loop over usual keys, which would get longer by it.
    #[inline(never)]
    fn rare(self, key: &Key) -> u64 {
        let (pairs, _) = key.words()[DEEP..TUNNEL].as_chunks::<2>();
        let mut hasher = FoldHasher::with_seed(!self.own ^ u64::from(key.deep()), self.shared);
        for (number, &[low, high]) in pairs.iter().enumerate() {
            if key.deep() >> (DEEP + 2 * number) & 3 != 0 {
                hasher.write_u128(pair(low, high));
            }
        }
        hasher.finish()
    }

    /// A hash of pairs of words.
    #[inline]
    pub(crate) fn pairs(self, pairs: impl Iterator<Item = [u64; 2]>) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.own, self.shared);
        pairs.for_each(|[low, high]| hasher.write_u128(pair(low, high)));
        hasher.finish()
    }

    /// A hash of `words`.
    #[inline]
    pub(crate) fn words(self, words: impl Iterator<Item = u64>) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.own, self.shared);
        words.for_each(|word| hasher.write_u64(word));
        hasher.finish()
    }

    /// A hash that is the same for all packets of a connection: of addresses, protocol and ports;
    /// of addresses on Ethernet where there are no others.
    // As a function it costs a packet into a tunnel 2 % more.
    #[inline(always)]
    pub(crate) fn connection(self, key: &Key) -> u32 {
        const PORTS_AND_PROTOCOL: u64 = 0xffff_ffff_ff00_0000;
        let words = key.words();
        let low = if words[4] == 0 && key.deep() == 0 {
            self.words([words[1], words[2]].into_iter())
        } else {
            let addresses = [words[3] & PORTS_AND_PROTOCOL, words[4]].into_iter();
            match key.deep() {
                0 => self.words(addresses),
                _ => self.words(addresses.chain(words[DEEP..DEEP + 4].iter().copied())),
            }
        };
        (low >> 32) as u32
    }
}

impl Steer for Seeds {
    fn hash(&self, frame: &Frame) -> u32 {
        let mut key = Key::ZERO;
        extract(frame.bytes(), 0, &mut key);
        self.connection(&key)
    }
}

const _: () = assert!((TUNNEL - DEEP).is_multiple_of(2));

#[inline]
const fn pair(low: u64, high: u64) -> u128 {
    low as u128 | (high as u128) << 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::WORDS;

    static SHARED: SharedSeed = SharedSeed::from_u64(7);

    #[test]
    fn every_word_of_a_key_matters_to_its_hash() {
        let seeds = Seeds::new(&SHARED, 0x1234_5678_9abc_def0);
        let mut seen = std::collections::BTreeSet::from([seeds.key(&Key::ZERO)]);
        for word in 0..TUNNEL {
            let mut key = Key::ZERO;
            key[word] = 1;
            assert!(seen.insert(seeds.key(&key)), "word {word}");
        }
        for outer in 1..100 {
            let mut key = Key::ZERO;
            key.set_tunnel([1; WORDS - TUNNEL], outer);
            assert!(seen.insert(seeds.key(&key)), "a packet in one of hash {outer}");
        }
    }

    #[test]
    fn a_connection_keeps_its_hash_whatever_its_packets_say_besides() {
        let seeds = Seeds::new(&SHARED, 1);
        let (mut key, mut other) = (Key::ZERO, Key::ZERO);
        (key[3], key[4]) = (0x1234_0050_0600_4000, 0x0a00_0001_0a00_0002);
        (other[3], other[4], other[5]) = (key[3] ^ 0xff00, key[4], 0xffff << 48);
        assert_eq!(seeds.connection(&key), seeds.connection(&other));
        other[3] ^= 1 << 32;
        assert_ne!(seeds.connection(&key), seeds.connection(&other));
    }
}
