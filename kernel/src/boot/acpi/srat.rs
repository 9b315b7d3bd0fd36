//! Which processors and which memory are near each other (5.2.16).

use core::ops::Range;

use heapless::Vec;

use super::madt::PROCESSORS;
use super::table::{Entries, Fault, HEADER};
use crate::boot::bytes::{u8_at, u32_at, u64_at};

/// The most nodes that are told apart.
pub const NODES: usize = 8;
/// The most pieces of memory that nodes have together.
const PIECES: usize = 64;

/// Where entries begin, behind twelve reserved bytes.
const ENTRIES: usize = HEADER + 12;
const REVISION: usize = 8;

const PROCESSOR: u8 = 0; // 5.2.16.1
const MEMORY: u8 = 1; // 5.2.16.2
const X2_PROCESSOR: u8 = 2; // 5.2.16.3

const IS_ENABLED: u32 = 1;

/// The nodes of a machine, numbered in the order in which the table first names them, as Linux does.
#[derive(Debug)]
pub struct Nodes {
    /// The firmware's number of each.
    domains: Vec<u32, NODES>,
    processors: Vec<(u32, u8), PROCESSORS>,
    memory: Vec<(Range<u64>, u8), PIECES>,
}

impl Nodes {
    /// A machine whose memory is all the same.
    pub(super) const NONE: Self =
        Self { domains: Vec::new(), processors: Vec::new(), memory: Vec::new() };

    /// How many there are; one if nothing is told.
    pub fn count(&self) -> usize {
        self.domains.len().max(1)
    }

    /// The node of the processor with this APIC id; 0 if that is not told.
    pub fn of_processor(&self, apic_id: u32) -> u8 {
        self.processors.iter().find(|(id, _)| *id == apic_id).map_or(0, |(_, node)| *node)
    }

    /// The memory of `node`, in the table's order; it may overlap with holes.
    pub fn memory_of(&self, node: u8) -> impl Iterator<Item = Range<u64>> {
        self.memory.iter().filter(move |(_, own)| *own == node).map(|(range, _)| range.clone())
    }

    /// Adds what `table` tells, processors first, up to the first entry that is broken.
    pub(super) fn read(&mut self, table: &[u8]) -> Result<(), Fault> {
        if table.len() < ENTRIES {
            return Err(Fault::Length(table.len() as u32));
        }
        let processors = self.pass(table, |kind| kind == PROCESSOR || kind == X2_PROCESSOR);
        let memory = self.pass(table, |kind| kind == MEMORY);
        processors.and(memory)
    }

    fn pass(&mut self, table: &[u8], is_wanted: impl Fn(u8) -> bool) -> Result<(), Fault> {
        for entry in Entries::of(table, ENTRIES) {
            let (at, kind, entry) = entry?;
            if is_wanted(kind) {
                let is_old = u8_at(table, REVISION).is_none_or(|revision| revision < 2);
                self.add(kind, entry, is_old).ok_or(Fault::Entry(at))??;
            }
        }
        Ok(())
    }

    /// Adds an entry; none if it is too short. Domains of the first revision have one byte.
    fn add(&mut self, kind: u8, entry: &[u8], is_old: bool) -> Option<Result<(), Fault>> {
        let mask = if is_old { 0xff } else { u32::MAX };
        let (domain, flags) = match kind {
            PROCESSOR => {
                (u32_at(entry, 8)? & !0xff | u32::from(u8_at(entry, 2)?), u32_at(entry, 4)?)
            }
            X2_PROCESSOR => (u32_at(entry, 4)?, u32_at(entry, 12)?),
            _ => (u32_at(entry, 2)?, u32_at(entry, 28)?),
        };
        if flags & IS_ENABLED == 0 {
            return Some(Ok(()));
        }
        let Some(node) = self.node(domain & mask) else { return Some(Err(Fault::TooMany)) };
        let is_added = match kind {
            PROCESSOR => self.processors.push((u8_at(entry, 3)?.into(), node)).is_ok(),
            X2_PROCESSOR => self.processors.push((u32_at(entry, 8)?, node)).is_ok(),
            _ => {
                let (start, len) = (u64_at(entry, 8)?, u64_at(entry, 16)?);
                len == 0 || self.memory.push((start..start.saturating_add(len), node)).is_ok()
            }
        };
        Some(if is_added { Ok(()) } else { Err(Fault::TooMany) })
    }

    fn node(&mut self, domain: u32) -> Option<u8> {
        let known = self.domains.iter().position(|own| *own == domain);
        let node =
            known.or_else(|| self.domains.push(domain).ok().map(|()| self.domains.len() - 1));
        node.map(|node| node as u8)
    }
}
