//! Little-endian fields out of byte slices, and the memory that a loader points into.

/// Physical memory as a parser sees it.
pub trait Memory {
    /// The `len` bytes at physical `address`, if all of them may be read.
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]>;
}

/// The byte at `offset`, if the slice is that long.
pub fn u8_at(bytes: &[u8], offset: usize) -> Option<u8> {
    bytes.get(offset).copied()
}

/// The little-endian `u16` at `offset`, if the slice is that long.
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..)?.first_chunk().copied().map(u16::from_le_bytes)
}

/// The little-endian `u32` at `offset`, if the slice is that long.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().copied().map(u32::from_le_bytes)
}

/// The little-endian `u64` at `offset`, if the slice is that long.
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// Whether `bytes` add up to 0 in one byte, as firmware's structures do that are whole.
pub(super) fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte)) == 0
}

#[cfg(test)]
pub(super) mod played {
    use super::Memory;

    /// Memory that starts at an address and holds these bytes.
    #[derive(Clone)]
    pub(in crate::boot) struct Ram(pub(in crate::boot) u64, pub(in crate::boot) Vec<u8>);

    impl Memory for Ram {
        fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
            let from = usize::try_from(address.checked_sub(self.0)?).ok()?;
            self.1.get(from..from.checked_add(len)?)
        }
    }
}
