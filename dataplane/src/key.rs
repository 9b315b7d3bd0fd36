//! What a packet is looked up by: all that rules can match, in words of 64 bits.
//!
//! Numbers stand in words as people write them, most significant bit first, so that a prefix of an
//! address is a prefix of its word. What most packets have lies in the first words, on one cache
//! line; what only some have lies in the words from [`DEEP`] on.
//!
//! ```text
//!  0  in_port 16 | eth_type 16 | recirc_id 32
//!  1  eth_dst 48 | vlan_tci 16
//!  2  eth_src 48 | second vlan_tci 16
//!  3  tp_src 16 | tp_dst 16 | nw_proto 8 | nw_tos 8 | nw_ttl 8 | nw_frag 8
//!  4  nw_src 32 | nw_dst 32
//!  5  tcp_flags 16 | ipv6_label 32 | fault 8 | vlan_tpid 1, second 1 (of 8)
//!  6  ipv6_src 128              8  ipv6_dst 128
//! 10  arp_sha or nd_sll 48     11  arp_tha or nd_tll 48
//! 12  nd_target 128
//! 14  tun_id 32 | tun_flags 16 | tun_tos 8 | tun_ttl 8
//! 15  tun_src 128              17  tun_dst 128
//! 19  tun_tp_src 16 | tun_tp_dst 16 | dp_hash 32
//! ```

use core::ops::{Index, IndexMut};

use crate::ledger::Reason;

/// Words of a key.
pub const WORDS: usize = 20;
/// The first word that only some packets use.
pub const DEEP: usize = 6;
/// The first word that only packets out of tunnels use; all behind it are theirs too.
pub const TUNNEL: usize = 14;

/// Fragment bits of word 3, with Open vSwitch's meaning: it is a fragment, and not the first.
pub const FRAGMENT: u64 = 1;
/// See [`FRAGMENT`].
pub const LATER: u64 = 2;

/// Where word 5 says why a packet cannot be what it says.
const FAULT: u32 = 8;
/// Bits of word 5 that tell kinds of tags.
const TAG_KINDS: u64 = 3;
/// Bits, by word, that are not known of a packet that cannot be what it says.
const INSIDE: [u64; 6] = [0xffff << 32, 0, 0, !0, !0, !TAG_KINDS];

/// A key, and where the layers of its packet begin. All that most packets use is on its first line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Key {
    /// Bit i says that word i, one from [`DEEP`] on, may be other than 0.
    deep: u32,
    /// Where headers begin in the packet. No part of what is looked up.
    pub layers: Layers,
    /// What caches know it by, once they have looked. No part of what is looked up.
    pub(crate) hash: u32,
    /// The same of the packet that this one was in, if it came out of a tunnel, else 0. Hashes take it
    /// for the words from [`TUNNEL`] on, which are all of that packet.
    outer: u32,
    words: [u64; WORDS],
}

/// Where headers begin, in bytes from the packet's first; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// What the last type of Ethernet is about.
    pub network: u16,
    /// What the network layer carries.
    pub transport: u16,
}

impl Key {
    /// A key of nothing.
    pub const ZERO: Self = {
        let layers = Layers { network: 0, transport: 0 };
        Self { deep: 0, layers, hash: 0, outer: 0, words: [0; WORDS] }
    };

    /// All words.
    #[inline]
    pub const fn words(&self) -> &[u64; WORDS] {
        &self.words
    }

    /// Which words from [`DEEP`] on may be other than 0, as a set of bits.
    #[inline]
    pub const fn deep(&self) -> u32 {
        self.deep
    }

    /// What hashes take for the words from [`TUNNEL`] on.
    #[inline]
    pub(crate) const fn outer(&self) -> u32 {
        self.outer
    }

    /// Makes it a key of nothing.
    #[inline]
    pub fn clear(&mut self) {
        self.words[..DEEP].fill(0);
        self.layers = Layers::default();
        self.forget_rare();
    }

    /// Makes all words from [`DEEP`] on 0.
    #[inline]
    fn forget_rare(&mut self) {
        if self.deep == 0 {
            return;
        }
        // As arrays of so few words, so that no function is called.
        if self.deep >> DEEP & ((1 << (TUNNEL - DEEP)) - 1) != 0
            && let Some(words) = self.words[DEEP..].first_chunk_mut::<{ TUNNEL - DEEP }>()
        {
            *words = [0; TUNNEL - DEEP];
        }
        if self.deep >> TUNNEL != 0
            && let Some(words) = self.words[TUNNEL..].first_chunk_mut::<{ WORDS - TUNNEL }>()
        {
            *words = [0; WORDS - TUNNEL];
        }
        (self.deep, self.outer) = (0, 0);
    }

    /// Says what was in front of the packet in a tunnel, in a packet of this hash: all words from
    /// [`TUNNEL`] on.
    #[inline]
    pub(crate) fn set_tunnel(&mut self, words: [u64; WORDS - TUNNEL], hash: u32) {
        self.words[TUNNEL..].copy_from_slice(&words);
        self.outer = hash;
        self.deep |= ((1 << WORDS) - 1) & !((1 << TUNNEL) - 1);
    }

    /// Makes it a key of `words`, and of nothing beyond.
    #[inline]
    pub(crate) fn set_usual(&mut self, words: [u64; DEEP], layers: Layers) {
        self.words[..DEEP].copy_from_slice(&words);
        self.layers = layers;
        self.forget_rare();
    }

    /// Says that the packet cannot be what it says, for `reason`: nothing is known of it beyond
    /// Ethernet.
    #[cold]
    pub fn spoil(&mut self, reason: Reason) {
        let tags = self.words[5] & TAG_KINDS;
        self.words[3..].fill(0);
        self.words[5] = (reason as u64 + 1) << FAULT | tags;
        (self.deep, self.outer) = (0, 0);
        self.layers.transport = 0;
    }

    /// Why the packet cannot be what it says; none if it can.
    pub fn fault(&self) -> Option<Reason> {
        let number = self.words[5] >> FAULT & 0xff;
        Reason::ALL.get((number as usize).checked_sub(1)?).copied()
    }

    /// Puts an address of 128 bits into `word` and the next.
    pub fn set_address(&mut self, word: usize, address: &[u8; 16]) {
        let value = u128::from_be_bytes(*address);
        self[word] = (value >> 64) as u64;
        self[word + 1] = value as u64;
    }

    /// Number of the port that the packet came in by.
    #[inline]
    pub const fn port(&self) -> u16 {
        (self.words[0] >> 48) as u16
    }

    /// Type of what Ethernet carries, behind VLAN tags.
    #[inline]
    pub const fn kind(&self) -> u16 {
        (self.words[0] >> 32) as u16
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Key {}

impl Index<usize> for Key {
    type Output = u64;

    #[inline]
    fn index(&self, word: usize) -> &u64 {
        &self.words[word]
    }
}

impl IndexMut<usize> for Key {
    /// A word, to be changed.
    #[inline]
    fn index_mut(&mut self, word: usize) -> &mut u64 {
        if word >= DEEP {
            self.deep |= 1 << word;
        }
        &mut self.words[word]
    }
}

/// Which bits of keys are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(pub [u64; WORDS]);

impl Mask {
    /// None.
    pub const NONE: Self = Self([0; WORDS]);

    /// Looks at what `other` looks at, too.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
    }

    /// Whether it looks at more of packets than their port and what Ethernet says of them: at the
    /// type of what they carry, or at that.
    pub fn looks_inside(&self) -> bool {
        let (first, rest) = self.0.split_at(INSIDE.len());
        let inside = first.iter().zip(INSIDE).any(|(word, inside)| word & inside != 0);
        inside || rest.iter().any(|word| *word != 0)
    }

    /// Whether `other` looks at nothing that this does not look at.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(word, other)| other & !word == 0)
    }

    /// Which words are looked at, as a set of bits.
    pub fn used(&self) -> u32 {
        (0..WORDS).fold(0, |used, word| used | u32::from(self.0[word] != 0) << word)
    }

    /// Whether `a` and `b` are alike where it looks.
    pub fn alike(&self, a: &Key, b: &Key) -> bool {
        (0..WORDS).all(|word| (a[word] ^ b[word]) & self.0[word] == 0)
    }

    /// Whether two keys of these words are alike where it looks.
    pub fn same(&self, one: &[u64; WORDS], other: &[u64; WORDS]) -> bool {
        let words = one.iter().zip(other).zip(self.0);
        words.fold(0, |differ, ((one, other), mask)| differ | (one ^ other) & mask) == 0
    }

    /// What it sees of `key`.
    pub fn of(&self, key: &Key) -> Key {
        let mut seen = Key::ZERO;
        for word in (0..WORDS).filter(|word| self.0[*word] & key[*word] != 0) {
            seen[word] = key[word] & self.0[word];
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_packets_have_lies_on_one_cache_line() {
        assert!(core::mem::offset_of!(Key, words) + DEEP * 8 <= 64);
    }

    #[test]
    fn a_cleared_key_is_a_key_of_nothing() {
        let mut key = Key::ZERO;
        (0..WORDS).for_each(|word| key[word] = 7);
        assert_eq!(key.deep(), ((1 << WORDS) - 1) & !((1 << DEEP) - 1));
        key.clear();
        assert_eq!((key, key.deep()), (Key::ZERO, 0));
    }

    #[test]
    fn a_mask_sees_only_its_bits() {
        let (mut key, mut mask) = (Key::ZERO, Mask::NONE);
        (key[4], key[6], mask.0[4]) = (0xff, 1, 0xf0);
        let seen = mask.of(&key);
        assert_eq!((seen[4], seen[6], mask.used()), (0xf0, 0, 1 << 4));
        assert!(mask.alike(&key, &seen) && key != seen);
    }
}
