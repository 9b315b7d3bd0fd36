//! The hash table of flows: each is in one of two buckets, its home if that has room.

use frame::cpu;

use super::{Full, NONE};

/// Places of a bucket.
const WIDTH: usize = 7;

/// A part of the table, one cache line: what flows' hashes end with, and where they are.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Bucket {
    tags: [u32; WIDTH],
    flows: [u32; WIDTH],
    /// Flows that belong here and are in their other bucket, because this one was full.
    strayed: u32,
}

impl Bucket {
    /// A bucket of nothing.
    pub const EMPTY: Self = Self { tags: [0; WIDTH], flows: [NONE; WIDTH], strayed: 0 };

    #[inline]
    fn look(&self, tag: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let places = self.tags.iter().zip(&self.flows);
        places.filter(|(other, _)| **other == tag).map(|(_, flow)| *flow).find(|flow| is_it(*flow))
    }

    fn fill(&mut self, tag: u32, flow: u32) -> bool {
        let Some(place) = self.tags.iter().position(|tag| *tag == 0) else { return false };
        (self.tags[place], self.flows[place]) = (tag, flow);
        true
    }

    fn empty(&mut self, flow: u32) -> bool {
        let taken = self.tags.iter().zip(&self.flows).map(|(tag, own)| (*tag != 0, *own));
        let Some(place) = taken.enumerate().find(|(_, it)| *it == (true, flow)) else {
            return false;
        };
        (self.tags[place.0], self.flows[place.0]) = (0, NONE);
        true
    }
}

/// The table.
pub struct Table(&'static mut [Bucket]);

impl Table {
    /// An empty table of these buckets, a power of two.
    pub fn new(buckets: &'static mut [Bucket]) -> Self {
        assert!(buckets.len().is_power_of_two(), "a hash table has a power of two buckets");
        Self(buckets)
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.0.len() - 1)
    }

    /// The other bucket of a flow.
    #[inline]
    fn away(&self, hash: u64) -> usize {
        (hash as usize ^ (tag(hash) as usize).wrapping_mul(0x5bd1_e995)) & (self.0.len() - 1)
    }

    /// Has the home of flows of this hash on its way.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        cpu::prefetch_value(&self.0[self.home(hash)]);
    }

    /// The flow of this hash that `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let bucket = &self.0[self.home(hash)];
        let found = bucket.look(tag(hash), &is_it);
        if found.is_some() || bucket.strayed == 0 {
            return found;
        }
        self.0[self.away(hash)].look(tag(hash), is_it)
    }

    /// Puts a flow of this hash in. Where both of its buckets are full, a flow of its home goes to that
    /// flow's other bucket; `hash_of` says what the hashes of flows are.
    pub(super) fn put(
        &mut self,
        hash: u64,
        flow: u32,
        hash_of: impl Fn(u32) -> u64,
    ) -> Result<(), Full> {
        let (home, away) = (self.home(hash), self.away(hash));
        if self.0[home].fill(tag(hash), flow) {
            return Ok(());
        }
        if self.0[away].fill(tag(hash), flow) {
            self.0[home].strayed += 1;
            return Ok(());
        }
        self.make_room(home, hash_of)?;
        self.0[home].fill(tag(hash), flow).then_some(()).ok_or(Full)
    }

    /// Has one of the flows in the full bucket `number` move to its other bucket.
    fn make_room(&mut self, number: usize, hash_of: impl Fn(u32) -> u64) -> Result<(), Full> {
        for flow in self.0[number].flows {
            let hash = hash_of(flow);
            let (home, away) = (self.home(hash), self.away(hash));
            let (other, strays) = if home == number { (away, 1) } else { (home, -1) };
            if other != number && self.0[other].fill(tag(hash), flow) {
                self.0[number].empty(flow);
                self.0[home].strayed = self.0[home].strayed.wrapping_add_signed(strays);
                return Ok(());
            }
        }
        Err(Full)
    }

    /// Takes a flow of this hash out.
    pub(super) fn take(&mut self, hash: u64, flow: u32) {
        let (home, away) = (self.home(hash), self.away(hash));
        if !self.0[home].empty(flow) && self.0[away].empty(flow) {
            self.0[home].strayed -= 1;
        }
    }
}

/// What a flow's hash ends with; never 0, which stands for a free place.
#[inline]
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes of any flows (Knuth, MMIX).
    fn hash(flow: u32) -> u64 {
        let mixed = u64::from(flow + 1).wrapping_mul(6_364_136_223_846_793_005);
        (mixed ^ mixed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn table(buckets: usize) -> Table {
        Table::new(vec![Bucket::EMPTY; buckets].leak())
    }

    fn strays(table: &Table) -> u32 {
        table.0.iter().map(|bucket| bucket.strayed).sum()
    }

    #[test]
    fn flows_are_found_wherever_they_had_to_go_until_they_are_taken_out() {
        let mut table = table(64);
        // Six of seven places: without moving, some would find none from about two thirds on.
        let flows = 0..64 * 6;
        for flow in flows.clone() {
            assert_eq!(table.put(hash(flow), flow, hash), Ok(()), "flow {flow}");
            (0..=flow).for_each(|flow| {
                assert_eq!(table.find(hash(flow), |it| it == flow), Some(flow));
            });
        }
        assert!(strays(&table) > 0);
        for flow in flows {
            table.take(hash(flow), flow);
            assert_eq!(table.find(hash(flow), |it| it == flow), None);
        }
        assert_eq!(strays(&table), 0);
        assert!(table.0.iter().all(|bucket| bucket.tags == [0; WIDTH]));
    }

    #[test]
    fn a_full_table_refuses_and_forgets_nothing() {
        let mut table = table(2);
        let taken = (0..).take_while(|flow| table.put(hash(*flow), *flow, hash).is_ok()).count();
        assert!(taken <= 2 * WIDTH);
        let is_there = |flow: &u32| table.find(hash(*flow), |it| it == *flow).is_some();
        assert_eq!((0..taken as u32 + 1).filter(is_there).count(), taken);
    }
}
