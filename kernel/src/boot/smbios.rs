//! What the firmware calls the machine (SMBIOS, DMTF DSP0134 version 3.4).

use heapless::String;

use super::bytes::{Memory, sums_to_zero, u8_at, u32_at, u64_at};

/// Where BIOSes put the entry point, on a multiple of 16 bytes (5.2.1, 5.2.2).
pub const AREA: (u64, usize) = (0xf_0000, 0x1_0000);

/// The most bytes of structures that are read, as many as the older entry point can tell of.
const LEN_MAX: usize = 0xffff;
/// Length of a structure's header (6.1.2).
const HEADER_LEN: usize = 4;

const SYSTEM: u8 = 1; // 7.2
const END: u8 = 127; // 7.45

/// Where the structures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Structures {
    /// Physical address of the first.
    pub address: u64,
    /// Bytes of all of them, at most.
    pub len: usize,
}

/// What a machine is called, printable characters only; empty what the firmware does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// Who made it.
    pub vendor: String<64>,
    /// What they call it.
    pub product: String<64>,
    /// What they call this one.
    pub serial: String<64>,
}

/// Reads the entry point at the start of `bytes`, if its anchor and checksum are right.
pub fn entry_point(bytes: &[u8]) -> Option<Structures> {
    let is_wide = bytes.starts_with(b"_SM3_"); // 5.2.2
    if !is_wide && !bytes.starts_with(b"_SM_") {
        return None;
    }
    let (len_at, len_min) = if is_wide { (6, 0x18) } else { (5, 0x1f) };
    let own = bytes.get(..usize::from(u8_at(bytes, len_at)?)).filter(|own| own.len() >= len_min)?;
    if !sums_to_zero(own) {
        return None;
    }
    let (address, len) = match is_wide {
        true => (u64_at(own, 0x10)?, u32_at(own, 0x0c)?),
        // The length has two bytes; those behind it are the address.
        false => (u32_at(own, 0x18)?.into(), u32_at(own, 0x16)? & 0xffff),
    };
    Some(Structures { address, len: usize::try_from(len).ok()?.min(LEN_MAX) })
}

/// Finds the entry point in `area`, the newer one if there are both.
pub fn find(area: &[u8]) -> Option<Structures> {
    let all = || (0..area.len()).step_by(16).filter_map(|at| area.get(at..));
    let wide = all().filter(|bytes| bytes.starts_with(b"_SM3_")).find_map(entry_point);
    wide.or_else(|| all().find_map(entry_point))
}

/// What the machine is called, by the first structure that says so.
pub fn system(memory: &impl Memory, Structures { address, len }: Structures) -> Option<System> {
    let mut rest = memory.bytes(address, len)?;
    loop {
        let (kind, len) = (u8_at(rest, 0)?, usize::from(u8_at(rest, 1)?));
        let fields = rest.get(..len).filter(|_| len >= HEADER_LEN && kind != END)?;
        let strings = rest.get(len..)?;
        if kind == SYSTEM {
            // 7.2.1: manufacturer, product name, version, serial number.
            let [vendor, product, serial] = [4, 5, 7].map(|at| string(strings, u8_at(fields, at)));
            return Some(System { vendor, product, serial });
        }
        let end = strings.windows(2).position(|pair| pair == [0, 0])?;
        rest = &strings[end + 2..];
    }
}

/// String `number` behind a structure, counted from 1 (6.1.3). Blanks around it do not count.
fn string<const N: usize>(strings: &[u8], number: Option<u8>) -> String<N> {
    let place = number.and_then(|number| usize::from(number).checked_sub(1));
    let mut all = strings.split(|byte| *byte == 0).take_while(|string| !string.is_empty());
    let found = place.and_then(|place| all.nth(place)).unwrap_or_default().trim_ascii();
    let printable = found.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '?',
    });
    printable.take(N).collect()
}

#[cfg(test)]
mod tests {
    use super::super::bytes::played::Ram;
    use super::*;

    const AT: u64 = 0xe_0000;

    fn sealed(mut bytes: Vec<u8>, checksum_at: usize) -> Vec<u8> {
        bytes[checksum_at] = bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte));
        bytes
    }

    fn narrow(len: u16) -> Vec<u8> {
        let mut bytes = b"_SM_\0\x1f\x02\x08".to_vec();
        bytes.resize(0x10, 0);
        bytes.extend(b"_DMI_\0");
        bytes.extend(len.to_le_bytes());
        bytes.extend((AT as u32).to_le_bytes());
        bytes.extend([9, 0, 0x28]);
        sealed(bytes, 4)
    }

    fn wide(len: u32) -> Vec<u8> {
        let mut bytes = b"_SM3_\0\x18\x03\x00\x00\x01\x00".to_vec();
        bytes.extend(len.to_le_bytes());
        bytes.extend(AT.to_le_bytes());
        sealed(bytes, 5)
    }

    fn structure(kind: u8, fields: &[u8], strings: &[&str]) -> Vec<u8> {
        let mut bytes = vec![kind, 4 + fields.len() as u8, 0, 0];
        bytes.extend(fields);
        strings.iter().for_each(|string| bytes.extend(string.bytes().chain([0])));
        bytes.resize(bytes.len() + 1 + usize::from(strings.is_empty()), 0);
        bytes
    }

    /// Structures of a BIOS without strings, of a machine, and the end.
    fn structures(strings: &[&str]) -> Vec<u8> {
        let system = structure(SYSTEM, &[1, 2, 0, 3], strings);
        [structure(0, &[0; 20], &[]), system, structure(END, &[], &[])].concat()
    }

    fn read(bytes: Vec<u8>) -> Option<System> {
        let len = bytes.len();
        system(&Ram(AT, bytes), Structures { address: AT, len })
    }

    #[test]
    fn either_entry_point_is_found_and_the_newer_one_first() {
        let mut area = vec![0; 256];
        area[16..16 + 0x1f].copy_from_slice(&narrow(77));
        assert_eq!(find(&area), Some(Structures { address: AT, len: 77 }));
        area[64..64 + 0x18].copy_from_slice(&wide(u32::MAX));
        assert_eq!(find(&area), Some(Structures { address: AT, len: LEN_MAX }));
        area[70] ^= 1;
        assert_eq!(find(&area), Some(Structures { address: AT, len: 77 }));
    }

    #[test]
    fn an_entry_point_that_is_cut_or_damaged_is_none() {
        for whole in [narrow(77), wide(77)] {
            (0..whole.len()).for_each(|len| assert_eq!(entry_point(&whole[..len]), None));
            for place in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[place] ^= 0x10;
                assert_eq!(entry_point(&bytes), None, "byte {place}");
            }
        }
    }

    #[test]
    fn a_machine_tells_who_made_it_and_which_one_it_is() {
        let System { vendor, product, serial } =
            read(structures(&["Makers", "  Model 7 ", "SN-42"])).unwrap();
        assert_eq!((&*vendor, &*product, &*serial), ("Makers", "Model 7", "SN-42"));
        assert_eq!(&*read(structures(&["Makers"])).unwrap().serial, "");
    }

    #[test]
    fn a_name_is_printable_and_not_longer_than_its_place() {
        let long = "\u{1b}]0;ü".to_owned() + &"x".repeat(200);
        let serial = read(structures(&["a", "b", &long])).unwrap().serial;
        assert_eq!((serial.len(), &serial[..7]), (64, "?]0;??x"));
    }

    #[test]
    fn no_damage_to_any_byte_and_no_cut_panics() {
        let whole = structures(&["Makers", "Model", "SN-42"]);
        for place in 0..whole.len() {
            for value in [0, 1, 3, 4, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] = value;
                let _machine = read(bytes);
            }
            let _machine = read(whole[..place].to_vec());
        }
        let nowhere = Structures { address: u64::MAX, len: 2 };
        assert_eq!(system(&Ram(AT, whole), nowhere), None);
    }

    #[test]
    fn a_structure_of_length_0_ends_the_reading() {
        assert_eq!(read(vec![0; 64]), None);
    }
}
