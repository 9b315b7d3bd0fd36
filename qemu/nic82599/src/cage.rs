//! The cage, and the analog part of the card, which has to fit the module that is in it (3.7.4, 6.3.2.2.1).
//!
//! The module that is there at power-on is made to fit by firmware. Any other is by whoever writes the
//! settings that the NVM has for it, and then has the link start over.

use super::card::Card;
use super::faults::Fault;
use super::nvm::settings;
use super::registers as regs;
use super::sfp::{Module, ModuleKind};

/// Settings that are remembered: more than any module has.
const MOST: usize = 16;

/// The analog part.
#[derive(Debug)]
pub(crate) struct Analog {
    fits: bool,
    /// What was written to it since a module came, as far as it matters.
    written: Vec<u16>,
}

impl Analog {
    /// It fits the module that is in the cage.
    pub(crate) const FITTING: Self = Self { fits: true, written: Vec::new() };
    const UNFIT: Self = Self { fits: false, written: Vec::new() };

    /// Whether a link can be made.
    pub(super) fn fits(&self) -> bool {
        self.fits
    }
}

impl Card {
    /// Puts a module into the cage, in place of what was there.
    pub(crate) fn plug_module(&mut self, kind: ModuleKind) {
        self.module = Module::new(kind);
        self.analog = Analog::UNFIT;
        self.faults.take_back(Fault::CageEmpty);
        self.look_at_link();
    }

    /// Leaves the cage empty.
    pub(crate) fn pull_module(&mut self) {
        self.faults.add(Fault::CageEmpty);
        self.look_at_link();
    }

    /// What went wrong does so no more. A module that comes back so is one that comes, and whoever held
    /// the semaphore lets it go.
    pub(crate) fn heal(&mut self) {
        if self.faults.has(Fault::CageEmpty) {
            self.analog = Analog::UNFIT;
        }
        if self.faults.has(Fault::SemaphoreHeld) {
            self.set(regs::SWSM, 0);
        }
        self.faults.clear();
        self.look_at_link();
        self.tick();
    }

    pub(super) fn store_corectl(&mut self, value: u32) {
        self.set(regs::CORECTL, value);
        let written = &mut self.analog.written;
        written.push(value as u16);
        written.drain(..written.len().saturating_sub(MOST));
    }

    /// The link starts over, with what was written.
    pub(super) fn settle_analog(&mut self) {
        let settings = settings(self.module.number());
        self.analog.fits |= self.analog.written.ends_with(settings);
    }
}
