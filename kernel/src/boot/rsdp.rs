//! The root pointer of the ACPI tables (ACPI 6.4, section 5.2.5).

use super::bytes::{Memory, sums_to_zero, u8_at, u32_at, u64_at};

/// Length of the structure since ACPI 2.0; ACPI 1.0 has the first 20 bytes of it.
const LEN: usize = 36;
const LEN_OF_FIRST_VERSION: usize = 20;
const SIGNATURE: &[u8] = b"RSD PTR ";

/// Where the table of tables is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcpiRoot {
    /// Revision of the pointer: 0 means the table has 32-bit entries (RSDT), else 64-bit (XSDT).
    pub revision: u8,
    /// Physical address of the table.
    pub address: u64,
}

/// As much of a root pointer as there is at `address`.
pub(super) fn bytes(memory: &impl Memory, address: u64) -> Option<&[u8]> {
    memory.bytes(address, LEN).or_else(|| memory.bytes(address, LEN_OF_FIRST_VERSION))
}

/// Reads the root pointer at the start of `bytes`, if its signature and checksums are right.
pub fn root(bytes: &[u8]) -> Option<AcpiRoot> {
    let first = bytes.get(..LEN_OF_FIRST_VERSION)?;
    if !first.starts_with(SIGNATURE) || !sums_to_zero(first) {
        return None;
    }
    let revision = u8_at(first, 15)?;
    let extended = bytes.get(..LEN).filter(|all| revision >= 2 && sums_to_zero(all));
    let wide = extended.and_then(|all| u64_at(all, 24)).filter(|&address| address != 0);
    let narrow = u32_at(first, 16).filter(|&address| address != 0).map(u64::from);
    match wide {
        Some(address) => Some(AcpiRoot { revision, address }),
        None => narrow.map(|address| AcpiRoot { revision: 0, address }),
    }
}

/// Finds the root pointer in `area`, where BIOSes put it on a multiple of 16 bytes.
pub fn find(area: &[u8]) -> Option<AcpiRoot> {
    (0..area.len()).step_by(16).find_map(|offset| root(area.get(offset..)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A root pointer of revision 2 with both addresses.
    pub(crate) fn pointer(revision: u8) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..8].copy_from_slice(SIGNATURE);
        bytes[15] = revision;
        bytes[16..20].copy_from_slice(&0x7fe_0000_u32.to_le_bytes());
        bytes[20..24].copy_from_slice(&36_u32.to_le_bytes());
        bytes[24..32].copy_from_slice(&0x1_7fe0_0000_u64.to_le_bytes());
        bytes[8] = bytes[..20].iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte));
        bytes[32] = bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte));
        bytes
    }

    #[test]
    fn a_pointer_of_revision_2_names_the_wide_table() {
        assert_eq!(root(&pointer(2)), Some(AcpiRoot { revision: 2, address: 0x1_7fe0_0000 }));
    }

    #[test]
    fn a_pointer_of_revision_0_names_the_narrow_table() {
        assert_eq!(root(&pointer(0)[..20]), Some(AcpiRoot { revision: 0, address: 0x7fe_0000 }));
    }

    #[test]
    fn a_damaged_extension_leaves_the_narrow_table() {
        let mut bytes = pointer(2);
        bytes[30] ^= 1;
        assert_eq!(root(&bytes), Some(AcpiRoot { revision: 0, address: 0x7fe_0000 }));
    }

    #[test]
    fn a_wrong_checksum_or_a_cut_pointer_is_none() {
        let mut bytes = pointer(2);
        for len in 0..20 {
            assert_eq!(root(&bytes[..len]), None);
        }
        bytes[17] ^= 0x40;
        assert_eq!(root(&bytes), None);
    }

    #[test]
    fn a_pointer_is_found_on_a_multiple_of_sixteen_only() {
        let mut area = vec![0; 256];
        area[64..64 + LEN].copy_from_slice(&pointer(2));
        assert!(find(&area).is_some());
        area.rotate_left(8);
        assert!(find(&area).is_none());
    }
}
