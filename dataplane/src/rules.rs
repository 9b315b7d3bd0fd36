//! Rules: what a user wants done with packets, in tables, by priority (OpenFlow 1.3, 5).
//!
//! A set of rules is built once and then only read: by PMDs in upcalls, and by the control core. A
//! change is a new set. Rules of one table and one mask are found by one look into a hash table, so
//! what a look-up costs grows with the number of different masks and not with that of rules.

mod rule;
mod text;

use core::cmp::Reverse;

use heapless::Vec;
use perf::Tally;

use crate::field::Id;
use crate::hash::Seeds;
use crate::key::{Key, Mask, WORDS};

pub use rule::{ACTIONS, Action, DEFAULT_PRIORITY, Rule, View};
pub use text::{
    Expected, Fault, Filter, Match, parse, parse_all, parse_filter, parse_lines, parse_meter,
    parse_meter_number,
};

/// Different pairs of table and mask that a set has at most.
pub const SHAPES: usize = 256;
/// Stands for no rule.
const NONE: u32 = 0;

/// A rule as a set keeps it.
#[derive(Debug)]
pub struct Stored {
    table: u8,
    priority: u16,
    cookie: u64,
    value: [u64; WORDS],
    shape: u16,
    /// The first of its actions, and how many.
    actions: (u32, u32),
    /// Packets that met it and bytes of those, counted by the control core alone.
    packets: Tally,
    bytes: Tally,
    /// Which of all that were given it is; once the set is finished, its number.
    given: u32,
}

impl Stored {
    /// A place without a rule.
    #[expect(clippy::declare_interior_mutable_const, reason = "it is copied into places")]
    pub const EMPTY: Self = Self {
        table: 0,
        priority: 0,
        cookie: 0,
        value: [0; WORDS],
        shape: 0,
        actions: (0, 0),
        packets: Tally::new(),
        bytes: Tally::new(),
        given: 0,
    };
}

/// Rules of one table with one mask.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    table: u8,
    mask: Mask,
    /// The highest priority of its rules.
    most: u16,
    /// Bit p says that a rule of it may fit packets of port p; the last bit stands for all ports
    /// beyond. The port is known of every packet, so that nothing else has to be looked at where
    /// no rule fits.
    ports: u64,
}

impl Shape {
    /// Of no rules.
    pub const EMPTY: Self = Self { table: 0, mask: Mask::NONE, most: 0, ports: 0 };

    fn may_fit(&self, port: u16) -> bool {
        self.ports & bit(port) != 0
    }
}

/// The bit that stands for `port`.
fn bit(port: u16) -> u64 {
    1 << port.min(63)
}

/// There are too many rules, or too many kinds of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// More rules than there is memory for.
    TooMany,
    /// More actions than there is memory for.
    TooManyActions,
    /// More than [`SHAPES`] different masks.
    TooManyMasks,
}

/// Memory of a set.
pub struct Memory {
    /// Rules.
    pub rules: &'static mut [Stored],
    /// The actions of all rules.
    pub actions: &'static mut [Action],
    /// The hash table: a power of two, twice the rules or more.
    pub index: &'static mut [u32],
    /// Up to [`SHAPES`] pairs of table and mask.
    pub shapes: &'static mut [Shape],
}

/// A set of rules.
pub struct RuleSet {
    memory: Memory,
    /// Rules and actions in use.
    count: usize,
    actions: usize,
    shapes: usize,
    /// Numbers of shapes by table, in each by falling priority, and then by mask.
    order: Vec<u16, SHAPES>,
    seeds: Seeds,
}

impl core::fmt::Debug for RuleSet {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        out.debug_list().entries(self.iter().map(|rule| rule.priority)).finish()
    }
}

impl RuleSet {
    /// A set of no rules.
    pub fn new(memory: Memory, seeds: Seeds) -> Self {
        Self { memory, count: 0, actions: 0, shapes: 0, order: Vec::new(), seeds }
    }

    /// Its rules, by table and falling priority.
    pub fn iter(&self) -> impl Iterator<Item = View<'_>> {
        self.memory.rules[..self.count].iter().map(|rule| self.view(rule))
    }

    /// The rule of this number among those.
    pub fn rule(&self, number: usize) -> Option<View<'_>> {
        self.memory.rules[..self.count].get(number).map(|rule| self.view(rule))
    }

    /// How many rules there can be.
    pub fn capacity(&self) -> usize {
        self.memory.rules.len()
    }

    /// How many rules there are.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether there are none")]
    pub fn len(&self) -> usize {
        self.count
    }

    fn view<'a>(&'a self, rule: &'a Stored) -> View<'a> {
        let Stored { table, priority, cookie, ref value, shape, given: number, .. } = *rule;
        let (first, count) = rule.actions;
        let hits = (rule.packets.read(), rule.bytes.read());
        let mask = &self.memory.shapes[usize::from(shape)].mask;
        let actions = &self.memory.actions[first as usize..][..count as usize];
        View { table, priority, cookie, value, mask, actions, hits, number }
    }

    /// Counts `packets` of so many `bytes` that met the rule of this number. For the control core,
    /// which alone counts.
    pub fn hit(&self, number: u32, (packets, bytes): (u64, u64)) {
        if let Some(rule) = self.memory.rules[..self.count].get(number as usize) {
            rule.packets.add(packets);
            rule.bytes.add(bytes);
        }
    }

    /// Makes it a set of no rules, to add to.
    pub fn clear(&mut self) {
        (self.count, self.actions, self.shapes) = (0, 0, 0);
    }

    /// Adds `rule`. Of several with the same match, in the same table and of the same priority, the
    /// last holds. Until [`Self::finish`] is called the set is of no use.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub fn add(&mut self, rule: &View<'_>) -> Result<(), Error> {
        let shape = self.shape(rule)?;
        let (first, count) = (self.actions, rule.actions.len());
        let actions = self.memory.actions.get_mut(first..first + count);
        actions.ok_or(Error::TooManyActions)?.copy_from_slice(rule.actions);
        let place = self.memory.rules.get_mut(self.count).ok_or(Error::TooMany)?;
        *place = Stored {
            table: rule.table,
            priority: rule.priority,
            cookie: rule.cookie,
            value: *rule.value,
            shape,
            actions: (first as u32, count as u32),
            given: self.count as u32,
            ..Stored::EMPTY
        };
        place.packets.set(rule.hits.0);
        place.bytes.set(rule.hits.1);
        self.count += 1;
        self.actions += count;
        Ok(())
    }

    /// Makes the set ready for use.
    pub fn finish(&mut self) {
        self.sort();
        self.file();
    }

    /// Makes it the set of these `rules`.
    ///
    /// # Errors
    ///
    /// As for [`Self::add`].
    pub fn make<'a>(&mut self, mut rules: impl Iterator<Item = View<'a>>) -> Result<(), Error> {
        self.clear();
        rules.try_for_each(|rule| self.add(&rule))?;
        self.finish();
        Ok(())
    }

    /// The shape of `rule`, a new one if there is none.
    fn shape(&mut self, rule: &View<'_>) -> Result<u16, Error> {
        let is_it = |shape: &Shape| (shape.table, shape.mask) == (rule.table, *rule.mask);
        let names_port = Id::InPort.seen(rule.mask) == Id::InPort.most();
        let ports = if names_port { bit((rule.value[0] >> 48) as u16) } else { u64::MAX };
        if let Some(number) = self.memory.shapes[..self.shapes].iter().position(is_it) {
            let shape = &mut self.memory.shapes[number];
            shape.most = rule.priority.max(shape.most);
            shape.ports |= ports;
            return Ok(number as u16);
        }
        let shape = Shape { table: rule.table, mask: *rule.mask, most: rule.priority, ports };
        *self.memory.shapes.get_mut(self.shapes).ok_or(Error::TooManyMasks)? = shape;
        self.shapes += 1;
        Ok(self.shapes as u16 - 1)
    }

    /// Puts rules and shapes in an order that depends on nothing but them, so that rules which are listed and
    /// given again are the same set; and leaves out those that later ones replace.
    fn sort(&mut self) {
        let (rules, shapes) = (&mut self.memory.rules[..self.count], &*self.memory.shapes);
        let mask = |rule: &Stored| shapes[usize::from(rule.shape)].mask.0;
        let rank = |rule: &Stored| (rule.table, Reverse(rule.priority), mask(rule), rule.value);
        rules.sort_unstable_by(|a, b| rank(a).cmp(&rank(b)).then(b.given.cmp(&a.given)));
        let mut kept = 0;
        for number in 0..self.count {
            if kept == 0 || rank(&rules[kept - 1]) != rank(&rules[number]) {
                rules.swap(kept, number);
                rules[kept].given = kept as u32;
                kept += 1;
            }
        }
        self.count = kept;
        self.order = (0..self.shapes as u16).collect();
        let shapes = &self.memory.shapes;
        self.order.sort_unstable_by_key(|number| {
            let shape = &shapes[usize::from(*number)];
            (shape.table, Reverse(shape.most), shape.mask.0)
        });
    }

    /// Writes down in the hash table where rules are. Of those that differ in priority only, the
    /// lower ones are never met and not written down.
    fn file(&mut self) {
        self.memory.index.fill(NONE);
        for number in 0..self.count {
            let rule = &self.memory.rules[number];
            let (place, known) = self.search(rule.shape, &rule.value);
            if known.is_none() {
                self.memory.index[place] = number as u32 + 1;
            }
        }
    }

    /// Where in the hash table rules of `shape` with this `value` are, or would be; and the one that
    /// is there.
    fn search(&self, shape: u16, value: &[u64; WORDS]) -> (usize, Option<&Stored>) {
        let Memory { rules, index, .. } = &self.memory;
        let used = self.memory.shapes[usize::from(shape)].mask.used();
        let words = (0..WORDS).filter(|word| used >> word & 1 == 1).map(|word| value[word]);
        let last = index.len() - 1;
        let mut place = self.seeds.other(shape.into()).words(words) as usize & last;
        while index[place] != NONE {
            let rule = &rules[index[place] as usize - 1];
            if rule.shape == shape && rule.value == *value {
                return (place, Some(rule));
            }
            place = (place + 1) & last;
        }
        (place, None)
    }

    /// The rule of `table` with the highest priority that `key` fits. What was looked at to find
    /// it, `seen` looks at afterwards.
    pub fn find(&self, table: u8, key: &Key, seen: &mut Mask) -> Option<View<'_>> {
        let mut best: Option<&Stored> = None;
        for &number in &self.order {
            let shape = &self.memory.shapes[usize::from(number)];
            if shape.table != table || !shape.may_fit(key.port()) {
                continue;
            }
            if best.is_some_and(|best| best.priority >= shape.most) {
                break;
            }
            seen.add(&shape.mask);
            let (_, found) = self.search(number, shape.mask.of(key).words());
            let is_better = |rule: &&Stored| best.is_none_or(|best| best.priority < rule.priority);
            best = found.filter(is_better).or(best);
        }
        best.map(|rule| self.view(rule))
    }
}

#[cfg(test)]
mod tests;
