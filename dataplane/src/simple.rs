//! Simple match: flows of ports all of whose flows look at no more than the port, the type of what
//! Ethernet carries, the outer VLAN tag and whether it is a fragment. One word tells their packets
//! apart, so neither the other caches nor the classifier need be asked.
//!
//! Open vSwitch has such a table of its flows; here it remembers what the classifier found.

use crate::flow::Flows;
use crate::hash::Seeds;
use crate::key::{Key, Mask, WORDS};

/// Places of a table.
pub const PLACES: usize = 4096;

/// What simple flows may look at. Whether a packet can be what it says belongs to it, because flows
/// that look at types depend on that.
pub(crate) const SEEN: Mask = {
    let mut seen = [0; WORDS];
    (seen[0], seen[1], seen[3], seen[5]) = (!0, 0xffff, 3, 0xff01);
    Mask(seen)
};

/// What of a packet simple flows look at, and the flow that it met.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    seen: u64,
    flow: u32,
    /// Of the flow's name the low half; 0 where there is none.
    name: u32,
}

impl Entry {
    /// A place without a flow.
    pub const EMPTY: Self = Self { seen: 0, flow: 0, name: 0 };
}

/// One PMD's table.
pub(crate) struct Simple {
    entries: &'static mut [Entry; PLACES],
    seeds: Seeds,
}

impl Simple {
    /// An empty table in this memory.
    pub(crate) fn new(entries: &'static mut [Entry; PLACES], seeds: Seeds) -> Self {
        Self { entries, seeds }
    }

    /// The flow that packets met that were like `key`.
    #[inline]
    pub(crate) fn find(&self, key: &Key, flows: &Flows) -> Option<u32> {
        let seen = see(key);
        let entry = &self.entries[self.place(seen)];
        let is_it = entry.seen == seen && entry.name != 0;
        (is_it && flows.name(entry.flow) as u32 == entry.name).then_some(entry.flow)
    }

    /// Remembers that packets like `key` meet `flow`, which looks at nothing but [`SEEN`].
    pub(crate) fn insert(&mut self, key: &Key, flow: u32, flows: &Flows) {
        let seen = see(key);
        let place = self.place(seen);
        self.entries[place] = Entry { seen, flow, name: flows.name(flow) as u32 };
    }

    #[inline]
    fn place(&self, seen: u64) -> usize {
        self.seeds.pairs([[seen, 0]].into_iter()) as usize % PLACES
    }
}

/// What [`SEEN`] leaves of `key` of a packet that comes for the first time, in one word.
#[inline]
fn see(key: &Key) -> u64 {
    let words = key.words();
    let fault_and_kind = words[5] & SEEN.0[5];
    let fragment = (words[3] & SEEN.0[3]) << 1;
    words[0] & !0xffff_ffff | (words[1] & SEEN.0[1]) << 16 | fault_and_kind | fragment
}

#[cfg(test)]
mod tests {
    use foldhash::SharedSeed;

    use super::*;
    use crate::batch::Verdict;
    use crate::field::Id;
    use crate::flow::{Flow, New, SharedMask};

    static SHARED: SharedSeed = SharedSeed::from_u64(3);

    fn table() -> (Simple, Flows) {
        let entries: &'static mut _ = vec![Entry::EMPTY; PLACES].leak().try_into().unwrap();
        let slots: Vec<Flow> = (0..4).map(|_| Flow::default()).collect();
        let flows = Flows::new(slots.leak(), vec![SharedMask::default()].leak());
        (Simple::new(entries, Seeds::new(&SHARED, 1)), flows)
    }

    fn install(flows: &Flows, place: u32, name: u64) {
        let verdict = Verdict::Output(1);
        flows.install(place, &New { name, mask: 0, words: &[], verdict, actions: 0, now: 0 });
    }

    #[test]
    fn what_is_seen_tells_apart_what_simple_flows_tell_apart_and_nothing_else() {
        for word in (0..WORDS).filter(|word| *word != 0) {
            for bit in 0..64 {
                let mut key = Key::ZERO;
                key[word] = 1 << bit;
                let is_seen = SEEN.0[word] >> bit & 1 == 1;
                assert_eq!(see(&key) != 0, is_seen, "word {word}, bit {bit}");
            }
        }
    }

    #[test]
    fn no_two_bits_that_are_seen_share_a_bit() {
        let mut key = Key::ZERO;
        SEEN.0.iter().enumerate().for_each(|(word, seen)| key[word] = *seen);
        let bits: u32 = SEEN.0.iter().map(|seen| seen.count_ones()).sum();
        assert_eq!(see(&key).count_ones(), bits - u32::BITS, "but for the pass");
    }

    #[test]
    fn packets_alike_are_found_while_their_flow_lives() {
        let (mut table, flows) = table();
        install(&flows, 2, 100);
        let (mut one, mut other) = (Key::ZERO, Key::ZERO);
        Id::EthType.set(&mut one, 0x0800, u128::MAX);
        table.insert(&one, 2, &flows);
        Id::NwSrc.set(&mut one, 7, u128::MAX);
        Id::EthType.set(&mut other, 0x0806, u128::MAX);
        assert_eq!((table.find(&one, &flows), table.find(&other, &flows)), (Some(2), None));
        install(&flows, 2, 101);
        assert_eq!(table.find(&one, &flows), None, "the flow is another");
    }
}
