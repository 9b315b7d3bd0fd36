//! What the ACPI tables say about the machine, read once into a [`Platform`].
//!
//! The crate `acpi` finds and lays out the tables. It trusts lengths inside of them, so these are
//! checked first; a table that is missing or damaged costs a line and what it would have told.
#![expect(
    unsafe_code,
    reason = "the tables lie at plain addresses, and the crate reads them there"
)]

use core::ops::RangeInclusive;
use core::ptr::NonNull;

use ::acpi::address::{AddressSpace, GenericAddress};
use ::acpi::fadt::Fadt;
use ::acpi::hpet::HpetTable;
use ::acpi::madt::{Madt, MadtEntry};
use ::acpi::mcfg::Mcfg;
use ::acpi::sdt::SdtHeader;
use ::acpi::{AcpiHandler, AcpiTable, AcpiTables, PhysicalMapping};
use heapless::Vec;
use kernel::boot::bytes::{Memory, u8_at, u32_at, u64_at};
use kernel::boot::{AcpiRoot, efi, madt, rsdp};
use spin::Once;

use super::{cores, crash, paging};

/// The most PCI segments that are used.
pub(crate) const SEGMENTS_LEN: usize = 8;
/// The most enabled processors that are remembered: some more than are used, so that the rest
/// can be counted.
const PROCESSORS_LEN: usize = 4 * cores::MAX;
/// No table that is read here comes near.
const TABLE_LEN_MAX: usize = 1 << 20;
const HEADER_LEN: usize = size_of::<SdtHeader>();

static PLATFORM: Once<Platform> = Once::new();
static NO_PLATFORM: Platform = Platform::unknown();

/// What is used of the tables.
#[derive(Debug)]
pub(crate) struct Platform {
    /// The APIC ids of all enabled processors, the running one included.
    pub(crate) cores: Vec<u32, PROCESSORS_LEN>,
    /// Where PCI configuration space is mapped.
    pub(crate) segments: Vec<Segment, SEGMENTS_LEN>,
    /// Physical address of the HPET's registers.
    pub(crate) hpet: Option<u64>,
    /// Port of the power management timer.
    pub(crate) pm_timer: Option<u16>,
    /// Where to write what to reset the machine.
    pub(crate) reset: Option<(Register, u8)>,
    /// Whether a clock may be asked at the usual ports.
    pub(crate) has_cmos_clock: bool,
    /// The register of that clock that holds the century.
    pub(crate) century: Option<u8>,
}

/// PCI buses whose configuration space is mapped into memory.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// The segment's number.
    pub(crate) group: u16,
    /// Its buses.
    pub(crate) buses: RangeInclusive<u8>,
    /// Physical address of what would be bus 0.
    pub(crate) base: u64,
}

/// A register of the platform.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Register {
    /// An I/O port.
    Port(u16),
    /// A physical address.
    Memory(u64),
}

impl Platform {
    const fn unknown() -> Self {
        Self {
            cores: Vec::new(),
            segments: Vec::new(),
            hpet: None,
            pm_timer: None,
            reset: None,
            has_cmos_clock: true,
            century: None,
        }
    }
}

/// What the tables said; nothing before they were read.
pub(crate) fn platform() -> &'static Platform {
    PLATFORM.get().unwrap_or(&NO_PLATFORM)
}

/// Reads the tables from `root` on, or from where UEFI firmware with a system table at `system`, or a BIOS,
/// leaves the pointer to them.
pub(super) fn set_up(root: Option<AcpiRoot>, system: Option<u64>) {
    let mut platform = Platform::unknown();
    let root_of_efi = || efi::acpi_root(&FirmwareMemory, system?);
    match root.or_else(root_of_efi).or_else(root_of_bios) {
        None => crash::say(format_args!("warning: no ACPI tables found, only one core is used")),
        Some(root) => read(root, &mut platform),
    }
    PLATFORM.call_once(|| platform);
}

fn read(root: AcpiRoot, platform: &mut Platform) {
    let len = bytes_at(root.address, HEADER_LEN).and_then(|header| u32_at(header, 4)).unwrap_or(0);
    if !(HEADER_LEN..TABLE_LEN_MAX).contains(&(len as usize)) {
        return crash::say(format_args!("warning: the root of the ACPI tables is damaged"));
    }
    // SAFETY: The handler answers for every address, and the root's length was checked.
    let tables = unsafe { AcpiTables::from_rsdt(Firmware, root.revision, root.address as usize) };
    let tables = match tables {
        Ok(tables) => tables,
        Err(error) => return warn("root", &error),
    };
    read_madt(&tables, platform);
    read_mcfg(&tables, platform);
    read_hpet(&tables, platform);
    read_fadt(&tables, platform);
}

/// Processors (ACPI 6.4, 5.2.12).
fn read_madt(tables: &AcpiTables<Firmware>, platform: &mut Platform) {
    const IS_ENABLED: u32 = 1;
    let table = match tables.find_table::<Madt>() {
        Ok(table) => table,
        Err(error) => return warn("MADT", &error),
    };
    if !bytes(&table).get(size_of::<Madt>()..).is_some_and(madt::entries_fit) {
        return warn("MADT", &"entries do not fit");
    }
    for entry in table.get().entries() {
        let (id, flags) = match entry {
            MadtEntry::LocalApic(core) => (u32::from(core.apic_id), core.flags),
            MadtEntry::LocalX2Apic(core) => (core.x2apic_id, core.flags),
            _ => continue,
        };
        if flags & IS_ENABLED != 0 && !platform.cores.contains(&id) {
            // More than four times what is used are not even counted.
            let _ = platform.cores.push(id);
        }
    }
}

/// PCI segments (PCI Firmware Specification 3.0, 4.1.2).
fn read_mcfg(tables: &AcpiTables<Firmware>, platform: &mut Platform) {
    // Machines without PCI Express have none; ports serve them.
    let Ok(table) = tables.find_table::<Mcfg>() else { return };
    if table.region_length() < size_of::<Mcfg>() {
        return warn("MCFG", &"too short");
    }
    for entry in table.entries() {
        let buses = entry.bus_number_start..=entry.bus_number_end;
        let segment = Segment { group: entry.pci_segment_group, buses, base: entry.base_address };
        if platform.segments.push(segment).is_err() {
            return warn("MCFG", &"more segments than are used");
        }
    }
}

/// The timer block's address (IA-PC HPET Specification 1.0a, 3.2.4).
fn read_hpet(tables: &AcpiTables<Firmware>, platform: &mut Platform) {
    let Ok(table) = tables.find_table::<HpetTable>() else { return };
    let is_memory = u8_at(bytes(&table), 40) == Some(0);
    platform.hpet = u64_at(bytes(&table), 44).filter(|_| is_memory);
}

/// Timer, reset register, and what is said of the real-time clock (ACPI 6.4, 5.2.9).
fn read_fadt(tables: &AcpiTables<Firmware>, platform: &mut Platform) {
    const LEN_OF_FIRST_VERSION: usize = 116;
    const LEN_WITH_RESET: usize = 129;
    const LEN_WITH_WIDE_ADDRESSES: usize = 244;
    let table = match tables.find_table::<Fadt>() {
        Ok(table) => table,
        Err(error) => return warn("FADT", &error),
    };
    let is_wide = table.header().revision >= 2;
    let len_min = if is_wide { LEN_WITH_WIDE_ADDRESSES } else { LEN_OF_FIRST_VERSION };
    if table.region_length() < len_min {
        return warn("FADT", &"too short for its revision");
    }
    let timer = table.pm_timer_block().ok().flatten().and_then(register);
    platform.pm_timer = match timer {
        Some(Register::Port(port)) => Some(port),
        _ => None,
    };
    let boot_flags = table.iapc_boot_arch;
    platform.has_cmos_clock = !(is_wide && boot_flags.use_time_and_alarm_namespace_for_rtc());
    // Registers end at 127, and 0 stands for none.
    platform.century = Some(table.century).filter(|register| (1..128).contains(register));
    let flags = table.flags;
    if flags.supports_system_reset_via_fadt() && table.region_length() >= LEN_WITH_RESET {
        let register = table.reset_register().ok().and_then(register);
        platform.reset = register.map(|register| (register, table.reset_value));
    }
}

fn register(address: GenericAddress) -> Option<Register> {
    match address.address_space {
        AddressSpace::SystemIo => u16::try_from(address.address).ok().map(Register::Port),
        AddressSpace::SystemMemory => Some(Register::Memory(address.address)),
        _ => None,
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

fn warn(table: &str, why: &dyn core::fmt::Debug) {
    crash::say(format_args!("warning: the ACPI table {table} is not used: {why:?}"));
}

/// The bytes of a table that was found, which is to say its checksum is right.
fn bytes<T: AcpiTable>(table: &PhysicalMapping<Firmware, T>) -> &[u8] {
    let start = table.virtual_start().as_ptr().cast_const().cast();
    // SAFETY: The handler mapped that much for good, and nobody writes to the tables.
    unsafe { core::slice::from_raw_parts(start, table.region_length()) }
}

/// Firmware's memory; none if it cannot be mapped.
pub(super) fn bytes_at(address: u64, len: usize) -> Option<&'static [u8]> {
    let place = paging::map_firmware(address, len)?;
    // SAFETY: Just mapped for good; firmware's memory is only ever read.
    Some(unsafe { core::slice::from_raw_parts(place.as_ptr(), len) })
}

/// Memory that firmware left, for the parsers of what lies there.
pub(super) struct FirmwareMemory;

impl Memory for FirmwareMemory {
    fn bytes(&self, address: u64, len: usize) -> Option<&[u8]> {
        bytes_at(address, len)
    }
}

/// Maps tables for the crate. It cannot be told that a place cannot be mapped, so zeroes stand
/// in for it: no signature, no length.
#[derive(Clone, Copy, Debug)]
struct Firmware;

static ZEROES: [u64; 512] = [0; 512];

impl AcpiHandler for Firmware {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        len: usize,
    ) -> PhysicalMapping<Self, T> {
        const { assert!(size_of::<T>() <= size_of_val(&ZEROES) && align_of::<T>() <= 8) };
        let mapped = paging::map_firmware(address as u64, len.max(size_of::<T>()));
        let place = mapped.filter(|_| len <= TABLE_LEN_MAX);
        let place = place.unwrap_or(NonNull::from_ref(&ZEROES).cast()).cast();
        // SAFETY: The place is mapped for good and as long as a `T` at least.
        unsafe { PhysicalMapping::new(address, place, len, len, *self) }
    }

    fn unmap_physical_region<T>(_: &PhysicalMapping<Self, T>) {}
}
