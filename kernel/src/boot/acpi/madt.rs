//! Processors (5.2.12).

use heapless::Vec;

use super::table::{Entries, Fault};
use crate::boot::bytes::{u8_at, u32_at};

/// The most processors that are remembered: some more than are used, so that the rest can be counted.
pub const PROCESSORS: usize = 256;

/// Where entries begin (5.2.12, table 5.43).
const ENTRIES: usize = 44;

const LOCAL_APIC: u8 = 0; // 5.2.12.2
const LOCAL_X2APIC: u8 = 9; // 5.2.12.12

const IS_ENABLED: u32 = 1;
const IS_ONLINE_CAPABLE: u32 = 1 << 1;

/// The processors that the table lists.
#[derive(Debug)]
pub struct Processors {
    /// The APIC ids of those that are enabled, the running one included, in the table's order.
    pub enabled: Vec<u32, PROCESSORS>,
    /// How many are disabled, for good.
    pub disabled: u32,
    /// How many are disabled and may come later.
    pub spare: u32,
}

impl Processors {
    /// None.
    pub(super) const NONE: Self = Self { enabled: Vec::new(), disabled: 0, spare: 0 };

    /// Adds what `table` lists, up to the first entry that is broken.
    pub(super) fn read(&mut self, table: &[u8]) -> Result<(), Fault> {
        if table.len() < ENTRIES {
            return Err(Fault::Length(table.len() as u32));
        }
        for entry in Entries::of(table, ENTRIES) {
            let (at, kind, entry) = entry?;
            self.add(kind, entry, Fault::Entry(at))?;
        }
        Ok(())
    }

    /// Adds the processor of an entry, if it is one.
    fn add(&mut self, kind: u8, entry: &[u8], broken: Fault) -> Result<(), Fault> {
        // All bits set is nobody's: it reaches all.
        let found = match kind {
            LOCAL_APIC => {
                u8_at(entry, 3).map(|id| (id != u8::MAX, u32::from(id))).zip(u32_at(entry, 4))
            }
            LOCAL_X2APIC => u32_at(entry, 4).map(|id| (id != u32::MAX, id)).zip(u32_at(entry, 8)),
            _ => return Ok(()),
        };
        let ((is_one, id), flags) = found.ok_or(broken)?;
        match flags {
            _ if flags & IS_ENABLED != 0 && is_one => self.enable(id)?,
            _ if flags & IS_ONLINE_CAPABLE != 0 => self.spare += 1,
            _ => self.disabled += 1,
        }
        Ok(())
    }

    /// A processor that is listed twice is one.
    fn enable(&mut self, id: u32) -> Result<(), Fault> {
        if self.enabled.contains(&id) {
            return Ok(());
        }
        self.enabled.push(id).map_err(|_| Fault::TooMany)
    }
}
