//! What UEFI firmware leaves behind: its memory map, and tables by their names (UEFI specification 2.10).

use super::bytes::{Memory, u32_at, u64_at};
use super::smbios::{self, Structures};
use super::{AcpiRoot, Handoff, Kind, Oddity, Region, rsdp};

/// 7.2.3: a descriptor has this much at least; its stride is the firmware's.
const DESCRIPTOR_LEN: usize = 40;

/// 7.2.3: an attribute of what is still used when boot services are over, also of what Linux keeps for itself.
const RUNTIME: u64 = 1 << 63;

/// 4.3: the system table's signature, and where in it the number of tables and their list are told.
const SIGNATURE: &[u8] = b"IBI SYST";
const SYSTEM_TABLE_LEN: usize = 120;
const TABLES: usize = 104;
const LIST: usize = 112;

/// 4.6: an entry of the list is a GUID and an address.
const ENTRY_LEN: usize = 24;
/// Firmware has some ten tables.
const TABLES_MAX: u64 = 256;

const ACPI_20: u128 = 0x8868_e871_e4f1_11d3_bc22_0080_c73c_8881;
const ACPI_10: u128 = 0xeb9d_2d30_2d88_11d3_9a16_0090_273f_c14d;
const SMBIOS_3: u128 = 0xf2fd_1544_9794_4a2c_992e_e5bb_cf20_e394;
const SMBIOS: u128 = 0xeb9d_2d31_2d88_11d3_9a16_0090_273f_c14d;

/// Longest entry point of SMBIOS (DSP0134, 5.2).
const ENTRY_POINT_LEN: usize = 32;

/// Adds the regions of `descriptors`, one every `stride` bytes.
pub(super) fn read_memory_map(descriptors: &[u8], stride: usize, handoff: &mut Handoff) {
    if stride < DESCRIPTOR_LEN {
        return handoff.note(Oddity::Damaged);
    }
    for entry in descriptors.chunks_exact(stride) {
        let fields = (u32_at(entry, 0), u64_at(entry, 8), u64_at(entry, 24), u64_at(entry, 32));
        if let (Some(kind), Some(start), Some(pages), Some(attribute)) = fields {
            let kind = if attribute & RUNTIME == 0 { kind_of(kind) } else { Kind::Reserved };
            handoff.add_region(Region { start, len: pages.saturating_mul(4096), kind });
        }
    }
}

fn kind_of(kind: u32) -> Kind {
    match kind {
        // Loader and boot services are over, and so are their code and data.
        1..=4 | 7 => Kind::Usable,
        9 | 10 => Kind::Acpi,
        _ => Kind::Reserved,
    }
}

/// Where the ACPI tables start, by the system table at `system`.
pub fn acpi_root(memory: &impl Memory, system: u64) -> Option<AcpiRoot> {
    let address = table(memory, system, [ACPI_20, ACPI_10])?;
    rsdp::root(rsdp::bytes(memory, address)?)
}

/// Where the machine's name is, by the system table at `system`.
pub fn smbios_structures(memory: &impl Memory, system: u64) -> Option<Structures> {
    let address = table(memory, system, [SMBIOS_3, SMBIOS])?;
    smbios::entry_point(memory.bytes(address, ENTRY_POINT_LEN)?)
}

/// The address of the first of the tables `wanted` that there is.
fn table(memory: &impl Memory, system: u64, wanted: [u128; 2]) -> Option<u64> {
    let head = memory.bytes(system, SYSTEM_TABLE_LEN).filter(|head| head.starts_with(SIGNATURE))?;
    let count = u64_at(head, TABLES).filter(|&count| count <= TABLES_MAX)?;
    let list = memory.bytes(u64_at(head, LIST)?, count as usize * ENTRY_LEN)?;
    let of = |name| list.chunks_exact(ENTRY_LEN).find(|entry| guid(entry) == Some(name));
    wanted.into_iter().find_map(of).and_then(|entry| u64_at(entry, 16))
}

/// The GUID at the start of `bytes` as it is written: its first three fields are little-endian (appendix A).
fn guid(bytes: &[u8]) -> Option<u128> {
    let mut guid: [u8; 16] = *bytes.first_chunk()?;
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    Some(u128::from_be_bytes(guid))
}

#[cfg(test)]
mod tests {
    use super::super::bytes::played::Ram;
    use super::*;

    const SYSTEM: u64 = 0x1000;

    fn entry(name: u128, address: u64) -> std::vec::Vec<u8> {
        let mut bytes = name.to_be_bytes().to_vec();
        bytes[..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        bytes.extend(address.to_le_bytes());
        bytes
    }

    /// A system table whose list is at 0x100 and has `entries`.
    fn ram(entries: &[(u128, u64)]) -> Ram {
        let mut bytes = vec![0; 0x100];
        bytes[..8].copy_from_slice(SIGNATURE);
        bytes[TABLES..TABLES + 8].copy_from_slice(&(entries.len() as u64).to_le_bytes());
        bytes[LIST..LIST + 8].copy_from_slice(&(SYSTEM + 0x100).to_le_bytes());
        for &(name, address) in entries {
            bytes.extend(entry(name, address));
        }
        bytes.resize(0x200, 0);
        bytes.extend(rsdp::tests::pointer(2));
        Ram(SYSTEM, bytes)
    }

    #[test]
    fn the_newer_pointer_to_acpis_tables_is_taken() {
        let ram = ram(&[(ACPI_10, 1), (SMBIOS, 2), (ACPI_20, SYSTEM + 0x200)]);
        assert_eq!(acpi_root(&ram, SYSTEM).unwrap().address, 0x1_7fe0_0000);
        assert_eq!(smbios_structures(&ram, SYSTEM), None, "nothing is there");
    }

    #[test]
    fn a_guid_is_read_as_it_is_written() {
        // 8868e871-e4f1-11d3-bc22-0080c73c8881 as it lies in memory.
        let bytes = [
            0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0, 0x80, 0xc7, 0x3c, 0x88,
            0x81,
        ];
        assert_eq!(guid(&bytes), Some(ACPI_20));
    }

    #[test]
    fn no_damage_to_any_byte_and_no_cut_panics() {
        let whole = ram(&[(ACPI_20, SYSTEM + 0x200), (SMBIOS_3, SYSTEM + 0x200)]);
        for place in 0..whole.1.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.1.clone();
                bytes[place] = value;
                let _ = (
                    acpi_root(&Ram(SYSTEM, bytes.clone()), SYSTEM),
                    smbios_structures(&Ram(SYSTEM, bytes), SYSTEM),
                );
            }
            let cut = Ram(SYSTEM, whole.1[..place].to_vec());
            let _ = (acpi_root(&cut, SYSTEM), smbios_structures(&cut, SYSTEM));
        }
    }
}
