//! A card's registers together with a clock: all that bring-up has of a card.

use bus::{Clock, Limit, Mmio, wait_until};

use crate::Error;
use crate::e1000::STATUS;

/// Registers, and the time that waits for them may take.
pub(crate) struct Device<'d, M, C> {
    pub(crate) registers: &'d M,
    pub(crate) clock: &'d C,
}

impl<M: Mmio, C: Clock> Device<'_, M, C> {
    pub(crate) fn read(&self, register: usize) -> u32 {
        self.registers.read32(register)
    }

    pub(crate) fn write(&self, register: usize, value: u32) {
        self.registers.write32(register, value);
    }

    /// Sets `bits` of a register, and leaves the others.
    pub(crate) fn set(&self, register: usize, bits: u32) {
        self.change(register, 0, bits);
    }

    /// Clears `bits` of a register, and leaves the others.
    pub(crate) fn clear(&self, register: usize, bits: u32) {
        self.change(register, bits, 0);
    }

    /// Clears some bits of a register, sets others, and leaves the rest.
    pub(crate) fn change(&self, register: usize, clear: u32, set: u32) {
        self.write(register, self.read(register) & !clear | set);
    }

    /// Whether any of `bits` are set in a register.
    pub(crate) fn has(&self, register: usize, bits: u32) -> bool {
        self.read(register) & bits != 0
    }

    /// Lets time pass.
    pub(crate) fn pause(&self, time: Limit) {
        let _always = wait_until(self.clock, time, || false);
    }

    /// Waits until `condition` holds. False if it does not within the limit.
    pub(crate) fn wait(&self, limit: Limit, condition: impl FnMut() -> bool) -> bool {
        wait_until(self.clock, limit, condition).is_ok()
    }

    /// The same, for what bring-up cannot go on without. A card that is gone is no card that is
    /// late.
    pub(crate) fn expect(
        &self,
        limit: Limit,
        error: Error,
        condition: impl FnMut() -> bool,
    ) -> Result<(), Error> {
        if self.wait(limit, condition) { Ok(()) } else { self.check().and(Err(error)) }
    }

    /// Fails if all registers read as ones, which this one never does.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.read(STATUS) == u32::MAX { Err(Error::Gone) } else { Ok(()) }
    }
}
