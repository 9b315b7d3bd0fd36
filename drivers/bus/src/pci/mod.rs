//! Functions of a PCI segment: finding them and taking them over.
//!
//! A function that was taken over reads and writes no memory until [`Function::bus_master`] lets
//! it, and raises no interrupt at all.

mod capability;
mod function;
mod segment;
#[cfg(test)]
mod tests;

pub use capability::{Capabilities, Capability};
pub use function::{Bar, BusMaster, Function};
pub use pci_types::{ConfigRegionAccess, PciAddress};
pub use segment::{Seen, Segment};
