//! Counters that are cleared by reading, added up.
//!
//! A counter stops at all ones, which is also what a card reads as that is gone; so that is not
//! counted. Counters of frames of a 10G card get there after 288 s at the full rate of the smallest
//! frames: read them at least every 4 minutes.

use core::cell::Cell;

use bus::Mmio;

/// Sums that a card can have.
const SUMS: usize = 112;

/// What several registers of one kind are counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// So many registers, one sum.
    One(usize),
    /// One sum, of which a second register has the upper bits.
    Wide,
    /// A register and a sum for each pair of queues.
    Queues,
    /// The same, but a register keeps its value until a zero is written.
    Sticky,
    /// The same as [`Self::Queues`], each with upper bits in a second register.
    WideQueues,
}

/// Counters of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    /// As the datasheet calls it.
    pub(crate) name: &'static str,
    /// The first register, and how far the next is from it.
    pub(crate) offset: usize,
    pub(crate) step: usize,
    pub(crate) kind: Kind,
    /// It counts frames that the card had no room or no descriptor for.
    pub(crate) is_missed: bool,
}

impl Counter {
    /// A register by itself.
    pub(crate) const fn one(name: &'static str, offset: usize) -> Self {
        Self { name, offset, step: 0, kind: Kind::One(1), is_missed: false }
    }

    /// A register for each pair of queues.
    pub(crate) const fn queues(name: &'static str, offset: usize, step: usize) -> Self {
        Self { name, offset, step, kind: Kind::Queues, is_missed: false }
    }

    /// Another kind of it.
    pub(crate) const fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same, of frames that were missed.
    pub(crate) const fn missed(self) -> Self {
        Self { is_missed: true, ..self }
    }

    /// How many sums it has with so many pairs of queues.
    const fn sums(&self, pairs: usize) -> usize {
        match self.kind {
            Kind::One(_) | Kind::Wide => 1,
            Kind::Queues | Kind::Sticky | Kind::WideQueues => pairs,
        }
    }

    /// What its sum `i` has to grow by, which is cleared by that.
    fn take(&self, registers: &impl Mmio, i: usize) -> u64 {
        let offset = self.offset + self.step * i;
        match self.kind {
            Kind::One(count) => {
                (0..count).map(|i| read(registers, self.offset + self.step * i)).sum()
            }
            Kind::Queues => read(registers, offset),
            Kind::Sticky => {
                let news = read(registers, offset);
                registers.write32(offset, 0);
                news
            }
            Kind::Wide | Kind::WideQueues => {
                // The lower one first: reading the upper one clears both.
                let (low, high) = (registers.read32(offset), registers.read32(offset + 4));
                let is_there = (low, high) != (u32::MAX, u32::MAX);
                if is_there { u64::from(low) | u64::from(high) << 32 } else { 0 }
            }
        }
    }
}

fn read(registers: &impl Mmio, offset: usize) -> u64 {
    match registers.read32(offset) {
        u32::MAX => 0,
        news => news.into(),
    }
}

/// Clears all counters.
pub(crate) fn clear(registers: &impl Mmio, counters: &[Counter], pairs: usize) {
    for counter in counters {
        for i in 0..counter.sums(pairs) {
            counter.take(registers, i);
        }
    }
}

/// What counters said until now.
pub(crate) struct Sums {
    counters: &'static [Counter],
    pairs: usize,
    sums: [Cell<u64>; SUMS],
}

impl Sums {
    /// Nothing yet.
    pub(crate) fn new(counters: &'static [Counter], pairs: usize) -> Self {
        Self { counters, pairs, sums: [const { Cell::new(0) }; SUMS] }
    }

    /// The counter with this `index` among all: name, pair of queues if it is one's, and sum. None
    /// beyond the last.
    pub(crate) fn sum(
        &self,
        registers: &impl Mmio,
        index: usize,
    ) -> Option<(&'static str, Option<usize>, u64)> {
        let (counter, i, sum) = self.all().nth(index)?;
        let is_of_queue = !matches!(counter.kind, Kind::One(_) | Kind::Wide);
        Some((counter.name, is_of_queue.then_some(i), update(sum, counter.take(registers, i))))
    }

    /// Frames that were missed.
    pub(crate) fn missed(&self, registers: &impl Mmio) -> u64 {
        let missed = self.all().filter(|(counter, ..)| counter.is_missed);
        missed.map(|(counter, i, sum)| update(sum, counter.take(registers, i))).sum()
    }

    /// All sums: of which counter, and of which pair of queues.
    fn all(&self) -> impl Iterator<Item = (&'static Counter, usize, &Cell<u64>)> {
        let each =
            self.counters.iter().flat_map(|it| (0..it.sums(self.pairs)).map(move |i| (it, i)));
        each.zip(&self.sums).map(|((counter, i), sum)| (counter, i, sum))
    }
}

/// Adds `news` to `sum`, and returns what it is then.
fn update(sum: &Cell<u64>, news: u64) -> u64 {
    sum.set(sum.get() + news);
    sum.get()
}

/// Whether there is room for the sums of these counters.
pub(crate) const fn fit(counters: &[Counter], pairs: usize) -> bool {
    let (mut sums, mut i) = (0, 0);
    while i < counters.len() {
        sums += counters[i].sums(pairs);
        i += 1;
    }
    sums <= SUMS
}
