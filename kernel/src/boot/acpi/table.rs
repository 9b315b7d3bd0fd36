//! How tables are found, and what makes one: a header, a length, a checksum (5.2.6 to 5.2.8).

use core::fmt::{self, Display, Formatter};

use crate::boot::AcpiRoot;
use crate::boot::bytes::{Memory, sums_to_zero, u8_at, u32_at, u64_at};

/// Length of a table's header (5.2.6).
pub(super) const HEADER: usize = 36;

/// No table that is read here comes near.
const LONGEST: usize = 1 << 20;

/// What is wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is none, and a PC should have one.
    Missing,
    /// It does not lie in memory.
    Unreadable,
    /// It is shorter than what it has to hold, or longer than can be.
    Length(u32),
    /// Its bytes do not sum up to zero.
    Checksum,
    /// The same, and it is used all the same.
    ChecksumIgnored,
    /// What begins at this byte does not fit.
    Entry(usize),
    /// It lists more than is used.
    TooMany,
}

impl Display for Fault {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("there is none"),
            Self::Unreadable => out.write_str("it does not lie in memory, it is not used"),
            Self::Length(len) => write!(out, "its length cannot be {len}, it is not used"),
            Self::Checksum => out.write_str("its checksum is wrong, it is not used"),
            Self::ChecksumIgnored => {
                out.write_str("its checksum is wrong, it is used all the same")
            }
            Self::Entry(at) => {
                write!(out, "its entry at byte {at} is broken, the rest is not used")
            }
            Self::TooMany => out.write_str("it lists more than is used"),
        }
    }
}

/// The table of tables.
pub(super) struct Tables<'m, M> {
    memory: &'m M,
    entries: &'m [u8],
    /// Bytes of each entry.
    width: usize,
}

impl<'m, M: Memory> Tables<'m, M> {
    /// The one that `root` names (5.2.7, 5.2.8). Its checksum does not matter: each table has its own.
    pub(super) fn at(memory: &'m M, root: AcpiRoot) -> Result<Self, Fault> {
        let width = if root.revision == 0 { 4 } else { 8 };
        let bytes = whole(memory, root.address)?;
        Ok(Self { memory, entries: bytes.get(HEADER..).unwrap_or_default(), width })
    }

    /// The first table with this signature that is whole; else what is wrong with one of them.
    pub(super) fn find(&self, signature: &str) -> Result<&'m [u8], Fault> {
        let mut fault = Fault::Missing;
        for address in self.entries.chunks_exact(self.width).filter_map(address) {
            let header = self.memory.bytes(address, HEADER);
            if !header.is_some_and(|header| header.starts_with(signature.as_bytes())) {
                continue;
            }
            match whole(self.memory, address) {
                Ok(bytes) if sums_to_zero(bytes) => return Ok(bytes),
                Ok(_) => fault = Fault::Checksum,
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// The same, one with a wrong checksum rather than none.
    pub(super) fn find_any(&self, signature: &str) -> Result<(&'m [u8], Option<Fault>), Fault> {
        match self.find(signature) {
            Err(Fault::Checksum) => {}
            found => return Ok((found?, None)),
        }
        let mut all = self.entries.chunks_exact(self.width).filter_map(address);
        let table = all.find_map(|address| {
            whole(self.memory, address).ok().filter(|table| table.starts_with(signature.as_bytes()))
        });
        table.map(|table| (table, Some(Fault::ChecksumIgnored))).ok_or(Fault::Checksum)
    }
}

impl<M: Memory> Tables<'_, M> {
    /// Has `read` read a table that not every machine has.
    pub(super) fn find_some(
        &self,
        signature: &str,
        read: impl FnOnce(&[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self.find(signature) {
            Err(Fault::Missing) => Ok(()),
            found => read(found?),
        }
    }
}

/// What an entry of the table of tables points at; 0 is nothing.
fn address(entry: &[u8]) -> Option<u64> {
    let address = u64_at(entry, 0).or_else(|| u32_at(entry, 0).map(u64::from));
    address.filter(|&address| address != 0)
}

/// All bytes of the table at `address`.
fn whole(memory: &impl Memory, address: u64) -> Result<&[u8], Fault> {
    let header = memory.bytes(address, HEADER).ok_or(Fault::Unreadable)?;
    let len = u32_at(header, 4).unwrap_or(0);
    if !(HEADER..=LONGEST).contains(&(len as usize)) {
        return Err(Fault::Length(len));
    }
    memory.bytes(address, len as usize).ok_or(Fault::Unreadable)
}

/// Entries that begin with their kind and their length, as those of processors and of nodes do.
pub(super) struct Entries<'t> {
    table: &'t [u8],
    at: usize,
}

impl<'t> Entries<'t> {
    /// Those of `table` from byte `at` on.
    pub(super) const fn of(table: &'t [u8], at: usize) -> Self {
        Self { table, at }
    }
}

impl<'t> Iterator for Entries<'t> {
    /// At which byte an entry begins, its kind, and all its bytes. One that does not fit is the last.
    type Item = Result<(usize, u8, &'t [u8]), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.table.get(self.at..).filter(|rest| !rest.is_empty())?;
        let at = self.at;
        let len = u8_at(rest, 1).map_or(0, usize::from);
        let Some(entry) = rest.get(..len).filter(|_| len >= 2) else {
            self.at = self.table.len();
            return Some(Err(Fault::Entry(at)));
        };
        self.at += len;
        Some(Ok((at, entry[0], entry)))
    }
}

/// Where a register is (5.2.3.2): the space, and the address in it.
pub(super) fn generic_address(table: &[u8], at: usize) -> Option<(u8, u64)> {
    Some((u8_at(table, at)?, u64_at(table, at + 4)?))
}
