//! What a driver shares with the card's firmware and with the driver of the card's other port.
//!
//! Who changes SW_FW_SYNC holds its lock, which is taken by reading: where a bit reads as 0, it is
//! set by that and is ours (82599 datasheet 10.5.4, X540 datasheet 11.7.5).

use bus::{Clock, Limit, Mmio};

use crate::Error;
use crate::device::Device;

/// The driver's bit of SWSM, set by reading.
const SMBI: u32 = 1 << 0;
/// The firmware's bit of SWSM: ours once it keeps a one that is written.
const SWESMBI: u32 = 1 << 1;
/// The lock of SW_FW_SYNC on the X540, set by reading.
const REGSMP: u32 = 1 << 31;
/// How far the firmware's bit of a resource lies from the driver's.
const FIRMWARE: u32 = 5;

/// How long others get the lock between two tries.
const TURN: Limit = Limit::milliseconds(5);

/// How long one waits for others.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For the lock, which is in two hands.
    lock: Limit,
    /// For a resource.
    resource: Limit,
    /// Whether whoever keeps one longer is taken for dead.
    takes: bool,
}

/// Nobody holds the lock for longer than a few accesses, and a resource may be in use for a second (10.5.4).
const PATIENT: Patience =
    Patience { lock: Limit::milliseconds(100), resource: Limit::milliseconds(1000), takes: true };
/// For whoever has else to do: 35 ms in all, to take and to give back.
const BRIEF: Patience =
    Patience { lock: Limit::milliseconds(5), resource: Limit::milliseconds(10), takes: false };

/// How the lock of SW_FW_SYNC is shared with firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// By SWESMBI: 82599, 82576 and its kind.
    Request,
    /// By REGSMP: X540, X550.
    Register,
}

/// Where a card has these registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Semaphore {
    swsm: usize,
    sw_fw_sync: usize,
    lock: Lock,
    patience: Patience,
}

impl Semaphore {
    /// That of the registers SWSM and SW_FW_SYNC. Those who keep what is shared too long are taken for
    /// dead.
    pub(crate) const fn new((swsm, sw_fw_sync): (usize, usize), lock: Lock) -> Self {
        Self { swsm, sw_fw_sync, lock, patience: PATIENT }
    }

    /// The same for a look at a card that runs: it leaves things to those who have them.
    pub(crate) const fn briefly(self) -> Self {
        Self { patience: BRIEF, ..self }
    }

    /// Does `work` while the resource of these bits is the driver's.
    pub(crate) fn with<M: Mmio, C: Clock, T>(
        self,
        device: &Device<'_, M, C>,
        resource: u32,
        work: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        self.take(device, resource)?;
        let outcome = work();
        // Whether it can be given back or not, the work is done.
        let _ = self.locked(device, || device.clear(self.sw_fw_sync, resource));
        Ok(outcome)
    }

    /// Takes a resource, from the dead if it is to be had otherwise.
    fn take<M: Mmio, C: Clock>(
        self,
        device: &Device<'_, M, C>,
        resource: u32,
    ) -> Result<(), Error> {
        let Patience { resource: limit, takes, .. } = self.patience;
        // Nobody but this core drives the card. So a bit of the driver's that is set at a look is one that
        // could not be given back.
        let holders = resource << FIRMWARE | if takes { resource } else { 0 };
        let take_if_free = || {
            let is_free = !device.has(self.sw_fw_sync, holders);
            if is_free {
                device.set(self.sw_fw_sync, resource);
            }
            is_free
        };
        let mut outcome = Ok(false);
        device.wait(limit, || {
            outcome = self.locked(device, take_if_free);
            if outcome == Ok(false) {
                device.pause(TURN);
            }
            outcome != Ok(false)
        });
        match outcome? {
            true => Ok(()),
            false if takes => self.locked(device, || device.set(self.sw_fw_sync, resource)),
            false => device.check().and(Err(Error::NoSemaphore)),
        }
    }

    /// Does `work` while SW_FW_SYNC may be changed.
    fn locked<M: Mmio, C: Clock, T>(
        self,
        device: &Device<'_, M, C>,
        work: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        let Patience { lock: limit, takes, .. } = self.patience;
        let is_driver = || !device.has(self.swsm, SMBI);
        if !device.wait(limit, is_driver) {
            if !takes {
                return device.check().and(Err(Error::NoSemaphore));
            }
            // Left by a driver that is no more, as firmware's own for booting from the network.
            device.clear(self.swsm, SMBI | SWESMBI);
            device.expect(limit, Error::NoSemaphore, is_driver)?;
        }
        let is_ours = || match self.lock {
            Lock::Request => {
                device.set(self.swsm, SWESMBI);
                device.has(self.swsm, SWESMBI)
            }
            Lock::Register => !device.has(self.sw_fw_sync, REGSMP),
        };
        let outcome = device.expect(limit, Error::NoSemaphore, is_ours).map(|()| work());
        if self.lock == Lock::Register && outcome.is_ok() {
            device.clear(self.sw_fw_sync, REGSMP);
        }
        device.clear(self.swsm, SMBI | SWESMBI);
        outcome
    }
}
