//! Descriptors: memory that driver and device share. It knows no registers.

use core::sync::atomic::AtomicU64;

use bus::{Dma, Shared, Translation};
use frame::Frame;

/// Descriptors of a ring. A power of two.
pub(crate) const N: usize = 512;
/// Descriptors that are given to the device, or taken back from it, together. Divides [`N`].
pub(crate) const BLOCK: usize = 32;
/// Bytes of a ring.
pub(crate) const BYTES: usize = N * 16;
/// What a ring begins at a multiple of (82599 datasheet, 7.1.9 and 7.2.3.3).
pub(crate) const ALIGN: usize = 128;

const _: () = assert!(N.is_power_of_two() && N.is_multiple_of(BLOCK));

/// The frames of a ring: behind each descriptor the one that the device has.
pub struct Given(pub(crate) [Option<Frame>; N]);

impl Given {
    /// None yet.
    pub const fn new() -> Self {
        Self([const { None }; N])
    }
}

impl Default for Given {
    fn default() -> Self {
        Self::new()
    }
}

/// Neither the frames of two rings nor their descriptors share a line of the cache, so that queues of two
/// cores, which are made from one piece of memory, do not write to the same lines.
const LINE: usize = 64;
const _: () = assert!(size_of::<Given>().is_multiple_of(LINE));
const _: () = assert!(BYTES.is_multiple_of(LINE) && ALIGN.is_multiple_of(LINE));

/// Words of a ring.
type Words = Shared<AtomicU64, { 2 * N }>;

/// The descriptors of a ring, and where the device finds them.
pub(crate) struct Descriptors {
    words: Words,
    translation: Translation,
}

impl Descriptors {
    /// Those of a new ring, in memory that is zeroed; none if there is too little.
    pub(crate) fn new(memory: &mut Dma) -> Option<Self> {
        let translation = memory.translation();
        Some(Self { words: memory.carve(ALIGN)?, translation })
    }

    /// Where the device finds the first.
    pub(crate) fn bus_address(&self) -> u64 {
        self.words.bus_address()
    }

    /// Where the device finds what lies at `address`.
    #[inline]
    pub(crate) fn translate(&self, address: usize) -> u64 {
        self.translation.bus_address(address)
    }

    /// All of them.
    #[inline]
    pub(crate) fn all(&self) -> &'static [[AtomicU64; 2]; N] {
        let (pairs, _) = self.words.words().as_chunks::<2>();
        match pairs.as_array() {
            Some(pairs) => pairs,
            None => unreachable!("a ring has so many"),
        }
    }
}

/// The place `count` behind `place`.
#[inline]
pub(crate) const fn after(place: usize, count: usize) -> usize {
    (place + count) & (N - 1)
}
