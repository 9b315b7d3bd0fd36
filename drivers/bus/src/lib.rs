//! The only door to hardware: registers, memory shared with devices, PCI functions, time limits.
//!
//! Drivers are written against [`Mmio`], [`Clock`] and PCI's `ConfigRegionAccess`, so the same
//! driver runs on a device, and over a played one on the host. What may not go wrong is promised
//! where these are made, by whoever maps memory: [`Registers::new`] and [`pci::Segment::new`].
//! Everything past them is safe to call, whatever the device answers.
//!
//! | module | what lives there |
//! |---|---|
//! | `mmio` | registers by offset |
//! | `dma` | memory that a device reads and writes, as words |
//! | `pci` | functions of a segment: finding them, taking them over, BARs, capabilities |
//! | `time` | a limit to every wait |

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod dma;
mod mmio;
pub mod pci;
mod time;

pub use dma::{Dma, Shared, Table, Translation, Word};
pub use mmio::{Mmio, Registers};
pub use time::{Clock, Limit, wait_until};

/// Why something could not be had from the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No function answers at this address.
    Absent,
    /// The function is a bridge. Only devices can be taken over.
    NotADevice,
    /// The function has no memory behind this base address register.
    NoMemory,
    /// The base address register says what the PCI specification does not allow.
    BadBar,
    /// The firmware gave the memory of this function no address.
    Unassigned,
    /// What was waited for did not come within the limit.
    TimedOut,
}
