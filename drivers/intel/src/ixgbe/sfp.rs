//! What module is in the cage: its memory is read over two wires, bit by bit.
//!
//! Bytes are those of SFF-8472, times those of I2C at 100 kHz.

use bus::{Clock, Limit, Mmio};

use super::registers::I2CCTL;
use crate::device::Device;

/// Bits of I2CCTL (8.2.3.1.5). A line that is let go is pulled up.
const CLOCK_IN: u32 = 1 << 0;
const CLOCK_OUT: u32 = 1 << 1;
const DATA_IN: u32 = 1 << 2;
const DATA_OUT: u32 = 1 << 3;

/// Half a bit, and how long a module may stretch one.
const HALF: Limit = Limit::microseconds(5);
const STRETCH: Limit = Limit::microseconds(500);

/// Where a module's memory is on the wires: to be written, and to be read.
const MODULE: u8 = 0xa0;
const READ: u8 = 0x01;

/// Bytes of that memory: what it is, what it can at 10 and at 1 Gb/s, and of which kind its cable is.
const IDENTIFIER: u8 = 0x00;
const CODES_10G: u8 = 0x03;
const CODES_1G: u8 = 0x06;
const CABLE: u8 = 0x08;
const CABLE_CODES: u8 = 0x3c;

/// Values of those bytes.
const SFP: u8 = 0x03;
const SR_OR_LR: u8 = 0x30;
const SX_LX_LHA_OR_T: u8 = 0x1b;
const PASSIVE: u8 = 0x04;
const ACTIVE: u8 = 0x08;
const LIMITING: u8 = 0x04;

/// Tries to read a byte: some modules do not answer while they start.
const TRIES: usize = 3;

/// A module, as far as its link is made in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// A cable of copper.
    Passive,
    /// Light, or a cable that amplifies, at 10 Gb/s.
    Optical,
    /// Anything at 1 Gb/s.
    Slow,
}

impl Module {
    /// Its number in the NVM's list of sequences, for the card's port `port`. What is slow is made
    /// ready as light is.
    pub(crate) const fn number(self, port: u16) -> u16 {
        let first = match self {
            Self::Passive => 3,
            Self::Optical | Self::Slow => 5,
        };
        first + port
    }
}

/// The module in the cage; none if it is empty, or if what is in it is not known.
pub(crate) fn module<M: Mmio, C: Clock>(device: &Device<'_, M, C>) -> Option<Module> {
    let read = |address| byte(device, address);
    if read(IDENTIFIER)? != SFP {
        return None;
    }
    let (fast, slow, cable) = (read(CODES_10G)?, read(CODES_1G)?, read(CABLE)?);
    if cable & PASSIVE != 0 {
        Some(Module::Passive)
    } else if cable & ACTIVE != 0 {
        (read(CABLE_CODES)? & LIMITING != 0).then_some(Module::Optical)
    } else if fast & SR_OR_LR != 0 {
        Some(Module::Optical)
    } else {
        (slow & SX_LX_LHA_OR_T != 0).then_some(Module::Slow)
    }
}

/// A byte of the module's memory.
fn byte<M: Mmio, C: Clock>(device: &Device<'_, M, C>, address: u8) -> Option<u8> {
    let wires = Wires(device);
    (0..TRIES).find_map(|_| {
        let answer = wires.byte(address);
        if answer.is_none() {
            wires.clear();
        }
        answer
    })
}

/// The two wires.
struct Wires<'w, 'd, M, C>(&'w Device<'d, M, C>);

impl<M: Mmio, C: Clock> Wires<'_, '_, M, C> {
    /// Reads a byte: its address is written, then the module is turned round.
    fn byte(&self, address: u8) -> Option<u8> {
        self.start();
        self.send(MODULE)?;
        self.send(address)?;
        self.start();
        self.send(MODULE | READ)?;
        let byte = self.receive();
        // No more of them.
        self.bit(true);
        self.stop();
        Some(byte)
    }

    /// Gets a module that lost count out of a byte.
    fn clear(&self) {
        self.start();
        (0..9).for_each(|_| self.bit(true));
        self.start();
        self.stop();
    }

    /// Data falls while the clock is up.
    fn start(&self) {
        self.data(true);
        self.clock(true);
        self.data(false);
        self.clock(false);
    }

    /// Data rises while the clock is up.
    fn stop(&self) {
        self.data(false);
        self.clock(true);
        self.data(true);
    }

    /// Sends a byte. None if the module does not acknowledge it.
    fn send(&self, byte: u8) -> Option<()> {
        (0..8).rev().for_each(|i| self.bit(byte >> i & 1 != 0));
        (!self.sample()).then_some(())
    }

    fn receive(&self) -> u8 {
        (0..8).fold(0, |byte, _| byte << 1 | u8::from(self.sample()))
    }

    fn bit(&self, bit: bool) {
        self.data(bit);
        self.clock(true);
        self.clock(false);
    }

    /// What the module has on the data line.
    fn sample(&self) -> bool {
        self.data(true);
        self.clock(true);
        let bit = self.0.has(I2CCTL, DATA_IN);
        self.clock(false);
        bit
    }

    fn data(&self, is_up: bool) {
        self.put(DATA_OUT, is_up);
    }

    fn clock(&self, is_up: bool) {
        self.put(CLOCK_OUT, is_up);
        if is_up {
            let _it_is_up_by_now = self.0.wait(STRETCH, || self.0.has(I2CCTL, CLOCK_IN));
        }
    }

    fn put(&self, line: u32, is_up: bool) {
        self.0.change(I2CCTL, line, if is_up { line } else { 0 });
        self.0.pause(HALF);
    }
}
