//! The zero page of a Linux loader, `struct boot_params` (Linux, `Documentation/arch/x86/zero-page.rst` and
//! `boot.rst`), which our own EFI entry makes too.

use heapless::String;

use super::bytes::{Memory, u8_at, u32_at, u64_at};
use super::pvh::read_command_line;
use super::{Error, Handoff, Kind, Oddity, Region, efi, rsdp};
use crate::address::Mac;

/// What the entry code passes on when a loader for Linux, or UEFI firmware, started us. Any number that no
/// other loader has.
pub const MAGIC: u32 = 0x5362_4448;

/// Where our EFI entry leaves the address of the card that booted us: six bytes, and a seventh that is 1
/// if there is one. The page has a gap there.
pub const BOOT_MAC: usize = 0xd0;

const LEN: usize = 4096;
const ENTRIES_MAX: usize = 128;
const ENTRY_LEN: usize = 20;

const ACPI_RSDP: usize = 0x70;
const RAMDISK_UPPER: usize = 0xc0; // address, then length, as further down
const COMMAND_LINE_UPPER: usize = 0xc8;
const EFI_SIGNATURE: usize = 0x1c0;
const EFI_SYSTEM_TABLE: usize = 0x1c4;
const EFI_STRIDE: usize = 0x1c8;
const EFI_MAP: usize = 0x1d0;
const EFI_MAP_LEN: usize = 0x1d4;
const EFI_SYSTEM_TABLE_UPPER: usize = 0x1d8;
const EFI_MAP_UPPER: usize = 0x1dc;
const ENTRIES: usize = 0x1e8;
const HEADER_MAGIC: usize = 0x202;
const LOADER: usize = 0x210;
const RAMDISK: usize = 0x218;
const COMMAND_LINE: usize = 0x228;
const MEMORY_MAP: usize = 0x2d0;

/// The loader's number that our EFI entry gives: none.
const OURSELVES: u8 = 0xff;

/// Reads the zero page at physical address `at`.
///
/// # Errors
///
/// [`Error::Unreadable`] if it is not there, [`Error::NoMemoryMap`] if it has no usable memory.
pub fn parse(memory: &impl Memory, at: u64) -> Result<Handoff, Error> {
    let page = memory.bytes(at, LEN).ok_or(Error::Unreadable)?;
    if page.get(HEADER_MAGIC..HEADER_MAGIC + 4) != Some(b"HdrS") && !is_ours(page) {
        return Err(Error::Unreadable);
    }
    let mut handoff = Handoff::default();
    read_command_line(memory, wide(page, COMMAND_LINE, COMMAND_LINE_UPPER), &mut handoff);
    let len = wide(page, RAMDISK + 4, RAMDISK_UPPER + 4);
    handoff.add_module(wide(page, RAMDISK, RAMDISK_UPPER), len);
    if is_ours(page) {
        pass_over_own_name(&mut handoff);
        handoff.boot_nic = handoff.boot_nic.or(boot_nic(page));
    }
    if len == 0 && handoff.command_line.split(' ').any(|word| word.starts_with("initrd=")) {
        handoff.note(Oddity::ModuleMissing);
    }
    let root = u64_at(page, ACPI_RSDP).filter(|&address| address != 0);
    if let Some(address) = root {
        handoff.keep_rsdp(rsdp::bytes(memory, address));
    }
    let is_efi = page.get(EFI_SIGNATURE..EFI_SIGNATURE + 4) == Some(b"EL64");
    if is_efi {
        let table = wide(page, EFI_SYSTEM_TABLE, EFI_SYSTEM_TABLE_UPPER);
        handoff.efi_system_table = Some(table).filter(|&address| address != 0);
    }
    let entries = usize::from(u8_at(page, ENTRIES).unwrap_or(0));
    // A full table may have been cut. Behind kexec, firmware's map has only what firmware still uses.
    if is_efi && !(1..ENTRIES_MAX).contains(&entries) {
        read_efi_map(memory, page, &mut handoff);
    }
    if handoff.regions.iter().all(|region| region.kind != Kind::Usable) {
        handoff.regions.clear();
        read_memory_map(page, entries.min(ENTRIES_MAX), &mut handoff);
    }
    handoff.checked()
}

fn is_ours(page: &[u8]) -> bool {
    u8_at(page, LOADER) == Some(OURSELVES)
}

/// A number whose upper half lies elsewhere.
fn wide(page: &[u8], lower: usize, upper: usize) -> u64 {
    let half = |at| u64::from(u32_at(page, at).unwrap_or(0));
    half(upper) << 32 | half(lower)
}

/// Firmware's shell and iPXE begin the line with the name that the image was called by.
fn pass_over_own_name(handoff: &mut Handoff) {
    let (first, rest) = handoff.command_line.split_once(' ').unwrap_or((&handoff.command_line, ""));
    if !first.contains('=') {
        handoff.command_line = String::try_from(rest).unwrap_or_default();
    }
}

fn boot_nic(page: &[u8]) -> Option<Mac> {
    let bytes = page.get(BOOT_MAC..)?.first_chunk()?;
    (u8_at(page, BOOT_MAC + 6) == Some(1)).then_some(Mac(*bytes))
}

fn read_memory_map(page: &[u8], entries: usize, handoff: &mut Handoff) {
    let table = page.get(MEMORY_MAP..).unwrap_or_default();
    let entries = table.chunks_exact(ENTRY_LEN).take(entries);
    entries.filter_map(Region::read).for_each(|region| handoff.add_region(region));
}

fn read_efi_map(memory: &impl Memory, page: &[u8], handoff: &mut Handoff) {
    let (map, len) = (wide(page, EFI_MAP, EFI_MAP_UPPER), u32_at(page, EFI_MAP_LEN));
    let stride = u32_at(page, EFI_STRIDE).unwrap_or(0) as usize;
    match memory.bytes(map, len.unwrap_or(0) as usize) {
        Some(descriptors) => efi::read_memory_map(descriptors, stride, handoff),
        None => handoff.note(Oddity::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bytes::played::Ram;
    use super::*;

    const AT: u64 = 0x9_0000;

    fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
        page[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// A zero page as a BIOS loader makes it, with `line` behind it.
    fn page(line: &str) -> Ram {
        let mut page = vec![0; LEN];
        put(&mut page, HEADER_MAGIC, b"HdrS");
        put(&mut page, COMMAND_LINE, &(AT as u32 + LEN as u32).to_le_bytes());
        page[ENTRIES] = 1;
        put(&mut page, MEMORY_MAP, &0x10_0000_u64.to_le_bytes());
        put(&mut page, MEMORY_MAP + 8, &0x1000_0000_u64.to_le_bytes());
        page[MEMORY_MAP + 16] = 1;
        page.extend(line.as_bytes());
        page.push(0);
        Ram(AT, page)
    }

    /// The same as our EFI entry makes it, with a map of one descriptor behind the line.
    fn efi_page(line: &str) -> Ram {
        let mut ram = page(line);
        ram.1.resize(LEN + 0x800, 0);
        put(&mut ram.1, HEADER_MAGIC, &[0; 4]);
        ram.1[ENTRIES] = 0;
        ram.1[LOADER] = OURSELVES;
        put(&mut ram.1, EFI_SIGNATURE, b"EL64");
        put(&mut ram.1, EFI_SYSTEM_TABLE, &0x7f00_0018_u32.to_le_bytes());
        put(&mut ram.1, EFI_STRIDE, &48_u32.to_le_bytes());
        put(&mut ram.1, EFI_MAP, &(AT as u32 + LEN as u32 + 0x800).to_le_bytes());
        put(&mut ram.1, EFI_MAP_LEN, &48_u32.to_le_bytes());
        ram.1.extend([7_u64, 0x10_0000, 0, 0x1_0000, 0, 0].map(u64::to_le_bytes).concat());
        ram
    }

    #[test]
    fn line_map_and_root_of_a_bios_loader_are_copied_out() {
        let mut ram = page("ports=all");
        put(&mut ram.1, ACPI_RSDP, &0xe_0000_u64.to_le_bytes());
        let handoff = parse(&ram, AT).unwrap();
        assert_eq!(handoff.command_line, "ports=all");
        let region = Region { start: 0x10_0000, len: 0x1000_0000, kind: Kind::Usable };
        assert_eq!(handoff.regions[..], [region]);
        assert_eq!(handoff.oddities[..], [Oddity::BadRsdp], "nothing is there");
        assert_eq!((handoff.boot_nic, handoff.efi_system_table), (None, None));
    }

    #[test]
    fn a_file_may_lie_above_4_gib() {
        let mut ram = page("");
        put(&mut ram.1, RAMDISK, &[0x1000_u32, 0x10].map(u32::to_le_bytes).concat());
        put(&mut ram.1, RAMDISK_UPPER, &2_u32.to_le_bytes());
        put(&mut ram.1, MEMORY_MAP + 8, &0x4_0000_0000_u64.to_le_bytes());
        assert_eq!(parse(&ram, AT).unwrap().module, Some(0x2_0000_1000..0x2_0000_1010));
    }

    #[test]
    fn a_file_that_the_line_names_and_nobody_brought_is_told() {
        let handoff = parse(&page("ports=all initrd=config"), AT).unwrap();
        assert_eq!(handoff.oddities[..], [Oddity::ModuleMissing]);
    }

    #[test]
    fn firmware_gives_its_map_its_table_and_the_card_that_booted() {
        let mut ram = efi_page("ports=all");
        put(&mut ram.1, BOOT_MAC, &[2, 0, 0, 0, 0, 9, 1]);
        let handoff = parse(&ram, AT).unwrap();
        assert_eq!(handoff.regions[0].len, 0x1000_0000);
        assert_eq!(handoff.efi_system_table, Some(0x7f00_0018));
        assert_eq!(handoff.boot_nic, Some(Mac([2, 0, 0, 0, 0, 9])));
        assert_eq!(handoff.command_line, "ports=all");
    }

    #[test]
    fn the_name_that_the_image_was_called_by_is_no_option() {
        let line = |line| parse(&efi_page(line), AT).unwrap().command_line;
        assert_eq!(line("barecore.img ports=all forward=0:1"), "ports=all forward=0:1");
        assert_eq!(line("FS0:\\barecore.img"), "");
        assert_eq!(line(""), "");
        assert_eq!(parse(&page("nonsense a=b"), AT).unwrap().command_line, "nonsense a=b");
    }

    #[test]
    fn a_full_table_gives_way_to_the_firmwares_map() {
        let mut ram = efi_page("");
        ram.1[ENTRIES] = 128;
        assert_eq!(parse(&ram, AT).unwrap().regions[0].len, 0x1000_0000);
    }

    #[test]
    fn a_full_table_stands_where_firmwares_map_has_no_memory_left() {
        // EfiRuntimeServicesData, and EfiBootServicesData that Linux kept for itself.
        for (kind, attribute) in [(6, 0), (4, 1_u64 << 63)] {
            let mut ram = efi_page("");
            ram.1[ENTRIES] = 128;
            let descriptor = [kind, 0x10_0000, 0, 0x1_0000, attribute, 0].map(u64::to_le_bytes);
            put(&mut ram.1, LEN + 0x800, &descriptor.concat());
            for number in 0..128 {
                let (at, start) = (MEMORY_MAP + number * ENTRY_LEN, (number as u64 + 1) << 21);
                put(&mut ram.1, at, &[start, 1 << 20].map(u64::to_le_bytes).concat());
                ram.1[at + 16] = 1;
            }
            let handoff = parse(&ram, AT).unwrap();
            assert!(handoff.regions.iter().all(|region| region.len == 1 << 20));
            assert_eq!((handoff.regions.len(), handoff.oddities.len()), (128, 0));
        }
    }

    #[test]
    fn a_page_that_no_loader_for_linux_made_is_unreadable() {
        let mut ram = page("");
        ram.1[HEADER_MAGIC] = 0;
        assert_eq!(parse(&ram, AT).unwrap_err(), Error::Unreadable);
        assert_eq!(parse(&ram, 0).unwrap_err(), Error::Unreadable);
    }

    #[test]
    fn no_damage_to_any_byte_and_no_cut_panics() {
        for whole in [page("a=b"), efi_page("a=b")] {
            for place in 0..whole.1.len() {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut bytes = whole.1.clone();
                    bytes[place] = value;
                    let _ = parse(&Ram(AT, bytes), AT);
                }
            }
            for len in LEN..whole.1.len() {
                let _ = parse(&Ram(AT, whole.1[..len].to_vec()), AT);
            }
        }
    }
}
