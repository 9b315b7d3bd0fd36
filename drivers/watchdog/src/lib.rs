//! Watchdogs of platforms: chips that reset the machine unless they are fed in time.
//!
//! A chip is started, fed, and stopped. How its registers are reached is handed in, so that each driver
//! runs over a played chip, too.
//!
//! | module | chip | tried on |
//! |---|---|---|
//! | `i6300esb` | Intel 6300ESB, and QEMU's | QEMU |
//! | `ib700` | iBASE 700, and QEMU's | QEMU |
//! | `itco` | TCO timer of Intel's chip sets from ICH6 to the 9 series | QEMU's ICH9 |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod i6300esb;
mod ib700;
mod itco;

use bus::Mmio;

pub use i6300esb::I6300esb;
pub use ib700::Ib700;
pub use itco::{Itco, Place as ItcoPlace};

/// I/O ports.
pub trait Ports {
    /// What two bytes from `port` on hold.
    fn read16(&self, port: u16) -> u16;
    /// What four bytes from `port` on hold.
    fn read32(&self, port: u16) -> u32;
    /// Puts `value` into the byte at `port`.
    fn write8(&self, port: u16, value: u8);
    /// Puts `value` into two bytes from `port` on.
    fn write16(&self, port: u16, value: u16);
}

/// Registers in the configuration space of a PCI function that are narrower than a word.
pub trait Config {
    /// The byte at `offset`.
    fn read8(&self, offset: u8) -> u8;
    /// Puts `value` into the byte at `offset`.
    fn write8(&self, offset: u8, value: u8);
    /// Puts `value` into the two bytes from `offset` on.
    fn write16(&self, offset: u8, value: u16);
}

/// Why a chip does not watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Somebody has locked its settings until the next reset. Turn its use by the firmware off.
    Locked,
    /// The firmware, or a strap on the board, forbids it to reset the machine.
    MayNotReset,
    /// It did not keep what it was told.
    Refused,
}

/// A chip.
pub enum Watchdog<M, C, P> {
    /// Intel 6300ESB.
    I6300esb(I6300esb<M, C>),
    /// iBASE 700.
    Ib700(Ib700<P>),
    /// Intel's TCO timer.
    Itco(Itco<M, P>),
}

impl<M: Mmio, C: Config, P: Ports> Watchdog<M, C, P> {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::I6300esb(_) => "i6300esb",
            Self::Ib700(_) => "ib700",
            Self::Itco(_) => "iTCO",
        }
    }

    /// Has it reset the machine unless it is fed every `seconds`, or as near to that as it can; returns
    /// after how many seconds it does.
    ///
    /// # Errors
    ///
    /// It watches nothing then.
    pub fn start(&self, seconds: u32) -> Result<u32, Error> {
        match self {
            Self::I6300esb(chip) => chip.start(seconds),
            Self::Ib700(chip) => Ok(chip.start(seconds)),
            Self::Itco(chip) => chip.start(seconds),
        }
    }

    /// Has the time begin anew. `seconds` are those that [`start`](Self::start) returned.
    pub fn feed(&self, seconds: u32) {
        match self {
            Self::I6300esb(chip) => chip.feed(),
            Self::Ib700(chip) => drop(chip.start(seconds)),
            Self::Itco(chip) => chip.feed(),
        }
    }

    /// Has it watch no more.
    pub fn stop(&self) {
        match self {
            Self::I6300esb(chip) => chip.stop(),
            Self::Ib700(chip) => chip.stop(),
            Self::Itco(chip) => chip.stop(),
        }
    }
}

#[cfg(test)]
mod played;
