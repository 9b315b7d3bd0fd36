//! The two wires of a module in the cage, which the driver moves bit by bit (8.2.3.1.5).
//!
//! Times are those of I2C at 100 kHz.

use core::cell::Cell;

use bus::{Clock, Limit, Mmio};

use super::registers::I2CCTL;
use crate::device::Device;

/// Bits of I2CCTL. A line that is let go is pulled up.
const CLOCK_IN: u32 = 1 << 0;
const CLOCK_OUT: u32 = 1 << 1;
const DATA_IN: u32 = 1 << 2;
const DATA_OUT: u32 = 1 << 3;

/// Half a bit, and how long a module may stretch one.
const HALF: Limit = Limit::microseconds(5);
const STRETCH: Limit = Limit::microseconds(500);
/// Bits that a module may stretch in all: 20 ms of waiting at most, however much is read.
const STRETCHES: u32 = 40;

/// Where a module's memory is on the wires: to be written, and to be read.
const MODULE: u8 = 0xa0;
const READ: u8 = 0x01;

/// Tries to read: some modules do not answer while they start.
const TRIES: usize = 3;

/// The two wires.
pub(super) struct Wires<'w, 'd, M, C> {
    device: &'w Device<'d, M, C>,
    /// Bits that may still be stretched; none once the module holds the clock down.
    stretches: Cell<u32>,
}

impl<'w, 'd, M: Mmio, C: Clock> Wires<'w, 'd, M, C> {
    pub(super) const fn new(device: &'w Device<'d, M, C>) -> Self {
        Self { device, stretches: Cell::new(STRETCHES) }
    }

    /// Bytes of the module's memory from `address` on; none if it does not answer. Not more than 16
    /// at once, which is what every module can be asked for.
    pub(super) fn read<const N: usize>(&self, address: u8) -> Option<[u8; N]> {
        (0..TRIES).find_map(|_| {
            let answer = self.read_once(address);
            if answer.is_none() {
                self.clear();
            }
            answer
        })
    }

    /// The address is written, then the module is turned round and sends until it is not acknowledged.
    fn read_once<const N: usize>(&self, address: u8) -> Option<[u8; N]> {
        self.start();
        self.send(MODULE)?;
        self.send(address)?;
        self.start();
        self.send(MODULE | READ)?;
        let bytes = core::array::from_fn(|i| {
            let byte = self.receive();
            self.bit(i + 1 == N);
            byte
        });
        self.stop();
        (!self.is_stuck()).then_some(bytes)
    }

    /// Gets a module that lost count out of a byte.
    fn clear(&self) {
        self.start();
        (0..9).for_each(|_| self.bit(true));
        self.start();
        self.stop();
    }

    fn is_stuck(&self) -> bool {
        self.stretches.get() == 0
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
        (!self.sample() && !self.is_stuck()).then_some(())
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
        let bit = self.device.has(I2CCTL, DATA_IN);
        self.clock(false);
        bit
    }

    fn data(&self, is_up: bool) {
        self.put(DATA_OUT, is_up);
    }

    fn clock(&self, is_up: bool) {
        self.put(CLOCK_OUT, is_up);
        let is_as_driven = || self.device.has(I2CCTL, CLOCK_IN);
        if is_up && !self.is_stuck() && !is_as_driven() {
            let rises = self.device.wait(STRETCH, is_as_driven);
            self.stretches.set(if rises { self.stretches.get() - 1 } else { 0 });
        }
    }

    /// Drives a line. Nothing is driven on wires that are stuck.
    fn put(&self, line: u32, is_up: bool) {
        if self.is_stuck() {
            return;
        }
        self.device.change(I2CCTL, line, if is_up { line } else { 0 });
        self.device.pause(HALF);
    }
}
