//! Intel's network cards from 1 to 10 Gb/s.
//!
//! One ring engine serves them all, since their descriptors differ in a few bits. What differs are
//! registers: each family has a map of them and a way to be brought up.
//!
//! | module | what lives there |
//! |---|---|
//! | `flavour` | what tells descriptors of one family from those of another |
//! | `ring`, `rx`, `tx` | the rings; they know one register, the tail |
//! | `card` | what the control core has of a card: address, link, counts |
//! | `chip` | which card it is, and so which of the modules below it needs |
//! | `device` | registers and a clock, for bring-up |
//! | `counters` | counters that are cleared by reading, added up |
//! | `longest` | how long frames may be, and so what a card is told of buffers |
//! | `rss` | how frames are spread over queues |
//! | `nvm`, `checksum` | words of a card's NVM, and whether they are as they were written |
//! | `report` | what a card tells of its link, and why that is down |
//! | `shown` | registers that people are shown |
//! | `semaphore` | what is shared with the card's firmware |
//! | `e1000`, `phy` | registers of 1G cards, and of their transceivers |
//! | `e1000e` | the 82574 |
//! | `igb` | the 82576, I350 and I210 |
//! | `ixgbe` | the 82599, X540 and X550 |
//!
//! A card is trusted with memory as any bus master is, but not believed: what its descriptors say is
//! read once and checked. Waits for a card have limits.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), forbid(unsafe_code))]

mod card;
mod checksum;
mod chip;
mod counters;
mod device;
mod e1000;
mod e1000e;
mod error;
mod flavour;
mod igb;
mod ixgbe;
mod longest;
mod nvm;
mod phy;
mod report;
mod ring;
mod rss;
mod rx;
mod semaphore;
mod shown;
#[cfg(test)]
mod tests;
mod tx;

pub use card::{Card, Family, Generation, Link, Map, Rings, mac_of};
pub use checksum::Checksum;
pub use error::Error;
pub use report::{Cause, Medium, Module, Report, Signal};
pub use ring::Sizes;
pub use rx::Rx;
pub use shown::Register;
pub use tx::Tx;
