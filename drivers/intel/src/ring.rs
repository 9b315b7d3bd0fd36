//! Descriptors: memory that driver and device share. It knows no registers.

use core::sync::atomic::AtomicU64;

use bus::{Dma, Translation};

/// Descriptors that are given to the device, or taken back from it, together.
pub(crate) const BLOCK: usize = 32;
/// What a ring begins at a multiple of (82599 datasheet, 7.1.9 and 7.2.3.3).
pub(crate) const ALIGN: usize = 128;
/// Bytes of a descriptor.
const DESCRIPTOR: usize = 16;
/// Bytes of a line of the cache.
const LINE: usize = 64;

/// How many descriptors the rings of a pair of queues have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    receive: usize,
    transmit: usize,
}

impl Sizes {
    /// Descriptors of a ring at least, and at most: Open vSwitch allows no more.
    pub const LEAST: usize = 64;
    /// See [`LEAST`](Self::LEAST).
    pub const MOST: usize = 4096;
    /// Those that a card has if nobody wants others.
    pub const DEFAULT: Self = Self::new(512, 512);

    /// Rings of so many descriptors: between the least and the most, and the next power of two.
    pub const fn new(receive: usize, transmit: usize) -> Self {
        Self { receive: allowed(receive), transmit: allowed(transmit) }
    }

    /// Descriptors of the ring that receives.
    pub const fn receive(self) -> usize {
        self.receive
    }

    /// Descriptors of the ring that sends.
    pub const fn transmit(self) -> usize {
        self.transmit
    }

    /// Descriptors of both.
    pub const fn sum(self) -> usize {
        self.receive + self.transmit
    }

    /// Bytes of memory that both take.
    pub const fn bytes(self) -> usize {
        self.sum() * DESCRIPTOR
    }
}

const fn allowed(count: usize) -> usize {
    match count {
        ..=Sizes::LEAST => Sizes::LEAST,
        Sizes::MOST.. => Sizes::MOST,
        _ => count.next_power_of_two(),
    }
}

/// Neither the descriptors of two rings nor the frames behind them share a line of the cache, so that
/// queues of two cores, which are made from one piece of memory, do not write to the same lines.
const _: () = assert!((Sizes::LEAST * DESCRIPTOR).is_multiple_of(ALIGN));
const _: () = assert!(ALIGN.is_multiple_of(LINE) && Sizes::LEAST.is_multiple_of(BLOCK));
const _: () = assert!((Sizes::LEAST * size_of::<Option<frame::Frame>>()).is_multiple_of(LINE));

/// Where the device finds a ring, and bytes of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Placed {
    pub(crate) address: u64,
    pub(crate) len: u32,
}

/// The descriptors of a ring, and where the device finds them.
pub(crate) struct Descriptors {
    all: &'static [[AtomicU64; 2]],
    bus_address: u64,
    translation: Translation,
}

impl Descriptors {
    /// Those of a new ring of `count`, a power of two, in memory that is zeroed; none if there is too
    /// little.
    pub(crate) fn new(memory: &mut Dma, count: usize) -> Option<Self> {
        let translation = memory.translation();
        let table = memory.carve_table::<AtomicU64>(2 * count, ALIGN)?;
        let (all, _) = table.words().as_chunks::<2>();
        Some(Self { all, bus_address: table.bus_address(), translation })
    }

    /// What the device is told of them.
    pub(crate) fn placed(&self) -> Placed {
        Placed { address: self.bus_address, len: size_of_val(self.all) as u32 }
    }

    /// Where the device finds what lies at `address`.
    #[inline]
    pub(crate) fn translate(&self, address: usize) -> u64 {
        self.translation.bus_address(address)
    }

    /// All of them.
    #[inline]
    pub(crate) fn all(&self) -> &'static [[AtomicU64; 2]] {
        self.all
    }

    /// How many there are.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// The place `count` behind `place`.
    #[inline]
    pub(crate) fn after(&self, place: usize, count: usize) -> usize {
        (place + count) & (self.all.len() - 1)
    }
}

const _: () = assert!(size_of::<[AtomicU64; 2]>() == DESCRIPTOR);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_two_that_cards_can_have() {
        let told = |sizes: Sizes| (sizes.receive(), sizes.transmit());
        assert_eq!(told(Sizes::new(0, usize::MAX)), (64, 4096));
        assert_eq!(told(Sizes::new(65, 1024)), (128, 1024));
        assert_eq!((Sizes::DEFAULT.sum(), Sizes::DEFAULT.bytes()), (1024, 16 * 1024));
    }
}
