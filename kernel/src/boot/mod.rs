//! What the boot loader handed over, read from raw bytes and trusted nowhere.
//!
//! Three formats end in one [`Handoff`]: PVH ([`pvh`]), multiboot2 ([`multiboot2`]), and Linux's, which our
//! entry for UEFI firmware speaks too ([`linux`]).
//! Everything but a file is copied out, so that the loader's memory may be overwritten afterwards.

pub mod acpi;
pub mod bytes;
pub mod efi;
pub mod linux;
pub mod multiboot2;
pub mod network;
pub mod pvh;
pub mod ranges;
pub mod rsdp;
pub mod smbios;
pub mod threads;

use core::fmt;
use core::ops::Range;

use heapless::{String, Vec};

use bytes::{u32_at, u64_at};
pub use rsdp::AcpiRoot;
use smbios::Structures;

use crate::address::Mac;

/// The longest command line that is kept, in bytes.
pub const COMMAND_LINE_LEN: usize = 1024;
/// The most memory regions that are kept.
pub const REGIONS_LEN: usize = 128;

/// Below it lies what firmware and other cores use.
const FIRST_MEBIBYTE: u64 = 1 << 20;

/// Everything the loader said, copied.
#[derive(Debug, Default)]
pub struct Handoff {
    /// Where the ACPI tables start, if the loader said so and it made sense.
    pub acpi: Option<AcpiRoot>,
    /// Where the firmware says what the machine is called, if the loader said so.
    pub smbios: Option<Structures>,
    /// Where UEFI firmware left its system table, if the loader said so.
    pub efi_system_table: Option<u64>,
    /// The command line; empty if there was none.
    pub command_line: String<COMMAND_LINE_LEN>,
    /// Where the first module lies: a file of rules. None if there was none, or it cannot be where
    /// the loader says.
    pub module: Option<Range<u64>>,
    /// The network card that the machine was booted by, if a loader said so ([`network`]).
    pub boot_nic: Option<Mac>,
    /// The memory map as it was given: neither sorted nor free of overlaps.
    pub regions: Vec<Region, REGIONS_LEN>,
    /// What was odd, for the console.
    pub oddities: Vec<Oddity, 8>,
}

/// A piece of physical memory as the firmware describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First physical address.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// What it is for.
    pub kind: Kind,
}

/// What a memory region is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free for our use.
    Usable,
    /// ACPI tables; memory all the same.
    Acpi,
    /// Everything else: firmware, devices, broken memory.
    Reserved,
}

/// Why nothing could be taken over from the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No loader that is known started this image.
    UnknownLoader,
    /// The loader's structure lies outside of memory or is too short for its own header.
    Unreadable,
    /// The loader gave no memory map; nothing can run without one.
    NoMemoryMap,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownLoader => {
                "started by an unknown loader (not by PVH, multiboot2, Linux's protocol or UEFI)"
            }
            Self::Unreadable => "the boot loader's data cannot be read",
            Self::NoMemoryMap => "the boot loader gave no memory map",
        })
    }
}

/// Something in the loader's data that was left out or cut; the rest is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The command line is longer than [`COMMAND_LINE_LEN`]; its end is lost.
    CommandLineCut,
    /// The command line is no UTF-8 text; it is ignored.
    CommandLineNotText,
    /// The memory map has more than [`REGIONS_LEN`] regions; the rest is not used.
    RegionsCut,
    /// A tag or list does not fit where it claims to be; reading stopped there.
    Damaged,
    /// The loader's file does not lie in memory; it is ignored.
    ModuleAstray,
    /// The command line names a file, and the loader brought none.
    ModuleMissing,
    /// The pointer to the ACPI tables has a wrong signature or checksum; it is ignored.
    BadRsdp,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLineCut => "the command line is longer than 1024 bytes, its end is lost",
            Self::CommandLineNotText => "the command line is not text, it is ignored",
            Self::RegionsCut => "the memory map has more than 128 regions, the rest is not used",
            Self::Damaged => "the boot loader's data is damaged, reading stopped there",
            Self::ModuleAstray => "the loader's file does not lie in usable memory, it is ignored",
            Self::ModuleMissing => "initrd= names a file, and the loader brought none",
            Self::BadRsdp => "the loader's pointer to the ACPI tables is damaged, it is ignored",
        })
    }
}

impl Handoff {
    fn note(&mut self, oddity: Oddity) {
        if !self.oddities.contains(&oddity) {
            // More kinds of oddities than places cannot be: there are fewer kinds.
            let _ = self.oddities.push(oddity);
        }
    }

    /// Adds `region`, to the last one where it only goes on with that: firmware's maps are long.
    fn add_region(&mut self, region: Region) {
        if let Some(last) = self.regions.last_mut()
            && last.kind == region.kind
            && last.start.checked_add(last.len) == Some(region.start)
        {
            last.len = last.len.saturating_add(region.len);
        } else if self.regions.push(region).is_err() {
            self.note(Oddity::RegionsCut);
        }
    }

    /// Keeps the first module, of `len` bytes from `start` on.
    fn add_module(&mut self, start: u64, len: u64) {
        match start.checked_add(len) {
            Some(end) if len > 0 && self.module.is_none() => self.module = Some(start..end),
            Some(_) => {}
            None => self.note(Oddity::Damaged),
        }
    }

    /// Keeps `line` up to its first zero byte.
    fn keep_command_line(&mut self, line: &[u8]) {
        let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
        let kept = line.get(..COMMAND_LINE_LEN).unwrap_or(line);
        if kept.len() < line.len() {
            self.note(Oddity::CommandLineCut);
        }
        match core::str::from_utf8(kept) {
            Ok(text) => {
                self.boot_nic = network::of_command_line(text).or(self.boot_nic);
                self.command_line = String::try_from(text).unwrap_or_default();
            }
            Err(_) => self.note(Oddity::CommandLineNotText),
        }
    }

    fn keep_rsdp(&mut self, bytes: Option<&[u8]>) {
        match bytes.and_then(rsdp::root) {
            Some(root) => self.acpi = Some(root),
            None => self.note(Oddity::BadRsdp),
        }
    }

    fn checked(mut self) -> Result<Self, Error> {
        if self.module.as_ref().is_some_and(|module| !self.is_usable(module)) {
            self.module = None;
            self.note(Oddity::ModuleAstray);
        }
        if self.regions.iter().any(|region| region.kind == Kind::Usable) {
            Ok(self)
        } else {
            Err(Error::NoMemoryMap)
        }
    }
}

impl Handoff {
    /// Whether all of `range` is memory for our use, and none of it what starts other cores.
    fn is_usable(&self, range: &Range<u64>) -> bool {
        let holds = |region: &Region| {
            let end = region.start.saturating_add(region.len);
            region.kind == Kind::Usable && region.start <= range.start && range.end <= end
        };
        range.start >= FIRST_MEBIBYTE && self.regions.iter().any(holds)
    }
}

impl Region {
    /// A region as the BIOS call E820 and its heirs number them (ACPI 6.4, table 15.4).
    fn of_e820(start: u64, len: u64, kind: u32) -> Self {
        let kind = match kind {
            1 => Kind::Usable,
            3 | 4 => Kind::Acpi,
            _ => Kind::Reserved,
        };
        Self { start, len, kind }
    }

    /// The same at the beginning of `entry`, as they lay it out (table 15.2); none if that is too short.
    fn read(entry: &[u8]) -> Option<Self> {
        Some(Self::of_e820(u64_at(entry, 0)?, u64_at(entry, 8)?, u32_at(entry, 16)?))
    }
}
