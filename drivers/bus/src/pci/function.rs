//! A function that was taken over: its memory, its right to reach ours.

use bit_field::BitField;
use pci_types::{CommandRegister, ConfigRegionAccess};

use crate::Error;

use super::{Capabilities, Seen, Segment};

/// Capabilities that would let a function send interrupts as messages (PCI 3.0, appendix H).
const MSI: u8 = 0x05;
const MSI_X: u8 = 0x11;

/// Offset of the command register (PCI 3.0, 6.2.2).
const COMMAND: u8 = 0x04;

/// A stretch of bus addresses where a function has its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The first one.
    pub address: u64,
    /// How many there are: a power of two.
    pub len: u64,
}

/// A function that is ours, or that is only looked at.
pub struct Function<'a, A> {
    segment: &'a Segment<A>,
    seen: Seen,
}

impl<'a, A: ConfigRegionAccess> Function<'a, A> {
    pub(super) fn take(segment: &'a Segment<A>, seen: Seen) -> Self {
        let function = Self { segment, seen };
        function.change_command(|command| {
            command | CommandRegister::INTERRUPT_DISABLE | CommandRegister::MEMORY_ENABLE
        });
        function.forbid_message_interrupts();
        function
    }

    pub(super) fn look(segment: &'a Segment<A>, seen: Seen) -> Self {
        Self { segment, seen }
    }

    /// What it said of itself.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// The word of configuration space at `offset`, which is rounded down to a multiple of 4.
    pub fn read(&self, offset: u8) -> u32 {
        self.segment.read(self.seen.address, offset)
    }

    /// Its capabilities, in the order of its list.
    pub fn capabilities(&self) -> Capabilities<'_, 'a, A> {
        Capabilities::of(self)
    }

    /// The memory behind base address register `slot`, 0 to 5 (PCI 3.0, 6.2.5.1). Memory access
    /// is off while its size is found out, so that it answers nowhere else meanwhile.
    pub fn bar(&self, slot: u8) -> Result<Bar, Error> {
        let offset = (slot < 6).then(|| 0x10 + 4 * slot).ok_or(Error::NoMemory)?;
        let low = self.read(offset);
        if low.get_bit(0) {
            return Err(Error::NoMemory);
        }
        let is_wide = match low.get_bits(1..3) {
            0b00 => false,
            0b10 if slot < 5 => true,
            _ => return Err(Error::BadBar),
        };
        let high = if is_wide { self.read(offset + 4) } else { 0 };
        let before = self.change_command(|command| command - CommandRegister::MEMORY_ENABLE);
        let ones = self.try_out(offset);
        let high_ones = if is_wide { self.try_out(offset + 4) } else { u32::MAX };
        self.change_command(|_| before);
        bar(pair(low, high), pair(ones, high_ones), is_wide)
    }

    /// Where the memory behind base address register `slot` begins, whatever its size, if it can
    /// be reached now. Changes nothing.
    pub fn bar_address(&self, slot: u8) -> Option<u64> {
        let offset = (slot < 6).then(|| 0x10 + 4 * slot)?;
        let low = self.read(offset);
        let is_reachable = CommandRegister::from_bits_truncate(self.read(COMMAND) as u16)
            .contains(CommandRegister::MEMORY_ENABLE);
        let high = match low.get_bits(0..3) {
            0b000 => 0,
            0b100 if slot < 5 => self.read(offset + 4),
            _ => return None,
        };
        let address = pair(low, high) & !0xF;
        (is_reachable && address != 0).then_some(address)
    }

    /// Lets the function read and write memory for as long as the answer lives.
    pub fn bus_master(&self) -> BusMaster<'a, A> {
        let right = BusMaster { segment: self.segment, seen: self.seen };
        right.restore();
        right
    }

    /// What the register at `offset` holds of all ones. It keeps its value.
    fn try_out(&self, offset: u8) -> u32 {
        let value = self.read(offset);
        self.write(offset, u32::MAX);
        let held = self.read(offset);
        self.write(offset, value);
        held
    }

    fn forbid_message_interrupts(&self) {
        for capability in self.capabilities() {
            let enable = match capability.id {
                MSI => 16,
                MSI_X => 31,
                _ => continue,
            };
            let word = self.read(capability.offset);
            self.write(capability.offset, word & !(1 << enable));
        }
    }

    fn write(&self, offset: u8, value: u32) {
        self.segment.write(self.seen.address, offset, value);
    }

    fn change_command(
        &self,
        change: impl FnOnce(CommandRegister) -> CommandRegister,
    ) -> CommandRegister {
        self.segment.change_command(self.seen.address, change)
    }
}

/// The right of a function to read and write memory. It ends when this is dropped.
#[must_use = "the function may reach memory only as long as this lives"]
pub struct BusMaster<'a, A: ConfigRegionAccess> {
    segment: &'a Segment<A>,
    seen: Seen,
}

impl<A: ConfigRegionAccess> BusMaster<'_, A> {
    /// Takes the right away until it is restored. What the function has written by then may still be on
    /// its way; a read of one of its registers comes after that (PCI 3.0, 3.2.5).
    pub fn withhold(&self) {
        self.segment.forbid_bus_master(self.seen.address);
    }

    /// Gives the right back.
    pub fn restore(&self) {
        let enable = CommandRegister::BUS_MASTER_ENABLE;
        self.segment.change_command(self.seen.address, |command| command | enable);
    }
}

impl<A: ConfigRegionAccess> Drop for BusMaster<'_, A> {
    fn drop(&mut self) {
        self.withhold();
    }
}

fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The memory of a register that holds `value`, and `ones` when all ones are written to it. What
/// it holds then must be one run of ones at the top: the bits that an address may have.
fn bar(value: u64, ones: u64, is_wide: bool) -> Result<Bar, Error> {
    let address = value & !0xF;
    let mask = ones & !0xF;
    let len = mask.wrapping_neg();
    let is_empty = if is_wide { mask == 0 } else { mask as u32 == 0 };
    let is_addressed = address != 0 && address & len.wrapping_sub(1) == 0;
    match (is_empty, len.is_power_of_two(), is_addressed) {
        (true, _, _) => Err(Error::NoMemory),
        (_, false, _) => Err(Error::BadBar),
        (_, _, false) => Err(Error::Unassigned),
        _ => Ok(Bar { address, len }),
    }
}
