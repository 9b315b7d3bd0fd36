//! The list of capabilities of a function (PCI 3.0, 6.7), which may say anything.

use bit_field::BitField;
use pci_types::ConfigRegionAccess;

use super::Function;

/// Where the list starts, and how far down an entry can lie.
const POINTER: u8 = 0x34;
const FIRST: u8 = 0x40;

/// An entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What it is about; 9 is the vendor's own.
    pub id: u8,
    /// Where it lies: a multiple of 4 from 0x40 on.
    pub offset: u8,
}

/// Walks the list. It ends at a pointer into the header, and before an entry it has been at.
pub struct Capabilities<'f, 'a, A> {
    function: &'f Function<'a, A>,
    next: u8,
    /// Bit i says that the walk has been at offset 4 * i.
    walked: u64,
}

impl<'f, 'a, A: ConfigRegionAccess> Capabilities<'f, 'a, A> {
    pub(super) fn of(function: &'f Function<'a, A>) -> Self {
        let has_list = function.read(0x04).get_bit(20);
        let next = if has_list { function.read(POINTER).get_bits(0..8) as u8 } else { 0 };
        Self { function, next, walked: 0 }
    }
}

impl<A: ConfigRegionAccess> Iterator for Capabilities<'_, '_, A> {
    type Item = Capability;

    fn next(&mut self) -> Option<Capability> {
        let offset = self.next & !3;
        let place = usize::from(offset / 4);
        if offset < FIRST || self.walked.get_bit(place) {
            return None;
        }
        self.walked.set_bit(place, true);
        let entry = self.function.read(offset);
        self.next = entry.get_bits(8..16) as u8;
        Some(Capability { id: entry.get_bits(0..8) as u8, offset })
    }
}
