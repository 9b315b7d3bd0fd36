//! Memory that a device reads and writes while the processor does.
//!
//! It is reached as atomic words and in no other way, because it changes behind the compiler's
//! back. On x86 a relaxed load or store is an ordinary one.

#![expect(unsafe_code, reason = "bytes are turned into atomic words")]

use core::ops::Deref;
use core::slice;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

/// How devices see this machine's memory: at an address that is a fixed distance away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Translation(u64);

impl Translation {
    /// Devices use the addresses that the processor uses.
    pub const IDENTITY: Self = Self(0);

    /// Devices see what the processor sees at 0 at `distance`; it wraps around.
    pub const fn by(distance: u64) -> Self {
        Self(distance)
    }

    /// Where devices see what the processor sees at `address`.
    #[inline]
    pub const fn bus_address(self, address: usize) -> u64 {
        (address as u64).wrapping_add(self.0)
    }
}

/// A word that processor and device may use at the same time.
///
/// # Safety
///
/// The type is an atomic integer: every bit pattern is valid, and all access is atomic.
pub unsafe trait Word: 'static {}

// SAFETY: An atomic integer.
unsafe impl Word for AtomicU8 {}
// SAFETY: An atomic integer.
unsafe impl Word for AtomicU16 {}
// SAFETY: An atomic integer.
unsafe impl Word for AtomicU32 {}
// SAFETY: An atomic integer.
unsafe impl Word for AtomicU64 {}

/// A static stretch of memory to be shared with devices, from which tables are carved.
pub struct Dma {
    free: &'static mut [u8],
    translation: Translation,
}

impl Dma {
    /// All of `memory`, which devices see through `translation`. Never comes back.
    pub fn new(memory: &'static mut [u8], translation: Translation) -> Self {
        Self { free: memory, translation }
    }

    /// How devices see this memory, and the frames of the same machine.
    pub fn translation(&self) -> Translation {
        self.translation
    }

    /// Carves `N` words off the front, aligned to `align` bytes, a power of two. None if what is
    /// left is too short; nothing changes then.
    pub fn carve<T: Word, const N: usize>(&mut self, align: usize) -> Option<Shared<T, N>> {
        let Table { words, bus_address } = self.carve_table(N, align)?;
        let Ok(words) = words.try_into() else { unreachable!("it was made N words long") };
        Some(Shared { words, bus_address })
    }

    /// The same, of `count` words.
    pub fn carve_table<T: Word>(&mut self, count: usize, align: usize) -> Option<Table<T>> {
        let skipped = self.free.as_ptr().align_offset(align.max(align_of::<T>()));
        let end = skipped.checked_add(count.checked_mul(size_of::<T>())?)?;
        let free = core::mem::take(&mut self.free);
        if end > free.len() {
            self.free = free;
            return None;
        }
        let (carved, rest) = free.split_at_mut(end);
        self.free = rest;
        Some(Table::over(&mut carved[skipped..], self.translation))
    }
}

/// A table of words that processor and device share.
pub struct Table<T: Word> {
    words: &'static [T],
    bus_address: u64,
}

impl<T: Word> Table<T> {
    /// `memory` is aligned for `T` and as long as some number of words.
    fn over(memory: &'static mut [u8], translation: Translation) -> Self {
        let (start, count) = (memory.as_mut_ptr(), memory.len() / size_of::<T>());
        let bus_address = translation.bus_address(start.expose_provenance());
        assert!(start.cast::<T>().is_aligned());
        // SAFETY: Static memory of the right length and alignment, borrowed for good and used
        // only through these words, for which any bytes will do.
        let words = unsafe { slice::from_raw_parts(start.cast::<T>(), count) };
        Self { words, bus_address }
    }

    /// The words themselves, which stay where they are.
    pub fn words(&self) -> &'static [T] {
        self.words
    }

    /// Where the device finds the first word.
    pub fn bus_address(&self) -> u64 {
        self.bus_address
    }
}

/// A table of `N` words that processor and device share.
pub struct Shared<T: Word, const N: usize> {
    words: &'static [T; N],
    bus_address: u64,
}

impl<T: Word, const N: usize> Shared<T, N> {
    /// The words themselves, which stay where they are.
    #[inline]
    pub fn words(&self) -> &'static [T; N] {
        self.words
    }

    /// Where the device finds the first word.
    pub fn bus_address(&self) -> u64 {
        self.bus_address
    }
}

impl<T: Word, const N: usize> Deref for Shared<T, N> {
    type Target = [T; N];

    #[inline]
    fn deref(&self) -> &[T; N] {
        self.words
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[repr(align(64))]
    struct Aligned([u8; 256]);

    fn memory() -> &'static mut [u8] {
        &mut Box::leak(Box::new(Aligned([0; 256]))).0
    }

    #[test]
    fn tables_are_carved_in_order_and_aligned() {
        let memory = memory();
        let start = memory.as_ptr().addr() as u64;
        let mut dma = Dma::new(memory, Translation::by(0x1000));
        let bytes: Shared<AtomicU8, 3> = dma.carve(1).unwrap();
        let words: Shared<AtomicU64, 2> = dma.carve(1).unwrap();
        let line: Shared<AtomicU16, 32> = dma.carve(64).unwrap();
        let table: Table<AtomicU64> = dma.carve_table(3, 16).unwrap();
        let at = [bytes.bus_address(), words.bus_address(), line.bus_address()];
        assert_eq!(at.map(|at| at - 0x1000 - start), [0, 8, 64]);
        assert_eq!((table.bus_address() - 0x1000 - start, table.words().len()), (128, 3));
        assert_eq!(dma.translation().bus_address(4), 0x1004);
    }

    #[test]
    fn a_table_that_does_not_fit_leaves_the_memory_as_it_was() {
        let mut dma = Dma::new(memory(), Translation::IDENTITY);
        assert!(dma.carve::<AtomicU64, 33>(8).is_none());
        assert!(dma.carve_table::<AtomicU64>(33, 8).is_none());
        assert!(dma.carve_table::<AtomicU64>(usize::MAX, 8).is_none());
        assert!(dma.carve::<AtomicU64, 32>(8).is_some());
        assert!(dma.carve::<AtomicU8, 1>(1).is_none());
    }

    #[test]
    fn words_hold_what_was_in_the_memory() {
        let memory = memory();
        memory[..4].copy_from_slice(&[1, 2, 3, 4]);
        let words: Shared<AtomicU16, 2> = Dma::new(memory, Translation::IDENTITY).carve(4).unwrap();
        assert_eq!(words.each_ref().map(|word| word.load(Relaxed)), [0x0201, 0x0403]);
    }
}
