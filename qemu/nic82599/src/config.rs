//! The card's PCI configuration space: 256 bytes, one memory BAR of 32 bits, INTx.
//!
//! QEMU keeps nothing but a shadow for decoding: sizing of the BAR, what can be written and
//! what cannot, all that is decided here. Section 9.3 of the 82599 datasheet.

use super::registers::SPACE;

/// Bytes of the space.
const SIZE: usize = 256;

/// Where the PCI Express capability lies, as on the card.
const PCIE: usize = 0xA0;

/// What a driver may change of the command register: memory, bus master, parity, SERR, INTx.
const COMMAND_MASK: u16 = 0x0546;

const BUS_MASTER: u16 = 1 << 2;
const INTX_DISABLE: u16 = 1 << 10;

/// Function-level reset, in the PCI Express device control register.
const START_RESET: u16 = 1 << 15;

/// What a write to the space asks of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Nothing,
    Reset,
}

/// The space's content, and which of its bits can be written.
#[derive(Debug)]
pub(crate) struct Config {
    bytes: [u8; SIZE],
    masks: [u8; SIZE],
}

impl Config {
    /// An 82599 with an SFP+ cage, with its PCI Express capability if `has_pcie`.
    pub(crate) fn new(has_pcie: bool) -> Self {
        let mut config = Self { bytes: [0; SIZE], masks: [0; SIZE] };
        config.put(0x00, &[0x86, 0x80, 0xFB, 0x10]); // vendor, device
        config.put(0x08, &[0x01, 0x00, 0x00, 0x02]); // revision, Ethernet controller
        config.put(0x2C, &[0x86, 0x80, 0x03, 0x00]); // subsystem
        config.put(0x3D, &[1]); // INTA
        config.allow(0x04, &COMMAND_MASK.to_le_bytes());
        config.allow(0x0C, &[0xFF]); // cache line size
        config.allow(0x10, &(!(SPACE - 1)).to_le_bytes());
        config.allow(0x3C, &[0xFF]); // interrupt line
        if has_pcie {
            config.add_pcie();
        }
        config
    }

    /// Reads 1, 2 or 4 bytes at `address`; what lies beyond the space is all ones.
    pub(crate) fn read(&self, address: u32, length: u32) -> u32 {
        let byte = |index: u32| {
            self.bytes.get(address.saturating_add(index) as usize).copied().unwrap_or(0xFF)
        };
        (0..length.min(4)).map(|index| u32::from(byte(index)) << (8 * index)).sum()
    }

    /// Writes 1, 2 or 4 bytes at `address`.
    pub(crate) fn write(&mut self, address: u32, value: u32, length: u32) -> Request {
        for (index, new) in (0..length.min(4)).zip(value.to_le_bytes()) {
            let at = address.saturating_add(index) as usize;
            if let (Some(byte), Some(mask)) = (self.bytes.get_mut(at), self.masks.get(at)) {
                *byte = *byte & !mask | new & mask;
            }
        }
        self.take_reset()
    }

    /// Whether the card may reach into memory.
    pub(crate) fn is_bus_master(&self) -> bool {
        self.command() & BUS_MASTER != 0
    }

    /// Whether the card may raise INTx.
    pub(crate) fn may_interrupt(&self) -> bool {
        self.command() & INTX_DISABLE == 0
    }

    fn command(&self) -> u16 {
        u16::from_le_bytes([self.bytes[4], self.bytes[5]])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn allow(&mut self, at: usize, mask: &[u8]) {
        self.masks[at..at + mask.len()].copy_from_slice(mask);
    }

    /// An endpoint of version 2 with eight lanes at 5 GT/s and function-level reset (9.3.10).
    fn add_pcie(&mut self) {
        self.put(0x06, &[0x10]); // the status register says that there is a list
        self.put(0x34, &[PCIE as u8]);
        self.put(PCIE, &[0x10, 0x00, 0x02, 0x00]); // PCI Express, last, version 2, endpoint
        self.put(PCIE + 0x04, &0x1000_8CC2_u32.to_le_bytes()); // device capabilities
        self.put(PCIE + 0x0C, &0x0003_9482_u32.to_le_bytes()); // link capabilities
        self.put(PCIE + 0x12, &0x1082_u16.to_le_bytes()); // link status
        self.put(PCIE + 0x24, &0x1F_u32.to_le_bytes()); // device capabilities 2
        self.allow(PCIE + 0x08, &[0xFF, 0xFF]); // device control
        self.allow(PCIE + 0x28, &[0x1F, 0x00]); // device control 2
    }

    /// Takes the bit that starts a function-level reset, which always reads 0.
    fn take_reset(&mut self) -> Request {
        let high = PCIE + 0x09;
        let start = (START_RESET >> 8) as u8;
        if self.bytes[high] & start == 0 {
            return Request::Nothing;
        }
        self.bytes[high] &= !start;
        self.put(0x04, &[0, 0]);
        Request::Reset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_its_size_and_keeps_an_address() {
        let mut config = Config::new(true);
        config.write(0x10, u32::MAX, 4);
        assert_eq!(config.read(0x10, 4), 0xFFF8_0000);
        config.write(0x10, 0xFEB8_0000, 4);
        assert_eq!(config.read(0x10, 4), 0xFEB8_0000);
        config.write(0x14, u32::MAX, 4);
        assert_eq!(config.read(0x14, 4), 0);
    }

    #[test]
    fn the_command_register_keeps_bus_master_and_the_intx_bit() {
        let mut config = Config::new(false);
        assert!(!config.is_bus_master() && config.may_interrupt());
        config.write(4, 0xFFFF, 2);
        assert_eq!(config.read(4, 2), 0x0546);
        assert!(config.is_bus_master() && !config.may_interrupt());
    }

    #[test]
    fn ids_cannot_be_written_and_a_function_level_reset_is_asked_for_once() {
        let mut config = Config::new(true);
        config.write(0, 0, 4);
        assert_eq!(config.read(0, 4), 0x10FB_8086);
        assert_eq!(config.write(0xA8, 0x8000, 2), Request::Reset);
        assert_eq!(config.write(0xA8, 0x0000, 2), Request::Nothing);
        assert_eq!(config.read(0xA8, 2), 0);
        assert_eq!(config.read(0x100, 4), u32::MAX);
    }
}
