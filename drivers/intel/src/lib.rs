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
//! | `e1000` | registers of the 82574 and its kind |
//! | `e1000e` | the 82574 |
//!
//! A card is trusted with memory as any bus master is, but not believed: what its descriptors say is
//! read once and checked. Waits for a card have limits.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), forbid(unsafe_code))]

mod card;
mod e1000;
mod e1000e;
mod error;
mod flavour;
mod ring;
mod rx;
#[cfg(test)]
mod tests;
mod tx;

pub use card::{Card, Family, Link, Map, mac_of};
pub use error::Error;
pub use rx::Rx;
pub use tx::Tx;
