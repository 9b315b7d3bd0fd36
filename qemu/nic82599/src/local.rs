//! A card without QEMU: a driver in this process calls it, and nothing happens but by such calls.

use std::cell::RefCell;
use std::fs::File;

use anyhow::{Context as _, Result};

use super::card::Card;
use super::device::{Options, inject, made, open_cable};
use super::faults::Fault;
use super::memory::Section;
use super::registers::Register;
use super::sfp::ModuleKind;
use super::statistics::Statistics;
use super::trace::Access;
use super::violations::Violation;

/// A card in this process. It has no threads: it takes a frame when one is given to it, and time
/// passes when it is told so.
#[derive(Debug)]
pub struct Local(RefCell<Card>);

impl Local {
    /// A card that reaches all of `memory`, which it sees from bus address `address` on.
    ///
    /// # Errors
    ///
    /// The cable cannot be opened, or the memory has no size.
    pub fn new(options: &Options, memory: File, address: u64) -> Result<Self> {
        let size = memory.metadata().context("memory without a size")?.len();
        let mut card = made(options, open_cable(options)?);
        card.set_memory(vec![Section { guest: address, size, file: memory, offset: 0 }]);
        Ok(Self(RefCell::new(card)))
    }

    /// Reads the register at `offset`.
    #[must_use]
    pub fn read(&self, offset: u32) -> u32 {
        self.0.borrow_mut().read(offset.into(), 4) as u32
    }

    /// Writes the register at `offset`.
    pub fn write(&self, offset: u32, value: u32) {
        self.0.borrow_mut().write(offset.into(), value.into(), 4);
    }

    /// Reads a word of the configuration space.
    #[must_use]
    pub fn read_config(&self, offset: u32) -> u32 {
        self.0.borrow().read_config(offset, 4)
    }

    /// Writes a word of the configuration space.
    pub fn write_config(&self, offset: u32, value: u32) {
        self.0.borrow_mut().write_config(offset, value, 4);
    }

    /// A frame comes in by the cable.
    pub fn arrive(&self, frame: &[u8]) {
        self.0.borrow_mut().arrive(frame);
    }

    /// Has time bring what waits for it: frames that the cable did not take, reports of descriptors.
    pub fn tick(&self) {
        self.0.borrow_mut().tick();
    }

    /// Rules that were broken, in order; of those alike only the first four.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.0.borrow().violations.first().to_vec()
    }

    /// What the card's own books say.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.0.borrow().statistics.clone()
    }

    /// The value behind `register`, without the effects that a driver's reading has.
    #[must_use]
    pub fn peek(&self, register: Register) -> u32 {
        self.0.borrow().value(register)
    }

    /// The register accesses that were kept.
    #[must_use]
    pub fn accesses(&self) -> Vec<Access> {
        self.0.borrow().trace.first().to_vec()
    }

    /// Register accesses, kept or not.
    #[must_use]
    pub fn access_count(&self) -> u64 {
        self.0.borrow().trace.count()
    }

    /// Plugs the cable in, or pulls it out.
    pub fn set_link(&self, is_up: bool) {
        self.0.borrow_mut().plug(is_up);
    }

    /// Puts a module into the cage, in place of what was there.
    pub fn plug_module(&self, kind: ModuleKind) {
        self.0.borrow_mut().plug_module(kind);
    }

    /// Leaves the cage empty.
    pub fn pull_module(&self) {
        self.0.borrow_mut().pull_module();
    }

    /// Has `fault` happen from now on.
    pub fn inject(&self, fault: Fault) {
        inject(&mut self.0.borrow_mut(), fault);
    }

    /// Has no fault happen any more. What was held up goes on.
    pub fn heal(&self) {
        self.0.borrow_mut().heal();
    }
}
