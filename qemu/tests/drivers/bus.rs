//! How a driver reaches devices: their registers and their configuration spaces.

#![expect(unsafe_code, reason = "the trait for configuration access has unsafe functions")]

use std::rc::Rc;

use bus::Mmio;
use bus::pci::{ConfigRegionAccess, PciAddress, Segment};

/// A machine's bus, as its processor sees it.
pub(crate) trait Bus {
    /// Reads so many bytes of a device's registers.
    fn read(&self, address: u64, bytes: usize) -> u32;
    /// Writes them.
    fn write(&self, address: u64, bytes: usize, value: u32);
    /// Reads a word of a configuration space; ones where there is none.
    fn read_config(&self, address: PciAddress, offset: u16) -> u32;
    /// Writes it.
    fn write_config(&self, address: PciAddress, offset: u16, value: u32);
}

/// Configuration spaces.
pub(crate) struct Config(Rc<dyn Bus>);

impl ConfigRegionAccess for Config {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        self.0.read_config(address, offset)
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        self.0.write_config(address, offset, value);
    }
}

/// The one segment of a machine, of one bus.
pub(crate) fn segment(bus: &Rc<dyn Bus>) -> &'static Segment<Config> {
    // SAFETY: A bus answers everywhere.
    let segment = unsafe { Segment::new(Config(Rc::clone(bus)), 0, 0) };
    Box::leak(Box::new(segment))
}

/// Registers of a device from some bus address on.
pub(crate) struct Registers {
    bus: Rc<dyn Bus>,
    address: u64,
}

impl Registers {
    pub(crate) fn new(bus: &Rc<dyn Bus>, address: u64) -> Self {
        Self { bus: Rc::clone(bus), address }
    }

    fn read(&self, offset: usize, bytes: usize) -> u32 {
        self.bus.read(self.address + offset as u64, bytes)
    }

    fn write(&self, offset: usize, bytes: usize, value: u32) {
        self.bus.write(self.address + offset as u64, bytes, value);
    }
}

impl Mmio for Registers {
    fn read8(&self, offset: usize) -> u8 {
        self.read(offset, 1) as u8
    }

    fn read16(&self, offset: usize) -> u16 {
        self.read(offset, 2) as u16
    }

    fn read32(&self, offset: usize) -> u32 {
        self.read(offset, 4)
    }

    fn write8(&self, offset: usize, value: u8) {
        self.write(offset, 1, value.into());
    }

    fn write16(&self, offset: usize, value: u16) {
        self.write(offset, 2, value.into());
    }

    fn write32(&self, offset: usize, value: u32) {
        self.write(offset, 4, value);
    }
}
