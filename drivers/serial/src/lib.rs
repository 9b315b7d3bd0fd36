//! Serial ports: 16550 chips behind port I/O, or in memory.
//!
//! Nothing here waits for the line. [`Port::write`] gives the chip what its FIFO takes and says how
//! much that was; [`Port::insist`] polls a line that moves and gives up on one that does not. The
//! chip itself is driven by the crate `uart_16550`; the module `patience` limits the one wait in it.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

mod chip;
mod insist;
mod patience;
mod port;
#[cfg(test)]
mod tests;

pub use chip::{Chip, Place};
pub use insist::Insist;
pub use port::Port;

/// Why a serial port could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No 16550 answers at the port's address. Name another port, or turn it on in the firmware.
    Absent,
    /// The clock of 1.8432 MHz cannot be divided to this many baud. Use 115,200 or a part of it.
    BaudRate,
    /// The chip never finished sending what the firmware had left in it. The port is broken.
    Stuck,
}
