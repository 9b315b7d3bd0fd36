//! Firmware is played: tables of machines, laid out in memory as firmware does.
//!
//! Where those in `machines` come from is told beside them. [`built`] has what none of these machines has.

mod broken;
mod built;
mod machines;
mod servers;

use std::vec::Vec;

use super::*;
use crate::boot::bytes::u32_at;

/// Where tables lie.
const AT: u64 = 0x7fe0_0000;

/// Memory with tables in it.
#[derive(Clone)]
struct Firmware {
    bytes: Vec<u8>,
    root: AcpiRoot,
}

impl Memory for Firmware {
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(address.checked_sub(AT)?).ok()?;
        self.bytes.get(from..from.checked_add(len)?)
    }
}

impl Firmware {
    /// With `tables`, which a root of this revision names.
    fn with(tables: &[Vec<u8>], revision: u8) -> Self {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for table in tables {
            places.push(AT + bytes.len() as u64);
            bytes.extend(table);
            bytes.resize(bytes.len().next_multiple_of(16), 0);
        }
        let address = AT + bytes.len() as u64;
        let entries: Vec<u8> = match revision {
            0 => places.iter().flat_map(|&place| (place as u32).to_le_bytes()).collect(),
            _ => places.iter().flat_map(|place| place.to_le_bytes()).collect(),
        };
        bytes.extend(table(if revision == 0 { "RSDT" } else { "XSDT" }, 1, &entries));
        Self { bytes, root: AcpiRoot { revision, address } }
    }

    /// What it tells of the machine, and what is wrong with it.
    fn read(&self) -> (Platform, Vec<Warning>) {
        let mut warnings = Vec::new();
        let platform = Platform::read(self, self.root, &mut |warning| warnings.push(warning));
        (platform, warnings)
    }

    /// The same of firmware with nothing wrong.
    fn platform(&self) -> Platform {
        let (platform, warnings) = self.read();
        assert_eq!(warnings, []);
        platform
    }
}

/// A table with a right length and checksum.
fn table(signature: &str, revision: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = signature.as_bytes().to_vec();
    bytes.extend((36 + body.len() as u32).to_le_bytes());
    bytes.extend([revision, 0]);
    bytes.extend(b"BARECOTESTS ");
    bytes.resize(36, 0);
    bytes.extend(body);
    sealed(bytes)
}

fn sealed(mut table: Vec<u8>) -> Vec<u8> {
    table[9] = 0;
    table[9] = table.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte));
    table
}

/// The tables that follow one another in `bytes`.
fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut tables = Vec::new();
    while let Some(len) = u32_at(bytes, 4) {
        let (table, rest) = bytes.split_at(len as usize);
        tables.push(table.to_vec());
        bytes = rest;
    }
    assert!(bytes.is_empty(), "no bytes are left over");
    tables
}

/// First and last address of each piece of memory that `node` has, the latter excluded.
fn pieces(nodes: &Nodes, node: u8) -> Vec<(u64, u64)> {
    nodes.memory_of(node).map(|piece| (piece.start, piece.end)).collect()
}

/// Tables of emulated machines and of real ones.
fn everyones() -> impl Iterator<Item = (&'static str, Firmware)> {
    machines::all().into_iter().chain(servers::all())
}

#[test]
fn nothing_is_wrong_with_the_tables_of_any_machine() {
    for (name, firmware) in everyones() {
        assert_eq!(firmware.read().1, [], "{name}");
    }
}
