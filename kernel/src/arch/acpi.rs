//! The firmware's tables, read once. What they say is for the library to find out ([`Platform`]).
#![expect(unsafe_code, reason = "the tables lie at plain addresses")]

use kernel::boot::acpi::Platform;
use kernel::boot::bytes::Memory;
use kernel::boot::{AcpiRoot, efi, rsdp};
use spin::Once;

use super::{crash, paging};

static PLATFORM: Once<Platform> = Once::new();
static NO_PLATFORM: Platform = Platform::unknown();

/// Memory that firmware left.
pub(super) struct Firmware;

impl Memory for Firmware {
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
        bytes_at(address, len)
    }
}

/// What the tables said; nothing before they were read.
pub(crate) fn platform() -> &'static Platform {
    PLATFORM.get().unwrap_or(&NO_PLATFORM)
}

/// Reads the tables from `root` on, or from where UEFI firmware with a system table at `system`, or a BIOS,
/// leaves the pointer to them.
pub(super) fn set_up(root: Option<AcpiRoot>, system: Option<u64>) {
    let root_of_efi = || efi::acpi_root(&Firmware, system?);
    match root.or_else(root_of_efi).or_else(root_of_bios) {
        None => crash::say(format_args!("warning: no ACPI tables found, only one core is used")),
        Some(root) => {
            let mut warn = |warning| crash::say(format_args!("{warning}"));
            PLATFORM.call_once(|| Platform::read(&Firmware, root, &mut warn));
        }
    }
}

/// Where BIOSes leave the pointer: their ROM, or their data below it (ACPI 6.4, 5.2.5.1).
fn root_of_bios() -> Option<AcpiRoot> {
    // Where exactly the data are is noted in page 0, which is not mapped; they are near the end
    // of the first 640 KiB.
    [(0xe_0000, 0x2_0000), (0x8_0000, 0x2_0000)]
        .into_iter()
        .find_map(|(address, len)| bytes_at(address, len).and_then(rsdp::find))
}

/// Firmware's memory; none if it cannot be mapped.
pub(super) fn bytes_at(address: u64, len: usize) -> Option<&'static [u8]> {
    let place = paging::map_firmware(address, len)?;
    // SAFETY: Just mapped for good; firmware's memory is only ever read.
    Some(unsafe { core::slice::from_raw_parts(place.as_ptr(), len) })
}
