//! What the ACPI tables say about the machine, read once into a [`Platform`].
//!
//! Firmware is believed nothing: a table must lie in memory, be as long as what is read of it, and sum up
//! to zero, and a list in it ends at the first entry that does not fit. What is wrong with a table costs a
//! [`Warning`] and what the table would have told; the rest of the machine is used. Section numbers
//! are those of ACPI 6.4.

mod fadt;
mod hpet;
mod madt;
mod mcfg;
mod spcr;
mod srat;
mod table;
#[cfg(test)]
mod tests;

use core::fmt::{self, Display, Formatter};
use core::ops::RangeInclusive;

use heapless::Vec;

use super::AcpiRoot;
use super::bytes::Memory;
pub use fadt::{Fixed, Register};
pub use madt::{PROCESSORS, Processors};
pub use spcr::Console;
pub use srat::{NODES, Nodes};
pub use table::Fault;
use table::Tables;

/// The most PCI segments that are used.
pub const SEGMENTS: usize = 8;

/// What is used of the tables.
#[derive(Debug)]
pub struct Platform {
    /// The processors.
    pub processors: Processors,
    /// Which of them, and which memory, belong together.
    pub nodes: Nodes,
    /// Where PCI configuration space is mapped.
    pub segments: Vec<Segment, SEGMENTS>,
    /// Physical address of the HPET's registers.
    pub hpet: Option<u64>,
    /// Hardware at fixed places.
    pub fixed: Fixed,
    /// The serial port that the firmware has its console on.
    pub console: Option<Console>,
}

/// PCI buses whose configuration space is mapped into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The segment's number.
    pub group: u16,
    /// Its buses.
    pub buses: RangeInclusive<u8>,
    /// Physical address of what would be bus 0.
    pub base: u64,
}

/// The last bus of each segment, once for each: firmware may tell of one in pieces, or twice.
pub fn last_buses<'a>(pieces: impl Iterator<Item = &'a Segment>) -> Vec<(u16, u8), SEGMENTS> {
    let mut lasts: Vec<(u16, u8), SEGMENTS> = Vec::new();
    for Segment { group, buses, .. } in pieces {
        match lasts.iter_mut().find(|(known, _)| known == group) {
            Some((_, last)) => *last = (*last).max(*buses.end()),
            // There are no more pieces than places.
            None => drop(lasts.push((*group, *buses.end()))),
        }
    }
    lasts
}

/// What is wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The table's signature.
    pub table: &'static str,
    /// What it is.
    pub fault: Fault,
}

impl Display for Warning {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "warning: the ACPI table {}: {}", self.table, self.fault)
    }
}

impl Platform {
    /// A machine that tells nothing.
    pub const fn unknown() -> Self {
        Self {
            processors: Processors::NONE,
            nodes: Nodes::NONE,
            segments: Vec::new(),
            hpet: None,
            fixed: Fixed::USUAL,
            console: None,
        }
    }

    /// Reads the tables from `root` on, and tells `warn` what is wrong with them, once for each.
    pub fn read(memory: &impl Memory, root: AcpiRoot, warn: &mut dyn FnMut(Warning)) -> Self {
        let mut platform = Self::unknown();
        match Tables::at(memory, root) {
            Ok(tables) => platform.take_all(&tables, warn),
            Err(fault) => warn(Warning { table: "RSDT", fault }),
        }
        platform
    }

    fn take_all(&mut self, tables: &Tables<'_, impl Memory>, warn: &mut dyn FnMut(Warning)) {
        let mut told = |table, done: Result<(), Fault>| {
            if let Err(fault) = done {
                warn(Warning { table, fault });
            }
        };
        // Without processors there is nothing to do, so that their table is not given up for a checksum.
        told(
            "APIC",
            tables.find_any("APIC").and_then(|(table, fault)| {
                self.processors.read(table)?;
                fault.map_or(Ok(()), Err)
            }),
        );
        told(
            "FACP",
            tables.find("FACP").and_then(|table| {
                self.fixed = Fixed::read(table)?;
                Ok(())
            }),
        );
        told("MCFG", tables.find_some("MCFG", |table| mcfg::read(table, &mut self.segments)));
        told("SRAT", tables.find_some("SRAT", |table| self.nodes.read(table)));
        told(
            "HPET",
            tables.find_some("HPET", |table| {
                self.hpet = hpet::read(table)?;
                Ok(())
            }),
        );
        told(
            "SPCR",
            tables.find_some("SPCR", |table| {
                self.console = spcr::read(table)?;
                Ok(())
            }),
        );
    }
}
