//! virtio devices over modern PCI: the network card and the console.
//!
//! The device is not trusted. It shares its rings with us and writes them at any time, so what it
//! says there is read once, checked against the driver's own notes of what the device was given,
//! and only then used. What cannot be true is counted by kind ([`Lies`]) and not followed. A queue to
//! which as many lies were told as a quarter of its descriptors stops when its PMD keeps house, and its
//! card is reset.
//!
//! | module | what lives there |
//! |---|---|
//! | `transport` | capabilities, reset, features, queue set-up: virtio 1.2, section 4.1 |
//! | `queue` | buffers that go to the device and come back |
//! | `books` | what was given to the device, and what it said of that |
//! | `split`, `packed` | the two kinds of rings: sections 2.7 and 2.8; they know no registers |
//! | `net` | the network card: section 5.1 |
//! | `rx`, `tx` | its queues for frames |
//! | `control` | its queue for commands: section 5.1.6.5 |
//! | `mending` | its reset while it runs, and quarantine |
//! | `console` | the console: section 5.3 |
//!
//! Section numbers in this crate are those of the Virtual I/O Device specification, version 1.2.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), forbid(unsafe_code))]

mod books;
mod console;
mod control;
mod error;
mod mending;
mod net;
mod packed;
mod queue;
mod rx;
mod split;
#[cfg(test)]
mod tests;
mod transport;
mod tx;

pub use books::{Lie, Lies};
pub use console::Console;
pub use error::Error;
pub use mending::{Health, News, Why};
pub use net::{Net, mac_of};

pub use rx::NetRx;
pub use transport::{Kind, Map, Register};
pub use tx::NetTx;
