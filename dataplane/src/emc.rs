//! The exact-match cache: keys that were met lately, whole, and the flows that they met.
//!
//! As Open vSwitch's: each key has two places; insertion happens now and then only, so that a flood
//! of short flows does not push out those that last.

use core::ops::Range;

use frame::cpu;

use crate::flow::Flows;
use crate::hash::Seeds;
use crate::key::{DEEP, Key, TUNNEL, WORDS};

/// Places of a cache.
pub const PLACES: usize = 8192;
/// Bits of a hash that name a place.
const BITS: u32 = PLACES.ilog2();
/// One key in so many is inserted, by default.
pub const INVERSE_PROBABILITY: u32 = 100;

/// A key on one cache line, but for its rare words.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Entry {
    hash: u32,
    deep: u32,
    flow: u32,
    /// Of the flow's name the low half; 0 where there is none.
    name: u32,
    words: [u64; DEEP],
}

/// The rare words of a key: on one line those of addresses, on the next those of tunnels. A line
/// that a key does not use is not touched.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(128))]
pub struct Rare([u64; RARE]);

/// How many rare words there are, and how many of them are on the first line.
const RARE: usize = WORDS - DEEP;
const LINE: usize = TUNNEL - DEEP;
const _: () = assert!(LINE * size_of::<u64>() == 64);

impl Entry {
    /// A place without a key.
    pub const EMPTY: Self = Self { hash: 0, deep: 0, flow: 0, name: 0, words: [0; DEEP] };
}

const _: () = assert!(size_of::<Entry>() == 64);

/// One PMD's cache.
pub struct Emc {
    entries: &'static mut [Entry; PLACES],
    rare: &'static mut [Rare; PLACES],
    seeds: Seeds,
    /// One key in so many is inserted; 0 where nothing is looked up or inserted at all.
    inverse: u32,
    dice: u64,
}

impl Emc {
    /// A cache in this memory, which has one key in `inverse` inserted: 1 each, 0 none.
    pub fn new(
        entries: &'static mut [Entry; PLACES],
        rare: &'static mut [Rare; PLACES],
        seeds: Seeds,
        inverse: u32,
    ) -> Self {
        Self { entries, rare, seeds, inverse, dice: 1 }
    }

    /// Has one key in `inverse` inserted from now on: 1 each, 0 none.
    pub fn set_inverse(&mut self, inverse: u32) {
        self.inverse = inverse;
    }

    /// Whether keys are looked up at all.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.inverse != 0
    }

    /// Gives `key` the hash that it is known by. What is behind it is on its way afterwards.
    #[inline]
    pub(crate) fn hash(&self, key: &mut Key) {
        key.hash = self.seeds.key(key);
        let [first, _] = places(key.hash);
        cpu::prefetch_value(&self.entries[first]);
        if key.deep() != 0 {
            self.prefetch_rare(first, key.deep());
        }
    }

    /// The flow that `key`, which has its hash, met before.
    #[inline]
    pub(crate) fn find(&self, key: &Key, flows: &Flows) -> Option<u32> {
        let [first, second] = places(key.hash);
        self.at(first, key, flows).or_else(|| self.at(second, key, flows))
    }

    #[inline]
    fn at(&self, place: usize, key: &Key, flows: &Flows) -> Option<u32> {
        let entry = &self.entries[place];
        let is_it = entry.hash == key.hash && self.holds(place, key) && is_alive(entry, flows);
        is_it.then_some(entry.flow)
    }

    #[inline]
    fn holds(&self, place: usize, key: &Key) -> bool {
        let entry = &self.entries[place];
        let words = key.words();
        // Word by word: a comparison of arrays calls a function for so few.
        let differ = (0..DEEP).fold(0, |differ, word| differ | (entry.words[word] ^ words[word]));
        (differ == 0 && entry.deep == key.deep())
            && (entry.deep == 0 || self.holds_rare(place, key))
    }

    /// Has the lines on their way that keys of these rare words use.
    fn prefetch_rare(&self, place: usize, deep: u32) {
        let Rare(rare) = &self.rare[place];
        let deep = deep >> DEEP;
        if deep & ((1 << LINE) - 1) != 0 {
            cpu::prefetch_value(&rare[0]);
        }
        if deep >> LINE != 0 {
            cpu::prefetch_value(&rare[LINE]);
        }
    }

    /// Whether the rare words, of which both keys use the same, are alike too.
    #[inline(never)]
    fn holds_rare(&self, place: usize, key: &Key) -> bool {
        let (one, other) = (&self.rare[place].0, &key.words()[DEEP..]);
        let differ = |words: Range<usize>| words.fold(0, |differ, i| differ | (one[i] ^ other[i]));
        let deep = key.deep() >> DEEP;
        (deep & ((1 << LINE) - 1) == 0 || differ(0..LINE) == 0)
            && (deep >> LINE == 0 || differ(LINE..RARE) == 0)
    }

    /// Remembers, now and then, that `key` met `flow`.
    #[inline]
    pub(crate) fn insert_maybe(&mut self, key: &Key, flow: u32, flows: &Flows) {
        // A linear congruential generator (Knuth, MMIX) is dice enough for a cache.
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let wins = ((self.dice >> 32) * u64::from(self.inverse)) >> 32 == 0;
        if wins && self.inverse != 0 {
            self.insert(key, flow, flows);
        }
    }

    fn insert(&mut self, key: &Key, flow: u32, flows: &Flows) {
        let [first, second] = places(key.hash);
        let known = [first, second].into_iter().find(|place| self.holds(*place, key));
        let place = known.unwrap_or_else(|| {
            let [one, other] = [&self.entries[first], &self.entries[second]];
            let [alive, other_alive] = [one, other].map(|entry| is_alive(entry, flows));
            let second_wins = alive && (!other_alive || other.hash < one.hash);
            if second_wins { second } else { first }
        });
        let mut entry = Entry {
            hash: key.hash,
            deep: key.deep(),
            flow,
            name: flows.name(flow) as u32,
            words: [0; DEEP],
        };
        let (words, rare) = key.words().split_at(DEEP);
        entry.words.copy_from_slice(words);
        self.entries[place] = entry;
        if key.deep() != 0 {
            self.rare[place].0.copy_from_slice(rare);
        }
    }
}

#[inline]
fn is_alive(entry: &Entry, flows: &Flows) -> bool {
    entry.name != 0 && flows.name(entry.flow) as u32 == entry.name
}

/// The two places of a key with this hash.
#[inline]
const fn places(hash: u32) -> [usize; 2] {
    let mask = PLACES - 1;
    [hash as usize & mask, (hash >> BITS) as usize & mask]
}

#[cfg(test)]
mod tests {
    use foldhash::SharedSeed;

    use super::*;
    use crate::batch::Verdict;
    use crate::flow::{Flow, New, SharedMask};

    static SHARED: SharedSeed = SharedSeed::from_u64(3);

    fn emc(inverse: u32) -> (Emc, Flows) {
        let entries: &'static mut _ = vec![Entry::EMPTY; PLACES].leak().try_into().unwrap();
        let rare: &'static mut _ = vec![Rare::default(); PLACES].leak().try_into().unwrap();
        let slots: Vec<Flow> = (0..64).map(|_| Flow::default()).collect();
        let flows = Flows::new(slots.leak(), vec![SharedMask::default()].leak());
        (Emc::new(entries, rare, Seeds::new(&SHARED, 1), inverse), flows)
    }

    fn install(flows: &Flows, place: u32, name: u64) {
        let verdict = Verdict::Output(1);
        flows.install(place, &New { name, mask: 0, words: &[], verdict, actions: 0, now: 0 });
    }

    fn key(number: u64) -> Key {
        let mut key = Key::ZERO;
        key[4] = number;
        key
    }

    fn hashed(emc: &Emc, mut key: Key) -> Key {
        emc.hash(&mut key);
        key
    }

    #[test]
    fn a_key_is_found_with_all_its_words_and_while_its_flow_lives() {
        let (mut emc, flows) = emc(1);
        install(&flows, 5, 100);
        let (mut plain, mut rare) = (key(7), key(7));
        rare[14] = 9;
        for (key, is_known) in [(plain, true), (rare, false)] {
            emc.insert_maybe(&hashed(&emc, plain), 5, &flows);
            assert_eq!(emc.find(&hashed(&emc, key), &flows), is_known.then_some(5));
        }
        rare = hashed(&emc, rare);
        emc.insert_maybe(&rare, 5, &flows);
        assert_eq!(emc.find(&rare, &flows), Some(5));
        plain[0] = 1;
        assert_eq!(emc.find(&hashed(&emc, plain), &flows), None);
        install(&flows, 5, 101);
        assert_eq!(emc.find(&rare, &flows), None, "the flow is another");
    }

    #[test]
    fn one_key_in_so_many_is_inserted() {
        for (inverse, least, most) in [(0, 0, 0), (1, 3000, 4000), (100, 20, 60)] {
            let (mut emc, flows) = emc(inverse);
            install(&flows, 0, 1);
            let found = |emc: &Emc, number| emc.find(&hashed(emc, key(number)), &flows).is_some();
            for number in 0..4000 {
                emc.insert_maybe(&hashed(&emc, key(number)), 0, &flows);
                assert!(inverse != 1 || found(&emc, number));
            }
            let count = (0..4000).filter(|number| found(&emc, *number)).count();
            assert!((least..=most).contains(&count), "1 in {inverse}: {count}");
        }
    }

    #[test]
    fn dead_entries_give_way_first() {
        let (mut emc, flows) = emc(1);
        install(&flows, 0, 1);
        install(&flows, 1, 2);
        let alike = |number| {
            let mut key = key(number);
            key.hash = 5 << BITS | 3;
            key
        };
        emc.insert(&alike(1), 0, &flows);
        emc.insert(&alike(2), 1, &flows);
        flows.remove(1);
        emc.insert(&alike(3), 0, &flows);
        let known = [1, 2, 3].map(|number| emc.find(&alike(number), &flows).is_some());
        assert_eq!(known.into_iter().filter(|known| *known).count(), 2);
        assert!(known[2]);
    }
}
