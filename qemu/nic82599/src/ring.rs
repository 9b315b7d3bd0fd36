//! A ring of descriptors in the guest's memory, and writing one back.

use super::memory::{Memory, Outside};

/// Bytes of a descriptor, of any kind.
pub(crate) const DESCRIPTOR: u32 = 16;

/// Where a ring lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ring {
    /// Guest address of the first descriptor.
    pub(crate) base: u64,
    /// Descriptors.
    pub(crate) slots: u32,
}

impl Ring {
    /// The guest address of descriptor number `slot`.
    pub(crate) fn address(self, slot: u32) -> u64 {
        self.base.wrapping_add((slot * DESCRIPTOR).into())
    }

    /// The number behind `slot`.
    pub(crate) fn next(self, slot: u32) -> u32 {
        (slot + 1) % self.slots
    }

    /// How many descriptors lie from `head` on before `tail`: those that the card owns. What lies
    /// beyond the ring, whose length may have changed, counts from its beginning again.
    pub(crate) fn owned(self, head: u32, tail: u32) -> u32 {
        (tail % self.slots + self.slots - head % self.slots) % self.slots
    }
}

/// Writes a descriptor back. Its second half, which says that it is done, comes last and at once:
/// some drivers look for DD first, others for a length.
pub(crate) fn write_back(
    memory: &Memory,
    address: u64,
    bytes: [u8; DESCRIPTOR as usize],
) -> Result<(), Outside> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    memory.write(address, first)?;
    memory.write(address.wrapping_add(first.len() as u64), second)
}

/// The words of a descriptor, of 32 bits each, from the lowest address on.
pub(crate) fn words(bytes: &[u8; DESCRIPTOR as usize]) -> [u32; 4] {
    std::array::from_fn(|i| {
        let at = 4 * i;
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    })
}

/// The opposite of [`words`].
pub(crate) fn bytes(words: [u32; 4]) -> [u8; DESCRIPTOR as usize] {
    let mut bytes = [0; DESCRIPTOR as usize];
    for (slot, word) in bytes.chunks_exact_mut(4).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_owns_from_head_to_tail_around_the_end() {
        let ring = Ring { base: 0x1000, slots: 8 };
        assert_eq!(ring.owned(3, 3), 0);
        assert_eq!(ring.owned(6, 1), 3);
        assert_eq!(ring.address(ring.next(7)), 0x1000);
        assert_eq!(words(&bytes([1, 2, 3, 4])), [1, 2, 3, 4]);
    }
}
