//! Interrupts by INTx: causes, masks, and the two event files that QEMU hands over (8.2.3.5).
//!
//! QEMU connects the files only through KVM. Under TCG nobody reads them: a driver there has to
//! poll.

use std::fs::File;
use std::io::{Read as _, Write as _};

/// Set in a queue's byte of IVAR if the rest of it counts.
const VALID: u8 = 1 << 7;

/// Causes and masks.
#[derive(Debug, Default)]
pub(crate) struct Interrupts {
    causes: u32,
    mask: u32,
    auto_mask: u32,
    raise: Option<File>,
    resample: Option<File>,
}

impl Interrupts {
    /// Everything as after a reset; the files stay.
    pub(crate) fn reset(&mut self) {
        (self.causes, self.mask, self.auto_mask) = (0, 0, 0);
    }

    /// Interrupts are raised by a 1 in `raise`; `resample` can be read when one was served.
    pub(crate) fn connect(&mut self, raise: Option<File>, resample: Option<File>) {
        (self.raise, self.resample) = (raise, resample);
    }

    /// The file that tells when an interrupt was served.
    pub(crate) fn resample(&self) -> Option<File> {
        self.resample.as_ref().and_then(|file| file.try_clone().ok())
    }

    /// Takes note that an interrupt was served.
    pub(crate) fn take_resample(&mut self) {
        if let Some(mut file) = self.resample.as_ref() {
            // It only says how often.
            let _ = file.read(&mut [0; 8]);
        }
    }

    /// Adds `causes`.
    pub(crate) fn add(&mut self, causes: u32) {
        self.causes |= causes;
    }

    /// Adds the cause that `vector`, a queue's byte of IVAR, leads to.
    pub(crate) fn add_queue(&mut self, vector: u8) {
        if vector & VALID != 0 {
            self.add(1 << (vector & 0xF));
        }
    }

    /// EICR: reading clears the causes, and masks those that EIAM names.
    pub(crate) fn take_causes(&mut self) -> u32 {
        self.mask &= !self.auto_mask;
        std::mem::take(&mut self.causes)
    }

    /// EICR: writing ones clears causes.
    pub(crate) fn clear(&mut self, causes: u32) {
        self.causes &= !causes;
    }

    /// EIMS and EIMC: what may interrupt.
    pub(crate) fn mask(&self) -> u32 {
        self.mask
    }

    /// EIMS.
    pub(crate) fn allow(&mut self, causes: u32) {
        self.mask |= causes;
    }

    /// EIMC.
    pub(crate) fn forbid(&mut self, causes: u32) {
        self.mask &= !causes;
    }

    /// EIAM.
    pub(crate) fn mask_by_reading(&mut self, causes: u32) {
        self.auto_mask = causes;
    }

    /// Raises INTx if there is a cause for it.
    pub(crate) fn raise(&self) {
        if let Some(mut file) = self.raise.as_ref().filter(|_| self.causes & self.mask != 0) {
            // A counter that is full has been raised often enough.
            let _ = file.write(&1_u64.to_ne_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_the_causes_clears_them_and_masks_what_was_asked_for() {
        let mut interrupts = Interrupts::default();
        interrupts.allow(0x3);
        interrupts.mask_by_reading(0x1);
        interrupts.add_queue(VALID);
        interrupts.add_queue(1);
        assert_eq!(interrupts.take_causes(), 1);
        assert_eq!(interrupts.take_causes(), 0);
        assert_eq!(interrupts.mask(), 2);
    }
}
