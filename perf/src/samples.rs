//! How often samples of each quantity fell into each bucket: written by one core, read by any.
//!
//! A bucket whose number follows from the clock is known only a moment before it is written, and
//! processors that guess which store a load depends on guess wrong there. So such a sample waits
//! for the next one: its reader counts it meanwhile.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::counters::Tally;
use crate::histogram::EXACT;
use crate::quantity::{BUCKETS, Quantity};

/// Places for counts: a power of two, so that a number of a place needs no comparison. Those
/// behind the buckets take what was never sampled.
const PLACES: usize = (BUCKETS + 1).next_power_of_two();

/// Quantities whose samples wait.
#[derive(Clone, Copy)]
pub(crate) enum Late {
    Cycles,
    PerPacket,
}

impl Late {
    const fn quantity(self) -> Quantity {
        match self {
            Self::Cycles => Quantity::Cycles,
            Self::PerPacket => Quantity::PerPacket,
        }
    }
}

/// The counts of all buckets.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Samples {
    counts: [Tally; PLACES],
    /// The places of samples that wait.
    late: [AtomicU32; 2],
    /// The place of samples of latency that wait, and above it how many they are.
    latency: AtomicU64,
}

impl Samples {
    /// No samples.
    pub(crate) const fn new() -> Self {
        Self {
            counts: [const { Tally::new() }; PLACES],
            late: [const { AtomicU32::new(BUCKETS as u32) }; 2],
            latency: AtomicU64::new(0),
        }
    }

    /// Counts a sample of `value`. Only the core that owns the samples may, here and below.
    #[inline]
    pub(crate) fn add(&self, of: Quantity, value: u64) {
        self.counts[place(of, value) % PLACES].add(1);
    }

    /// Counts a sample of `value`, which is mostly small.
    #[inline]
    pub(crate) fn add_small(&self, of: Quantity, value: u32) {
        match value as usize {
            small @ ..EXACT => self.counts[of.offset() + small].add(1),
            _ => self.add_large(of, value),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_large(&self, of: Quantity, value: u32) {
        self.add(of, value.into());
    }

    /// Has a sample of `value` wait, and counts the one that waited.
    #[inline]
    pub(crate) fn add_late(&self, of: Late, value: u64) {
        let late = &self.late[of as usize];
        let before = late.load(Relaxed);
        late.store(place(of.quantity(), value) as u32, Relaxed);
        self.counts[before as usize % PLACES].add(1);
    }

    /// Has so many `bursts` of that latency wait, and counts those that waited.
    #[inline]
    pub(crate) fn add_latency(&self, cycles: u64, bursts: u32) {
        let before = self.latency.load(Relaxed);
        let place = place(Quantity::Latency, cycles) as u64;
        self.latency.store(place | u64::from(bursts) << 32, Relaxed);
        self.counts[before as usize % PLACES].add(before >> 32);
    }

    /// Copies how many samples each bucket holds, those that wait included.
    pub(crate) fn copy_to(&self, counts: &mut [u64; BUCKETS]) {
        self.counts.iter().zip(&mut *counts).for_each(|(tally, count)| *count = tally.read());
        let latency = self.latency.load(Relaxed);
        let late = self.late.each_ref().map(|late| (u64::from(late.load(Relaxed)), 1));
        for (place, times) in late.into_iter().chain([(latency & 0xffff_ffff, latency >> 32)]) {
            if let Some(count) = counts.get_mut(place as usize) {
                *count += times;
            }
        }
    }
}

#[inline]
fn place(of: Quantity, value: u64) -> usize {
    of.offset() + of.layout().bucket(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_wait_are_counted_like_all_others() {
        let samples = Box::new(Samples::new());
        let mut counts = Box::new([0; BUCKETS]);
        samples.copy_to(&mut counts);
        assert_eq!(counts.iter().sum::<u64>(), 0);
        for (number, cycles) in (1..).zip([5, 1000, 1000, u64::MAX]) {
            samples.add_late(Late::Cycles, cycles);
            samples.add_late(Late::PerPacket, cycles / 2);
            samples.add_latency(cycles, 3);
            samples.copy_to(&mut counts);
            assert_eq!(counts.iter().sum::<u64>(), 5 * number);
        }
        assert_eq!(counts[place(Quantity::Cycles, 1000)], 2);
        assert_eq!(counts[place(Quantity::PerPacket, 500)], 2);
        assert_eq!(counts[place(Quantity::Latency, 1000)], 6);
        assert_eq!(counts[place(Quantity::Latency, u64::MAX)], 3);
    }
}
