//! The last milliseconds of a core: what its iterations did, summed up.
//!
//! An iteration belongs to the millisecond since boot that it began in. A record says which one
//! it is about, so a millisecond in which no iteration began has none, and its reader knows.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};

use crate::cross::Seal;

/// What one millisecond held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Millisecond {
    /// Which millisecond since boot, counted from 0.
    pub number: u64,
    /// Iterations that began in it.
    pub iterations: u64,
    /// Their cycles.
    pub cycles: u64,
    /// Cycles of those that received or sent frames.
    pub busy_cycles: u64,
    /// Frames received.
    pub packets: u64,
    /// Polls that brought any.
    pub batches: u64,
    /// Frames that transmit rings took.
    pub sent: u64,
    /// Frames dropped, for whatever reason.
    pub dropped: u64,
    /// Those of them that a transmit ring had no room for.
    pub tx_dropped: u64,
    /// Upcalls, those that failed too.
    pub upcalls: u64,
    /// Their cycles.
    pub upcall_cycles: u64,
    /// Fill of the fullest receive ring that any iteration met, in frames. A maximum.
    pub fill: u64,
    /// The iteration that met it.
    pub deepest: u64,
    /// The last iteration that began in it.
    pub last: u64,
}

/// Words of a record.
const WORDS: usize = 14;

impl Millisecond {
    fn words(&self) -> [u64; WORDS] {
        let Self { number, iterations, cycles, busy_cycles, packets, batches, sent, .. } = *self;
        let Self { dropped, tx_dropped, upcalls, upcall_cycles, fill, deepest, last, .. } = *self;
        [
            number,
            iterations,
            cycles,
            busy_cycles,
            packets,
            batches,
            sent,
            dropped,
            tx_dropped,
            upcalls,
            upcall_cycles,
            fill,
            deepest,
            last,
        ]
    }

    fn from_words(words: [u64; WORDS]) -> Self {
        let [number, iterations, cycles, busy_cycles, packets, batches, sent, rest @ ..] = words;
        let [dropped, tx_dropped, upcalls, upcall_cycles, fill, deepest, last] = rest;
        Self {
            number,
            iterations,
            cycles,
            busy_cycles,
            packets,
            batches,
            sent,
            dropped,
            tx_dropped,
            upcalls,
            upcall_cycles,
            fill,
            deepest,
            last,
        }
    }

    /// What was counted from `earlier`, of the same running sums, until now. Maxima, and what is
    /// no count, stay.
    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            iterations: self.iterations.wrapping_sub(earlier.iterations),
            cycles: self.cycles.wrapping_sub(earlier.cycles),
            busy_cycles: self.busy_cycles.wrapping_sub(earlier.busy_cycles),
            packets: self.packets.wrapping_sub(earlier.packets),
            batches: self.batches.wrapping_sub(earlier.batches),
            sent: self.sent.wrapping_sub(earlier.sent),
            dropped: self.dropped.wrapping_sub(earlier.dropped),
            tx_dropped: self.tx_dropped.wrapping_sub(earlier.tx_dropped),
            upcalls: self.upcalls.wrapping_sub(earlier.upcalls),
            upcall_cycles: self.upcall_cycles.wrapping_sub(earlier.upcall_cycles),
            ..*self
        }
    }
}

/// A place for one record: its words, under the number of its millisecond plus one as the seal.
#[repr(C, align(128))]
pub struct Slot {
    seal: Seal,
    words: [AtomicU64; WORDS],
}

const _: () = assert!(size_of::<Slot>() == 128);

impl Slot {
    /// A place that holds nothing.
    #[expect(clippy::declare_interior_mutable_const, reason = "the value that arrays are made of")]
    pub const EMPTY: Self =
        Self { seal: Seal(AtomicU64::new(0)), words: [const { AtomicU64::new(0) }; WORDS] };
}

/// The last milliseconds of one core. One core writes, any core reads, nobody waits.
#[derive(Clone, Copy)]
pub struct Milliseconds {
    slots: &'static [Slot],
}

impl Milliseconds {
    /// A history in `slots`, one for each millisecond.
    pub const fn new(slots: &'static [Slot]) -> Self {
        Self { slots }
    }

    /// Milliseconds that it reaches back.
    pub fn capacity(&self) -> u64 {
        self.slots.len() as u64
    }

    /// The record of `millisecond`, if an iteration began in it and it was not overwritten.
    pub fn get(&self, millisecond: u64) -> Option<Millisecond> {
        let slot = self.slot(millisecond)?;
        let name = millisecond.wrapping_add(1);
        if !slot.seal.holds(name) {
            return None;
        }
        let words = core::array::from_fn(|i| slot.words[i].load(Relaxed));
        slot.seal.still_holds(name).then(|| Millisecond::from_words(words))
    }

    /// Stores `record`. Only the core that owns the history may.
    pub(crate) fn store(&self, record: &Millisecond) {
        let Some(slot) = self.slot(record.number) else { return };
        slot.seal.open();
        for (word, value) in slot.words.iter().zip(record.words()) {
            word.store(value, Relaxed);
        }
        slot.seal.close(record.number.wrapping_add(1));
    }

    fn slot(&self, millisecond: u64) -> Option<&'static Slot> {
        let place = millisecond.checked_rem(self.slots.len() as u64)?;
        self.slots.get(place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(len: usize) -> Milliseconds {
        Milliseconds::new((0..len).map(|_| Slot::EMPTY).collect::<Vec<_>>().leak())
    }

    fn record(number: u64) -> Millisecond {
        Millisecond::from_words(core::array::from_fn(|i| number + i as u64))
    }

    #[test]
    fn what_is_stored_is_read_until_it_is_overwritten() {
        let history = history(4);
        (10..15).for_each(|number| history.store(&record(number)));
        assert_eq!(history.get(10), None);
        assert!((11..15).all(|number| history.get(number) == Some(record(number))));
    }

    #[test]
    fn a_millisecond_without_iterations_has_no_record() {
        let history = history(4);
        [0, 1, 3].into_iter().for_each(|number| history.store(&record(number)));
        assert_eq!((history.get(2), history.get(4), history.get(7)), (None, None, None));
        assert!(history.get(0).is_some());
    }

    #[test]
    fn without_memory_there_is_no_history() {
        let history = history(0);
        history.store(&record(1));
        assert_eq!((history.get(1), history.capacity()), (None, 0));
    }
}
