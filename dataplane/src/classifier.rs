//! The classifier: megaflows by what they look at (tuple-space search).
//!
//! Flows of one mask are a subtable. Packets of a port meet only the subtables of that port, those
//! with most hits first; any flow that fits is the one, because flows do not overlap. All subtables
//! share one hash table, whose places are cache lines.
//!
//! How many subtables a port has, and so how much a packet can cost, is bounded. Whoever sends
//! frames that need more pushes out the subtable with the fewest hits; that is counted.

use frame::BURST;
use heapless::Vec;

use crate::batch::Verdict;
use crate::flow::{Flows, New};
use crate::hash::Seeds;
use crate::key::{Key, Mask, WORDS};

pub use subtable::Subtable;
pub use table::{Bucket, Table};

/// Subtables that packets of one port can meet, and so probes of one packet at most.
pub const PROBES: usize = 128;
/// Lists of subtables: one for packets that come from each port, one for those that come again.
pub const LISTS: usize = 128;
/// Flows of a subtable that was pushed out which are removed at a time.
const SWEEP: usize = 64;
/// Stands for no flow.
const NONE: u32 = u32::MAX;

/// What the PMD keeps of a flow for itself.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    hash: u64,
    subtable: u16,
    /// Flows of the same subtable.
    next: u32,
    previous: u32,
}

impl Link {
    /// Of no flow.
    pub const EMPTY: Self = Self { hash: 0, subtable: 0, next: NONE, previous: NONE };
}

/// Memory of a classifier.
pub struct Memory {
    /// The hash table: twice the places that flows need or more.
    pub table: Table,
    /// Subtables, as many as masks.
    pub subtables: &'static mut [Subtable],
    /// As many as flows.
    pub links: &'static mut [Link],
    /// As many as flows: those that are free.
    pub free: &'static mut [u32],
    /// The subtables that packets meet, by where they come from.
    pub lists: &'static mut [List; LISTS],
}

/// Numbers of subtables, those with most hits first.
pub type List = Vec<u16, PROBES>;

/// One PMD's classifier.
pub struct Classifier {
    flows: Flows,
    memory: Memory,
    seeds: Seeds,
    /// Subtables that were pushed out and have flows still.
    dying: Vec<u16, PROBES>,
    /// Bit i says that list i has subtables, and all are simple.
    simple: u128,
    free: usize,
    named: u64,
    evicted: u64,
}

/// There is no room for one more flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A flow that is to be.
pub(crate) struct Wish<'a> {
    pub(crate) key: &'a Key,
    pub(crate) mask: &'a Mask,
    pub(crate) verdict: Verdict,
    pub(crate) actions: u64,
}

impl Classifier {
    /// A classifier of no flow.
    pub fn new(flows: Flows, memory: Memory, seeds: Seeds) -> Self {
        let free = memory.free.len();
        (0..).zip(memory.free.iter_mut()).for_each(|(place, free)| *free = place);
        Self { flows, memory, seeds, dying: Vec::new(), simple: 0, free, named: 0, evicted: 0 }
    }

    /// Its flows, as others see them.
    #[inline]
    pub(crate) fn flows(&self) -> &Flows {
        &self.flows
    }

    /// Flows that there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether there are none")]
    pub fn len(&self) -> usize {
        self.memory.free.len() - self.free
    }

    /// Subtables that were pushed out.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The flow that all packets of `list` meet, whatever is in them, if it is like that.
    #[inline]
    pub(crate) fn whole(&self, list: usize) -> Option<u32> {
        let [only] = self.memory.lists[list % LISTS].as_slice() else { return None };
        let subtable = &self.memory.subtables[usize::from(*only)];
        subtable.looks_at_port_only().then_some(subtable.first)
    }

    /// Whether there are flows that packets of `list` meet, and simple match can tell all apart.
    #[inline]
    pub(crate) fn is_simple(&self, list: usize) -> bool {
        self.simple >> (list % LISTS) & 1 == 1
    }

    /// Whether simple match can tell apart packets that meet `flow` from others.
    pub(crate) fn is_flow_simple(&self, flow: u32) -> bool {
        let subtable = self.memory.links[flow as usize].subtable;
        self.memory.subtables[usize::from(subtable)].is_simple
    }

    /// Looks whether the subtables of lists are simple, after one came or went.
    fn judge(&mut self) {
        let Memory { lists, subtables, .. } = &self.memory;
        let is_simple = |number: &u16| subtables[usize::from(*number)].is_simple;
        let are_simple = |list: &List| !list.is_empty() && list.iter().all(is_simple);
        let simple = lists.iter().enumerate().filter(|(_, list)| are_simple(list));
        self.simple = simple.fold(0, |set, (list, _)| set | 1 << list);
    }

    /// Searches all subtables of `list` for those packets of `keys` whose bits are set in `open`,
    /// and puts what it finds into `found`. Returns who is open still, and how many subtables were
    /// looked at for those that are not.
    pub(crate) fn search(
        &mut self,
        list: usize,
        keys: &[Key],
        mut open: u32,
        found: &mut [u32],
    ) -> (u32, u64) {
        let (mut probes, mut hashes) = (0, [0; BURST]);
        for (rank, &number) in self.memory.lists[list % LISTS].iter().enumerate() {
            let subtable = &self.memory.subtables[usize::from(number)];
            for (i, key) in each(open, keys) {
                hashes[i] = self.hash(number, subtable.pairs(key));
                self.memory.table.prefetch(hashes[i]);
            }
            let mut hits = 0;
            for (i, key) in each(open, keys) {
                if let Some(flow) = self.find(number, subtable, (key, hashes[i])) {
                    found[i] = flow;
                    open &= !(1 << i);
                    hits += 1;
                }
            }
            self.memory.subtables[usize::from(number)].hits += hits;
            probes += hits * (rank as u64 + 1);
            if open == 0 {
                break;
            }
        }
        (open, probes)
    }

    #[inline]
    fn find(&self, number: u16, subtable: &Subtable, (key, hash): (&Key, u64)) -> Option<u32> {
        self.memory.table.find(hash, |flow| self.flows.is(flow, number.into(), subtable.seen(key)))
    }

    /// Whether there is a flow at `place`, and packets of `key` meet it.
    pub(crate) fn fits(&self, place: u32, key: &Key) -> bool {
        let Some(link) = self.memory.links.get(place as usize) else { return false };
        let subtable = &self.memory.subtables[usize::from(link.subtable)];
        self.name_of(place) != 0 && self.flows.is(place, link.subtable.into(), subtable.seen(key))
    }

    #[inline]
    fn hash(&self, number: u16, seen: impl Iterator<Item = [u64; 2]>) -> u64 {
        self.seeds.other(number.into()).pairs(seen)
    }

    /// Makes a flow that packets of `list` can meet.
    pub(crate) fn insert(&mut self, list: usize, wish: &Wish<'_>, now: u64) -> Result<u32, Full> {
        let number = self.subtable(list % LISTS, wish.mask)?;
        let subtable = &self.memory.subtables[usize::from(number)];
        let words: Vec<u64, WORDS> = subtable.seen(wish.key).collect();
        let hash = self.hash(number, subtable.pairs(wish.key));
        let place = self.free.checked_sub(1).map(|last| self.memory.free[last]).ok_or(Full)?;
        let links = &self.memory.links;
        self.memory.table.put(hash, place, |flow| links[flow as usize].hash)?;
        self.free -= 1;
        self.named += 1;
        let Wish { verdict, actions, .. } = *wish;
        let new =
            New { name: self.named, mask: number.into(), words: &words, verdict, actions, now };
        self.flows.install(place, &new);
        self.link(number, place, hash);
        Ok(place)
    }

    /// The subtable of `list` that looks at `mask`, a new one if there is none.
    fn subtable(&mut self, list: usize, mask: &Mask) -> Result<u16, Full> {
        let subtables = &mut self.memory.subtables;
        let known = self.memory.lists[list]
            .iter()
            .find(|number| subtables[usize::from(**number)].looks_at(mask));
        if let Some(&number) = known {
            return Ok(number);
        }
        if self.memory.lists[list].is_full() {
            self.evict(list)?;
        }
        let subtables = &mut self.memory.subtables;
        let number = subtables.iter().position(Subtable::is_free).ok_or(Full)?;
        subtables[number] = Subtable::new(mask);
        self.flows.set_mask(number, mask);
        self.memory.lists[list].push(number as u16).map_err(|_| Full)?;
        self.judge();
        Ok(number as u16)
    }

    /// Pushes out the subtable of `list` with the fewest hits. Its flows are removed later, some at
    /// a time.
    fn evict(&mut self, list: usize) -> Result<(), Full> {
        let hits = |number: &u16| self.memory.subtables[usize::from(*number)].hits;
        let ranked = self.memory.lists[list].iter().enumerate().rev();
        let (rank, &number) = ranked.min_by_key(|(_, number)| hits(number)).ok_or(Full)?;
        self.dying.push(number).map_err(|_| Full)?;
        self.memory.lists[list].remove(rank);
        self.judge();
        self.evicted += 1;
        Ok(())
    }

    fn link(&mut self, number: u16, place: u32, hash: u64) {
        let subtable = &mut self.memory.subtables[usize::from(number)];
        let next = core::mem::replace(&mut subtable.first, place);
        subtable.flows += 1;
        self.memory.links[place as usize] = Link { hash, subtable: number, next, previous: NONE };
        if let Some(next) = self.memory.links.get_mut(next as usize) {
            next.previous = place;
        }
    }

    /// Removes the flow at `place`, if that is its name. Returns what was done with its packets.
    pub(crate) fn remove(&mut self, place: u32, name: u64) -> Option<Verdict> {
        let is_it = (place as usize) < self.flows.capacity() && name != 0;
        if !is_it || self.flows.name(place) != name {
            return None;
        }
        let verdict = self.flows.verdict(place);
        let link = self.memory.links[place as usize];
        self.flows.remove(place);
        self.memory.table.take(link.hash, place);
        self.unlink(&link);
        self.memory.free[self.free] = place;
        self.free += 1;
        Some(verdict)
    }

    fn unlink(&mut self, link: &Link) {
        let links = &mut self.memory.links;
        if let Some(next) = links.get_mut(link.next as usize) {
            next.previous = link.previous;
        }
        let subtable = &mut self.memory.subtables[usize::from(link.subtable)];
        match links.get_mut(link.previous as usize) {
            Some(previous) => previous.next = link.next,
            None => subtable.first = link.next,
        }
        subtable.flows -= 1;
        if subtable.flows == 0 {
            *subtable = Subtable::EMPTY;
            let is_other = |number: &u16| *number != link.subtable;
            self.memory.lists.iter_mut().for_each(|list| list.retain(is_other));
            self.dying.retain(is_other);
            self.judge();
        }
    }

    /// Removes some flows of subtables that were pushed out, and tells `gone` what was done with
    /// the packets of each.
    pub(crate) fn sweep(&mut self, mut gone: impl FnMut(Verdict)) {
        for _ in 0..SWEEP {
            let Some(&number) = self.dying.first() else { return };
            let first = self.memory.subtables[usize::from(number)].first;
            let Some(verdict) = self.remove(first, self.name_of(first)) else { return };
            gone(verdict);
        }
    }

    fn name_of(&self, place: u32) -> u64 {
        if (place as usize) < self.flows.capacity() { self.flows.name(place) } else { 0 }
    }

    /// Ranks the subtables of every list by their hits since it was done last.
    pub(crate) fn rank(&mut self) {
        let Memory { lists, subtables, .. } = &mut self.memory;
        for list in lists.iter_mut() {
            list.sort_unstable_by_key(|number| {
                core::cmp::Reverse(subtables[usize::from(*number)].hits)
            });
        }
        subtables.iter_mut().for_each(|subtable| subtable.hits = 0);
    }
}

/// Those of `keys`, at most 32, whose bits are set in `set`, with their numbers.
#[inline]
fn each(set: u32, keys: &[Key]) -> impl Iterator<Item = (usize, &Key)> {
    let mut rest = set;
    core::iter::from_fn(move || {
        // There is no key of the number 32, so one test ends it. Numbers as a batch makes them, and keys
        // by those, cost a packet 4 % more.
        let i = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        Some((i, keys.get(i)?))
    })
}

mod subtable;
mod table;
#[cfg(test)]
mod tests;
