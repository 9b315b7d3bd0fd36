//! The SFP+ module in the card's cage: its memory, page A0 of SFF-8472, on a bus of two wires.
//!
//! The driver moves both wires itself through I2CCTL (8.2.3.1.5). Both are pulled up: a wire is
//! high unless somebody pulls it down.

/// The module's address on the bus, with the bit for reading clear.
const ADDRESS: u8 = 0xA0;

mod pins {
    pub(super) const CLOCK_IN: u32 = 1 << 0;
    pub(super) const CLOCK_OUT: u32 = 1 << 1;
    pub(super) const DATA_IN: u32 = 1 << 2;
    pub(super) const DATA_OUT: u32 = 1 << 3;
}

/// A module that there is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleKind {
    /// 10GBASE-SR, of the card's own vendor, which every driver accepts.
    Optics,
    /// A passive cable of copper.
    Copper,
}

/// The module.
#[derive(Debug)]
pub(crate) struct Module {
    kind: ModuleKind,
    memory: [u8; 256],
    clock: bool,
    data: bool,
    /// Whether the module lets the data wire rise.
    release: bool,
    phase: Phase,
    /// Bits of the current byte.
    count: u32,
    byte: u8,
    /// The next byte of the memory.
    at: u8,
}

/// What the bits on the bus are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Address,
    Offset,
    Write,
    Read,
}

impl Module {
    /// A module of this kind.
    pub(crate) fn new(kind: ModuleKind) -> Self {
        let mut memory = [0; 256];
        memory[0] = 3; // SFP
        memory[1] = 4; // known by its memory alone
        memory[12] = 103; // 10.3 Gb/s
        memory[20..36].copy_from_slice(b"Intel Corp      ");
        memory[37..40].copy_from_slice(&[0x00, 0x1B, 0x21]);
        match kind {
            ModuleKind::Optics => {
                memory[2] = 7; // LC
                memory[3] = 0x10; // 10GBASE-SR
                memory[40..56].copy_from_slice(b"FTLX8571D3BCV-IT");
            }
            ModuleKind::Copper => {
                memory[2] = 0x21; // a cable of copper, not to be parted from it
                memory[8] = 0x04; // passive
                memory[40..56].copy_from_slice(b"XDACBL3M        ");
            }
        }
        memory[63] = memory[..63].iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        Self {
            kind,
            memory,
            clock: true,
            data: true,
            release: true,
            phase: Phase::Idle,
            count: 0,
            byte: 0,
            at: 0,
        }
    }

    /// Its number in the NVM's list, at port 0.
    pub(super) fn number(&self) -> u16 {
        match self.kind {
            ModuleKind::Copper => 3,
            ModuleKind::Optics => 5,
        }
    }

    /// Becomes a module that no driver knows: a QSFP+.
    pub(crate) fn become_unknown(&mut self) {
        self.memory[0] = 0x0D;
    }

    /// What I2CCTL reads where there is no module.
    pub(crate) fn pins_without(&self) -> u32 {
        self.pins() | if self.data { pins::DATA_IN } else { 0 }
    }

    /// What it reads while the module holds the clock down.
    pub(crate) fn pins_stuck(&self) -> u32 {
        self.pins() & !pins::CLOCK_IN
    }

    /// What I2CCTL reads.
    pub(crate) fn pins(&self) -> u32 {
        let pin = |is_high: bool, bits: u32| if is_high { bits } else { 0 };
        pin(self.clock, pins::CLOCK_IN | pins::CLOCK_OUT)
            | pin(self.data, pins::DATA_OUT)
            | pin(self.data && self.release, pins::DATA_IN)
    }

    /// Drives the wires as I2CCTL says.
    pub(crate) fn drive(&mut self, value: u32) {
        let clock = std::mem::replace(&mut self.clock, value & pins::CLOCK_OUT != 0);
        let data = std::mem::replace(&mut self.data, value & pins::DATA_OUT != 0);
        match (clock, self.clock) {
            (true, true) if data && !self.data => self.start(),
            (true, true) if !data && self.data => self.stop(),
            (false, true) => self.rise(),
            (true, false) => self.fall(),
            _ => {}
        }
    }

    fn start(&mut self) {
        self.phase = Phase::Address;
        self.count = 0;
        self.release = true;
    }

    fn stop(&mut self) {
        self.phase = Phase::Idle;
        self.release = true;
    }

    /// The clock rises: whoever receives looks at the data.
    fn rise(&mut self) {
        match self.phase {
            Phase::Idle => {}
            Phase::Read => {
                if self.count == 8 && self.data {
                    // No acknowledgement: the driver wants no further byte.
                    self.phase = Phase::Idle;
                }
                self.count += 1;
            }
            _ => {
                if self.count < 8 {
                    self.byte = self.byte << 1 | u8::from(self.data);
                }
                self.count += 1;
            }
        }
    }

    /// The clock falls: whoever sends puts the next bit out.
    fn fall(&mut self) {
        match (self.phase, self.count) {
            (Phase::Idle, _) => self.release = true,
            (_, 9) => self.next_byte(),
            (Phase::Read, 8) => self.release = true,
            (Phase::Read, count) => self.release = self.byte >> (7 - count) & 1 != 0,
            (Phase::Address, 8) if self.byte & !1 != ADDRESS => self.stop(),
            (_, 8) => self.release = false,
            _ => {}
        }
    }

    /// A byte and its acknowledgement are over.
    fn next_byte(&mut self) {
        self.count = 0;
        self.release = true;
        self.phase = match self.phase {
            Phase::Address if self.byte & 1 != 0 => Phase::Read,
            Phase::Address => Phase::Offset,
            Phase::Offset => {
                self.at = self.byte;
                Phase::Write
            }
            other => other,
        };
        if self.phase == Phase::Read {
            self.byte = self.memory[usize::from(self.at)];
            self.at = self.at.wrapping_add(1);
            self.release = self.byte & 0x80 != 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: u32 = pins::CLOCK_OUT;
    const DATA: u32 = pins::DATA_OUT;

    fn start(module: &mut Module) {
        module.drive(DATA);
        module.drive(DATA | CLOCK);
        module.drive(CLOCK);
        module.drive(0);
    }

    fn clock(module: &mut Module, data: bool) -> bool {
        let data = if data { DATA } else { 0 };
        module.drive(data);
        module.drive(data | CLOCK);
        let seen = module.pins() & pins::DATA_IN != 0;
        module.drive(data);
        seen
    }

    /// Sends a byte and tells whether it was acknowledged.
    fn send(module: &mut Module, byte: u8) -> bool {
        for bit in (0..8).rev() {
            clock(module, byte >> bit & 1 != 0);
        }
        !clock(module, true)
    }

    fn receive(module: &mut Module, is_last: bool) -> u8 {
        let byte = (0..8).fold(0, |byte, _| byte << 1 | u8::from(clock(module, true)));
        clock(module, is_last);
        byte
    }

    #[test]
    fn bytes_are_read_from_an_offset_on() {
        let mut module = Module::new(ModuleKind::Optics);
        start(&mut module);
        assert!(send(&mut module, 0xA0));
        assert!(send(&mut module, 37));
        start(&mut module);
        assert!(send(&mut module, 0xA1));
        let vendor = [false, false, true].map(|is_last| receive(&mut module, is_last));
        assert_eq!(vendor, [0x00, 0x1B, 0x21]);
    }

    #[test]
    fn another_address_is_not_acknowledged() {
        let mut module = Module::new(ModuleKind::Optics);
        start(&mut module);
        assert!(!send(&mut module, 0xA2));
    }
}
