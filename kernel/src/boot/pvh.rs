//! The start structure of the PVH boot protocol (Xen, `arch-x86/hvm/start_info.h`).

use heapless::Vec;

use super::bytes::{Memory, u32_at, u64_at};
use super::{COMMAND_LINE_LEN, Error, Handoff, Oddity, Region, rsdp};

/// What the entry code passes on when a PVH loader started us: the structure's magic number.
pub const MAGIC: u32 = 0x336e_c578;

const LEN: usize = 40;
const LEN_WITH_MEMORY_MAP: usize = 56;
const ENTRY_LEN: usize = 24;
const MODULE_LEN: usize = 32;

/// Reads the start structure at physical address `at`.
///
/// # Errors
///
/// [`Error::Unreadable`] if it is not there, [`Error::NoMemoryMap`] if it has no usable memory.
pub fn parse(memory: &impl Memory, at: u64) -> Result<Handoff, Error> {
    let start = memory.bytes(at, LEN).ok_or(Error::Unreadable)?;
    if u32_at(start, 0) != Some(MAGIC) {
        return Err(Error::Unreadable);
    }
    let mut handoff = Handoff::default();
    read_command_line(memory, u64_at(start, 24).unwrap_or(0), &mut handoff);
    if u32_at(start, 12).unwrap_or(0) > 0 {
        read_module(memory, u64_at(start, 16).unwrap_or(0), &mut handoff);
    }
    if let Some(address) = u64_at(start, 32).filter(|&address| address != 0) {
        handoff.keep_rsdp(rsdp::bytes(memory, address));
    }
    // The memory map came with version 1 of the structure.
    if u32_at(start, 4).unwrap_or(0) < 1 {
        return Err(Error::NoMemoryMap);
    }
    let start = memory.bytes(at, LEN_WITH_MEMORY_MAP).ok_or(Error::Unreadable)?;
    let entries = u32_at(start, 48).unwrap_or(0);
    read_memory_map(memory, u64_at(start, 40).unwrap_or(0), entries, &mut handoff);
    handoff.checked()
}

/// Keeps the line at `at`, up to its end; none is there at 0.
pub(super) fn read_command_line(memory: &impl Memory, at: u64, handoff: &mut Handoff) {
    if at == 0 {
        return;
    }
    // One byte more than is kept, so that a cut is noticed.
    let mut line: Vec<u8, { COMMAND_LINE_LEN + 1 }> = Vec::new();
    while !line.is_full() {
        let byte = at.checked_add(line.len() as u64).and_then(|at| memory.bytes(at, 1)?.first());
        let Some(&byte) = byte else {
            handoff.note(Oddity::Damaged);
            break;
        };
        if byte == 0 || line.push(byte).is_err() {
            break;
        }
    }
    handoff.keep_command_line(&line);
}

/// Reads the first entry of the list of modules.
fn read_module(memory: &impl Memory, at: u64, handoff: &mut Handoff) {
    let fields = memory.bytes(at, MODULE_LEN).map(|entry| (u64_at(entry, 0), u64_at(entry, 8)));
    match fields {
        Some((Some(start), Some(len))) => handoff.add_module(start, len),
        _ => handoff.note(Oddity::Damaged),
    }
}

fn read_memory_map(memory: &impl Memory, at: u64, entries: u32, handoff: &mut Handoff) {
    for index in 0..u64::from(entries) {
        if handoff.regions.is_full() {
            return handoff.note(Oddity::RegionsCut);
        }
        let place = at.checked_add(index * ENTRY_LEN as u64);
        let Some(region) = place.and_then(|place| Region::read(memory.bytes(place, ENTRY_LEN)?))
        else {
            return handoff.note(Oddity::Damaged);
        };
        handoff.add_region(region);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::bytes::played::Ram;
    use super::*;

    const BASE: u64 = 0x1000;
    const LINE: usize = 0x100;
    const MAP: usize = 0x1000;

    fn ram(line: &[u8], regions: &[(u64, u64, u32)]) -> Ram {
        let mut bytes = vec![0; MAP];
        bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4] = 1;
        bytes[24..32].copy_from_slice(&(BASE + LINE as u64).to_le_bytes());
        bytes[40..48].copy_from_slice(&(BASE + MAP as u64).to_le_bytes());
        bytes[48..52].copy_from_slice(&(regions.len() as u32).to_le_bytes());
        bytes[LINE..LINE + line.len()].copy_from_slice(line);
        for &(start, len, kind) in regions {
            bytes.extend(start.to_le_bytes());
            bytes.extend(len.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0; 4]);
        }
        Ram(BASE, bytes)
    }

    const REGIONS: [(u64, u64, u32); 2] = [(0, 0x9fc00, 1), (0x10_0000, 0x1000_0000, 2)];

    #[test]
    fn line_and_map_are_copied_out() {
        let handoff = parse(&ram(b"ports=all", &REGIONS), BASE).unwrap();
        assert_eq!(handoff.command_line, "ports=all");
        assert_eq!(handoff.regions[0], Region { start: 0, len: 0x9fc00, kind: Kind::Usable });
        assert_eq!(handoff.regions[1].kind, Kind::Reserved);
        assert!(handoff.oddities.is_empty());
    }

    /// The same with a module of `len` bytes at `start`.
    fn with_module(start: u64, len: u64) -> Ram {
        let mut ram = ram(b"", &[(0x10_0000, 0x1000_0000, 1)]);
        let list = ram.1.len();
        ram.1[12] = 1;
        ram.1[16..24].copy_from_slice(&(BASE + list as u64).to_le_bytes());
        ram.1.extend([start.to_le_bytes(), len.to_le_bytes(), [0; 8], [0; 8]].concat());
        ram
    }

    #[test]
    fn a_module_is_kept_where_it_lies_in_memory() {
        let module = |start, len| {
            let handoff = parse(&with_module(start, len), BASE).unwrap();
            (handoff.module, handoff.oddities.len())
        };
        assert_eq!(module(0x20_0000, 0x1000), (Some(0x20_0000..0x20_1000), 0));
        assert_eq!(module(0x20_0000, 0), (None, 0));
        assert_eq!(module(0xff00_0000, 0x1000), (None, 1));
        assert_eq!(module(0x8_0000, 0x10), (None, 1));
        assert_eq!(module(u64::MAX, 2), (None, 1));
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_said() {
        let handoff = parse(&ram(&[b'x'; 2000], &REGIONS), BASE).unwrap();
        assert_eq!(handoff.command_line.len(), COMMAND_LINE_LEN);
        assert_eq!(handoff.oddities[..], [Oddity::CommandLineCut]);
    }

    #[test]
    fn a_line_of_no_text_is_ignored_and_said() {
        let handoff = parse(&ram(&[0xff, 0xfe], &REGIONS), BASE).unwrap();
        assert_eq!(handoff.command_line, "");
        assert_eq!(handoff.oddities[..], [Oddity::CommandLineNotText]);
    }

    #[test]
    fn too_many_regions_are_cut_and_said() {
        let handoff = parse(&ram(b"", &[(0x1000, 0x1000, 1); 200]), BASE).unwrap();
        assert_eq!(handoff.regions.len(), super::super::REGIONS_LEN);
        assert_eq!(handoff.oddities[..], [Oddity::RegionsCut]);
    }

    #[test]
    fn memory_cut_anywhere_never_panics() {
        let whole = ram(b"a=b", &REGIONS);
        for len in 0..whole.1.len() {
            let _ = parse(&Ram(BASE, whole.1[..len].to_vec()), BASE);
        }
    }

    #[test]
    fn any_byte_set_to_all_ones_never_panics() {
        let whole = ram(b"a=b", &REGIONS);
        for place in (0..64).chain(MAP..whole.1.len()) {
            let mut bytes = whole.1.clone();
            bytes[place] = 0xff;
            let _ = parse(&Ram(BASE, bytes), BASE);
        }
    }

    #[test]
    fn a_structure_at_the_end_of_the_address_space_is_unreadable() {
        let result = parse(&ram(b"", &REGIONS), u64::MAX - 3);
        assert_eq!(result.unwrap_err(), Error::Unreadable);
    }
}
