//! What the firmware calls this machine.

use kernel::boot::efi;
use kernel::boot::smbios::{self, Structures, System};
use spin::Once;

use super::acpi::{Firmware, bytes_at};

static SYSTEM: Once<System> = Once::new();

/// Reads the structures that the loader told of, or those of UEFI firmware with a system table at `system`,
/// or of a BIOS. A machine without has no name.
pub(super) fn set_up(told: Option<Structures>, system: Option<u64>) {
    let of_efi = || efi::smbios_structures(&Firmware, system?);
    let of_bios = || bytes_at(smbios::AREA.0, smbios::AREA.1).and_then(smbios::find);
    if let Some(structures) = told.or_else(of_efi).or_else(of_bios)
        && let Some(system) = smbios::system(&Firmware, structures)
    {
        SYSTEM.call_once(|| system);
    }
}

/// What it is called, if that is told.
pub(crate) fn system() -> Option<&'static System> {
    SYSTEM.get()
}
