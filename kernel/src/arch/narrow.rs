//! Ports, and registers in configuration space that are narrower than a word, as drivers of watchdogs use
//! them.
#![expect(unsafe_code, reason = "ports and configuration space are reached by number")]

use pci_types::PciAddress;
use watchdog::{Config, Ports};

use super::{pci, registers};

/// The I/O ports.
pub(crate) struct IoPorts(());

impl IoPorts {
    /// All of them.
    ///
    /// # Safety
    ///
    /// Only ports of a device that reaches no memory may be used.
    pub(crate) const unsafe fn new() -> Self {
        Self(())
    }
}

impl Ports for IoPorts {
    fn read16(&self, port: u16) -> u16 {
        // SAFETY: The port is of a device that reaches no memory, as `new` was promised.
        unsafe { registers::read_port16(port) }
    }

    fn read32(&self, port: u16) -> u32 {
        // SAFETY: As above.
        unsafe { registers::read_port32(port) }
    }

    fn write8(&self, port: u16, value: u8) {
        // SAFETY: As above.
        unsafe { registers::write_port8(port, value) };
    }

    fn write16(&self, port: u16, value: u16) {
        // SAFETY: As above.
        unsafe { registers::write_port16(port, value) };
    }
}

/// The configuration space of a function.
pub(crate) struct Narrow(PciAddress);

impl Narrow {
    /// That of the function at this address.
    ///
    /// # Safety
    ///
    /// The function must be one that reaches no memory.
    pub(crate) const unsafe fn new(address: PciAddress) -> Self {
        Self(address)
    }
}

impl Config for Narrow {
    fn read8(&self, offset: u8) -> u8 {
        // SAFETY: Reading configuration space has no effect on memory.
        let read = |port| unsafe { registers::read_port8(port) };
        pci::by_byte(self.0, offset, read).unwrap_or(u8::MAX)
    }

    fn write8(&self, offset: u8, value: u8) {
        // SAFETY: The function reaches no memory, as `new` was promised.
        pci::by_byte(self.0, offset, |port| unsafe { registers::write_port8(port, value) });
    }

    fn write16(&self, offset: u8, value: u16) {
        // SAFETY: As above.
        pci::by_byte(self.0, offset, |port| unsafe { registers::write_port16(port, value) });
    }
}
