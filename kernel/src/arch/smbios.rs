//! What the firmware calls this machine.

use kernel::boot::bytes::Memory;
use kernel::boot::smbios::{self, Structures, System};
use spin::Once;

use super::acpi::bytes_at;

static SYSTEM: Once<System> = Once::new();

/// Memory that firmware left.
struct Firmware;

impl Memory for Firmware {
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
        bytes_at(address, len)
    }
}

/// Reads the structures that the loader told of, or those of a BIOS. A machine without has no name.
pub(super) fn set_up(told: Option<Structures>) {
    let of_bios = || bytes_at(smbios::AREA.0, smbios::AREA.1).and_then(smbios::find);
    if let Some(structures) = told.or_else(of_bios)
        && let Some(system) = smbios::system(&Firmware, structures)
    {
        SYSTEM.call_once(|| system);
    }
}

/// What it is called, if that is told.
pub(crate) fn system() -> Option<&'static System> {
    SYSTEM.get()
}
