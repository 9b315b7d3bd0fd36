//! Intel's 82599 (X520) network card, as a PCI device that QEMU 7.2 has in another process.
//!
//! The card is a model, made from the datasheet. It is not the card: it has no timing, no errata
//! but those named, no analog part. What makes it evidence is that drivers which others wrote for
//! the real card run on it, and that it is stricter than hardware: what the datasheet forbids is
//! kept in a list of [`Violation`]s. Sections in comments are those of the 82599 datasheet.
//!
//! - `proxy` speaks QEMU's protocol, `memory` reaches into the guest, `cable` and `patch` are wires; `local` is
//!   a card for a driver in this process, without QEMU.
//! - `card` holds the state and says what registers do; `rules` says what must not be done to
//!   them; `reset`, `enable`, `link`, `interrupts`, `statistics` are parts of it.
//! - `receive` with `filters`, `rss` and `report`, and `transmit` with `offload` and `outgoing`,
//!   move frames by `ring`s.
//! - `config`, `nvm` and `sfp` are what the card is found and identified by; `cage` is where the last of
//!   these is plugged in.
//! - `faults` has it go wrong.
//! - `device` is a card that runs.
//!
//! This is a package of its own because a guest waits for it at each access to a register: tests have it optimised.
//!
//! Not modelled, and a violation of [`Rule::Modelled`] where it is asked for: several traffic
//! classes, virtualization, header splitting, coalescing, flow director, head write-back, IPsec.

#![forbid(unsafe_code)]

mod bits;
mod cable;
mod cage;
mod card;
mod config;
mod device;
mod enable;
mod faults;
mod filters;
mod interrupts;
mod link;
mod local;
mod memory;
mod nvm;
mod offload;
mod outgoing;
mod packet;
mod patch;
mod proxy;
mod receive;
pub mod registers;
mod report;
mod reset;
mod ring;
mod rss;
mod rules;
mod sfp;
mod statistics;
#[cfg(test)]
mod tests;
mod trace;
mod transmit;
mod violations;

pub use device::{Device, Options};
pub use faults::{Fault, Lie};
pub use local::Local;
pub use registers::Register;
pub use sfp::ModuleKind;
pub use statistics::Statistics;
pub use trace::Access;
pub use violations::{Rule, Violation};
