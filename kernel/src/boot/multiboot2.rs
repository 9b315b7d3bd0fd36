//! The information block of a multiboot2 loader (Multiboot2 Specification 2.0, section 3.6).

use super::bytes::{Memory, u32_at};
use super::smbios::entry_point;
use super::{Error, Handoff, Oddity, Region, efi, network};

/// What the loader leaves in EAX.
pub const MAGIC: u32 = 0x36d7_6289;

/// The largest block that is read; loaders need a few KiB.
const LEN_MAX: usize = 1 << 20;
const HEADER_LEN: usize = 8;

const END: u32 = 0; // 3.6.2: type 0, size 8
const COMMAND_LINE: u32 = 1; // 3.6.3
const MODULE: u32 = 3;
const MEMORY_MAP: u32 = 6; // 3.6.8
const SMBIOS: u32 = 13; // 3.6.15: version, reserved, a copy of the entry point
const RSDP_FIRST: u32 = 14; // 3.6.16: a copy of the ACPI 1.0 pointer
const RSDP_EXTENDED: u32 = 15; // 3.6.17: a copy of the ACPI 2.0 pointer
const NETWORK: u32 = 16; // 3.6.18: the message that DHCP ended with
const EFI_MEMORY_MAP: u32 = 17; // 3.6.19

/// Where the information block lies, in bytes: to be kept free until everything is copied.
pub fn block_len(memory: &impl Memory, at: u64) -> Option<usize> {
    let len = u32_at(memory.bytes(at, HEADER_LEN)?, 0)? as usize;
    (HEADER_LEN..=LEN_MAX).contains(&len).then_some(len)
}

/// Reads the information block at physical address `at`.
///
/// # Errors
///
/// [`Error::Unreadable`] if it is not there, [`Error::NoMemoryMap`] if it has no usable memory.
pub fn parse(memory: &impl Memory, at: u64) -> Result<Handoff, Error> {
    let len = block_len(memory, at).ok_or(Error::Unreadable)?;
    let block = memory.bytes(at, len).ok_or(Error::Unreadable)?;
    let mut handoff = Handoff::default();
    let mut efi_map = None;
    let mut rest = &block[HEADER_LEN..];
    loop {
        let Some((kind, body, next)) = tag(rest) else {
            handoff.note(Oddity::Damaged);
            break;
        };
        match kind {
            END => break,
            COMMAND_LINE => handoff.keep_command_line(body),
            MODULE => read_module(body, &mut handoff),
            MEMORY_MAP => read_memory_map(body, &mut handoff),
            SMBIOS => handoff.smbios = handoff.smbios.or(body.get(8..).and_then(entry_point)),
            RSDP_FIRST if handoff.acpi.is_some() => {}
            RSDP_FIRST | RSDP_EXTENDED => handoff.keep_rsdp(Some(body)),
            NETWORK => handoff.boot_nic = handoff.boot_nic.or(network::of_dhcp(body)),
            EFI_MEMORY_MAP => efi_map = Some(body),
            _ => {}
        }
        rest = next;
    }
    // The loader makes the one map from the other: one of them is enough.
    if let Some(map) = efi_map.filter(|_| handoff.regions.is_empty()) {
        read_efi_map(map, &mut handoff);
    }
    handoff.checked()
}

/// Kind and body of the first tag, and what follows it; none if it does not fit.
fn tag(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let len = u32_at(bytes, 4)? as usize;
    let body = bytes.get(HEADER_LEN..len)?;
    let next = bytes.get(len.next_multiple_of(8)..).unwrap_or_default();
    Some((u32_at(bytes, 0)?, body, next))
}

/// Reads where a module begins and ends (3.6.6).
fn read_module(body: &[u8], handoff: &mut Handoff) {
    match (u32_at(body, 0), u32_at(body, 4)) {
        (Some(start), Some(end)) if start <= end => {
            handoff.add_module(start.into(), (end - start).into());
        }
        _ => handoff.note(Oddity::Damaged),
    }
}

fn read_memory_map(body: &[u8], handoff: &mut Handoff) {
    let entry_len = u32_at(body, 0).unwrap_or(0) as usize;
    let Some(entries) = body.get(8..).filter(|_| entry_len >= 24) else {
        return handoff.note(Oddity::Damaged);
    };
    let regions = entries.chunks_exact(entry_len).filter_map(Region::read);
    regions.for_each(|region| handoff.add_region(region));
}

/// Reads the firmware's own map (3.6.19): the stride of its descriptors, their version, and they.
fn read_efi_map(body: &[u8], handoff: &mut Handoff) {
    let stride = u32_at(body, 0).unwrap_or(0) as usize;
    efi::read_memory_map(body.get(8..).unwrap_or_default(), stride, handoff);
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::bytes::played::Ram;
    use super::*;
    use crate::address::Mac;

    const AT: u64 = 0x1_0000;

    fn tag_of(kind: u32, body: &[u8]) -> std::vec::Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((body.len() as u32 + 8).to_le_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn block(tags: &[std::vec::Vec<u8>]) -> Ram {
        let mut bytes = vec![0; 8];
        bytes.extend(tags.concat());
        bytes.extend(tag_of(END, b""));
        let len = bytes.len() as u32;
        bytes[..4].copy_from_slice(&len.to_le_bytes());
        Ram(AT, bytes)
    }

    fn memory_map() -> std::vec::Vec<u8> {
        let mut body = [24_u32, 0].map(u32::to_le_bytes).concat();
        body.extend([0x10_0000_u64, 0x1000_0000, 1].map(u64::to_le_bytes).concat());
        tag_of(MEMORY_MAP, &body)
    }

    fn efi_map() -> std::vec::Vec<u8> {
        let mut body = [48_u32, 1].map(u32::to_le_bytes).concat();
        body.extend([7_u64, 0x10_0000, 0, 16, 0, 0].map(u64::to_le_bytes).concat());
        tag_of(EFI_MEMORY_MAP, &body)
    }

    #[test]
    fn line_and_map_are_copied_out() {
        let handoff = parse(&block(&[tag_of(COMMAND_LINE, b"a=b\0"), memory_map()]), AT).unwrap();
        assert_eq!(handoff.command_line, "a=b");
        let region = Region { start: 0x10_0000, len: 0x1000_0000, kind: Kind::Usable };
        assert_eq!(handoff.regions[..], [region]);
    }

    #[test]
    fn the_efi_map_serves_where_there_is_no_other() {
        let handoff = parse(&block(&[efi_map()]), AT).unwrap();
        assert_eq!(handoff.regions[0].len, 16 * 4096);
        let handoff = parse(&block(&[efi_map(), memory_map()]), AT).unwrap();
        assert_eq!(handoff.regions.len(), 1);
    }

    #[test]
    fn the_first_module_is_kept() {
        let module = |start: u32, end: u32| {
            let body = [&start.to_le_bytes()[..], &end.to_le_bytes(), b"rules\0"].concat();
            tag_of(MODULE, &body)
        };
        let tags = [memory_map(), module(0x20_0000, 0x20_0100), module(0x30_0000, 0x30_0100)];
        assert_eq!(parse(&block(&tags), AT).unwrap().module, Some(0x20_0000..0x20_0100));
        let tags = [memory_map(), module(2, 1)];
        assert_eq!(parse(&block(&tags), AT).unwrap().oddities[..], [Oddity::Damaged]);
    }

    #[test]
    fn the_card_that_booted_is_that_of_the_command_line_or_else_of_dhcp() {
        let mut message = [0; 240];
        (message[1], message[2], message[33]) = (1, 6, 9);
        let line = tag_of(COMMAND_LINE, b"BOOTIF=01-02-00-00-00-00-07");
        let booted = |tags: &[std::vec::Vec<u8>]| parse(&block(tags), AT).unwrap().boot_nic;
        let (map, dhcp) = (memory_map(), tag_of(NETWORK, &message));
        assert_eq!(booted(&[map.clone(), dhcp.clone()]), Some(Mac([0, 0, 0, 0, 0, 9])));
        for tags in [[map.clone(), dhcp.clone(), line.clone()], [line, dhcp, map]] {
            assert_eq!(booted(&tags), Some(Mac([2, 0, 0, 0, 0, 7])));
        }
    }

    #[test]
    fn a_tag_of_length_0_ends_the_reading() {
        let mut ram = block(&[memory_map(), tag_of(99, b"")]);
        let at = ram.1.len() - 16 + 4;
        ram.1[at] = 0;
        assert_eq!(parse(&ram, AT).unwrap().oddities[..], [Oddity::Damaged]);
    }

    #[test]
    fn a_tag_longer_than_the_block_ends_the_reading() {
        let mut ram = block(&[memory_map(), tag_of(COMMAND_LINE, b"x")]);
        let at = ram.1.len() - 16 - 8 + 6;
        ram.1[at] = 0xff;
        assert_eq!(parse(&ram, AT).unwrap().oddities[..], [Oddity::Damaged]);
    }

    #[test]
    fn a_block_without_an_end_is_read_and_said() {
        let mut ram = block(&[memory_map()]);
        let len = ram.1.len() as u32 - 8;
        ram.1[..4].copy_from_slice(&len.to_le_bytes());
        assert_eq!(parse(&ram, AT).unwrap().oddities[..], [Oddity::Damaged]);
    }

    #[test]
    fn the_first_good_entry_point_of_smbios_is_kept() {
        let entry = |address: u64, checksum| {
            let mut body =
                b"\x03\x00\0\0\0\0\0\0_SM3_\0\x18\x03\x00\x00\x01\x00\x50\0\0\0".to_vec();
            body.extend(address.to_le_bytes());
            let sum = body[8..].iter().fold(checksum, |sum: u8, byte| sum.wrapping_sub(*byte));
            body[13] = sum;
            tag_of(SMBIOS, &body)
        };
        let tags = [memory_map(), entry(0x1000, 1), entry(0x2000, 0), entry(0x3000, 0)];
        let structures = parse(&block(&tags), AT).unwrap().smbios.unwrap();
        assert_eq!((structures.address, structures.len), (0x2000, 0x50));
    }

    #[test]
    fn a_damaged_root_pointer_is_ignored_and_said() {
        let handoff = parse(&block(&[memory_map(), tag_of(RSDP_FIRST, &[1; 20])]), AT).unwrap();
        assert_eq!((handoff.acpi, &handoff.oddities[..]), (None, &[Oddity::BadRsdp][..]));
    }

    #[test]
    fn a_block_without_memory_is_an_error() {
        assert_eq!(parse(&block(&[]), AT).unwrap_err(), Error::NoMemoryMap);
    }

    #[test]
    fn no_damage_to_any_byte_and_no_cut_panics() {
        let whole = block(&[tag_of(COMMAND_LINE, b"a=b\0"), efi_map(), memory_map()]);
        for place in 0..whole.1.len() {
            for value in [0, 1, 7, 8, 0x7f, 0xff] {
                let mut bytes = whole.1.clone();
                bytes[place] = value;
                let _ = parse(&Ram(AT, bytes), AT);
            }
            let _ = parse(&Ram(AT, whole.1[..place].to_vec()), AT);
        }
    }
}
