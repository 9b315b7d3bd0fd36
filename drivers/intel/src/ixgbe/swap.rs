//! A module that is plugged in while the card runs: it gets what bring-up gives to one that is there.
//!
//! That goes by looks, some ten of them a second, as nobody may wait for it: each does one step, and takes
//! 50 ms at most. What cannot be done now is tried again a second later, for as long as the module is there.

use bus::{Clock, Mmio};

use super::link::{begin_restart, end_restart, fit, is_vetoed};
use super::registers::ESDP;
use super::registers::bits::{esdp, sw_fw_sync};
use super::sequence::{Unplayed, play};
use super::sfp::{Module, module};
use super::{Medium, Model};
use crate::device::Device;

/// How long a module may take until it answers (SFF-8472: t_serial), autonegotiation to leave its
/// first state, and what did not go until it is tried again. In ns.
const START: u64 = 300_000_000;
const RESTART: u64 = 40_000_000;
const AGAIN: u64 = 1_000_000_000;
/// How long the NVM may take for a sequence, in ms.
const SEQUENCE: u64 = 10;

/// How far a module is made ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Swap {
    step: Step,
    /// When that is done, in ns of the clock.
    due: u64,
    /// Firmware did not let go of what the step needs.
    is_kept: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing, as long as the module stays.
    Nothing,
    /// Nothing, as there is none.
    Wait,
    /// It is asked what it is.
    Identify,
    /// Its sequence is played.
    Play(Module),
    /// The link starts over.
    Begin(Module),
    /// The link is told its mode, and AUTOC is this.
    End(u32),
}

impl Swap {
    /// Nothing is to be done for what is in the cage, or there is no cage.
    pub(crate) const DONE: Self = Self::next(Step::Nothing, 0);
    const EMPTY: Self = Self::next(Step::Wait, 0);

    const fn next(step: Step, due: u64) -> Self {
        Self { step, due, is_kept: false }
    }

    /// Whether a module is not ready because of firmware.
    pub(crate) const fn is_kept(self) -> bool {
        self.is_kept
    }

    /// Looks whether there is something to do, and does it.
    pub(crate) fn look<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>, model: Model) -> Self {
        if model.medium != Medium::Sfp {
            return self;
        }
        let pins = device.read(ESDP);
        match self.step {
            _ if pins == u32::MAX => self,
            _ if pins & esdp::CAGE_IS_FULL == 0 => Self::EMPTY,
            Step::Nothing => self,
            Step::Wait => Self::next(Step::Identify, device.clock.now() + START),
            _ if device.clock.now() < self.due || is_vetoed(device.registers) => self,
            _ => self.go_on(device, model),
        }
    }

    fn go_on<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>, model: Model) -> Self {
        let semaphore = model.semaphore().briefly();
        let kept = Self { is_kept: true, ..self.again(device) };
        match self.step {
            Step::Nothing | Step::Wait => self,
            Step::Identify => {
                device.clear(ESDP, esdp::LASER_IS_OFF);
                module(device).map_or(self.again(device), |it| Self::next(Step::Play(it), 0))
            }
            Step::Play(module) => {
                let work = || play(device, module, SEQUENCE);
                match semaphore.with(device, sw_fw_sync::MAC, work) {
                    Ok(Ok(())) => Self::next(Step::Begin(module), 0),
                    Ok(Err(Unplayed::Absent)) => Self::DONE,
                    Ok(Err(Unplayed::Unread)) => self.again(device),
                    Err(_) => kept,
                }
            }
            Step::Begin(module) => {
                let value = fit(device, module);
                let begun =
                    semaphore.with(device, sw_fw_sync::MAC, || begin_restart(device, value));
                let due = device.clock.now() + RESTART;
                begun.map_or(kept, |()| Self::next(Step::End(value), due))
            }
            Step::End(value) => {
                let ended = semaphore.with(device, sw_fw_sync::MAC, || end_restart(device, value));
                ended.map_or(kept, |()| Self::DONE)
            }
        }
    }

    /// The same step, later.
    fn again<M: Mmio, C: Clock>(self, device: &Device<'_, M, C>) -> Self {
        Self::next(self.step, device.clock.now() + AGAIN)
    }
}
