//! Reads what the boot loader left in memory, before anything of it is overwritten.
#![expect(unsafe_code, reason = "the loader's data lie at plain addresses")]

use core::ops::Range;

use kernel::address::Mac;
use kernel::boot::bytes::Memory;
use kernel::boot::{Error, Handoff, linux, multiboot2, pvh};

use super::sections;

/// All that the boot page tables map, but the null pointer. QEMU puts its memory map into page 0.
const MAPPED: Range<u64> = 1..0x1_0000_0000;

/// Memory under the boot page tables: everything below 4 GiB at its own address.
struct BootMemory;

impl Memory for BootMemory {
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
        let end = address.checked_add(len as u64)?;
        if address < MAPPED.start || end > MAPPED.end {
            return None;
        }
        let start = core::ptr::with_exposed_provenance(usize::try_from(address).ok()?);
        // SAFETY: The range is mapped, does not start at null, and only this core runs, reading.
        Some(unsafe { core::slice::from_raw_parts(start, len) })
    }
}

/// Reads the structure of whichever loader `magic` names, and says where it lies.
pub(super) fn read(magic: u32, structure: u64) -> Result<(Handoff, Range<u64>), Error> {
    match magic {
        pvh::MAGIC => Ok((pvh::parse(&BootMemory, structure)?, 0..0)),
        linux::MAGIC => Ok((linux::parse(&BootMemory, structure)?, 0..0)),
        multiboot2::MAGIC => {
            let len = multiboot2::block_len(&BootMemory, structure).unwrap_or(0);
            let handoff = multiboot2::parse(&BootMemory, structure)?;
            Ok((handoff, structure..structure + len as u64))
        }
        _ => Err(Error::UnknownLoader),
    }
}

/// The kernel command line, as the loader gave it.
pub(crate) fn command_line() -> &'static str {
    super::handoff().map_or("", |handoff| handoff.command_line.as_str())
}

/// The network card that the machine was booted by, if that is known.
pub(crate) fn boot_nic() -> Option<Mac> {
    super::handoff()?.boot_nic
}

/// The file that the loader brought, or else the one that is in the image, if any.
pub(crate) fn module() -> Option<&'static [u8]> {
    brought().or_else(|| Some(sections::embedded()).filter(|file| !file.is_empty()))
}

fn brought() -> Option<&'static [u8]> {
    let range = super::handoff()?.module.clone()?;
    let start = core::ptr::with_exposed_provenance(usize::try_from(range.start).ok()?);
    let len = usize::try_from(range.end - range.start).ok()?;
    // SAFETY: The range lies in usable memory, which is mapped, and was never handed out.
    Some(unsafe { core::slice::from_raw_parts(start, len) })
}
