//! Our own page tables: each address means the same physical address, or nothing.
//!
//! Code is read-only, everything else is never executed, page 0 and the guard pages are not
//! there (Intel SDM volume 3, chapter 4). Entries go from absent to present, or from present to
//! absent before another core has seen them; so no core ever has to be told of a change.
#![expect(unsafe_code, reason = "page tables are reached by address, and switched by instruction")]

use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use kernel::boot::ranges::{self, Ranges};
use kernel::boot::{Kind, Region};
use raw_cpuid::CpuId;
use spin::{Mutex, Once};
use x86_64::registers::control::{Cr4, Cr4Flags};

use super::stacks::Stacks;
use super::{memory, registers, sections};

const PAGE: u64 = 1 << 12;
const LARGE_PAGE: u64 = 1 << 21;
/// Addresses that are their own canonical form.
const ADDRESS_BITS_MAX: u32 = 47;

const PRESENT: u64 = 1;
const WRITABLE: u64 = 1 << 1;
const UNCACHED: u64 = 1 << 3 | 1 << 4; // PWT and PCD: entry 3 of the PAT
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// The PAT after reset (Intel SDM volume 3, 11.12.4), in case that firmware changed it.
const PAT_AT_RESET: u64 = 0x0007_0406_0007_0406;

static TABLES: Mutex<Option<Tables>> = Mutex::new(None);
static ROOT: AtomicU64 = AtomicU64::new(0);
static RAM: Once<Ranges> = Once::new();

/// Builds the tables for the image and all memory in `regions`, and switches to them.
pub(super) fn set_up(regions: &[Region]) {
    let Some(tables) = build(regions) else {
        panic!("not enough memory below 4 GiB for page tables");
    };
    ROOT.store(tables.root, Ordering::Release);
    *TABLES.lock() = Some(tables);
    activate();
}

/// The physical address of the top table.
pub(super) fn root() -> u64 {
    ROOT.load(Ordering::Acquire)
}

/// Switches this core to the tables and turns its protections on.
pub(super) fn activate() {
    let mut flags = Cr4::read();
    let features = CpuId::new().get_extended_feature_info();
    flags.set(
        Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION,
        features.as_ref().is_some_and(|cpu| cpu.has_smep()),
    );
    flags.set(
        Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION,
        features.is_some_and(|cpu| cpu.has_umip()),
    );
    // Without this, a machine check would reset the machine and say nothing.
    flags.insert(Cr4Flags::MACHINE_CHECK_EXCEPTION);
    // SAFETY: Neither protection concerns ring 0 in supervisor pages; machine checks have a vector.
    unsafe { Cr4::write(flags) };
    // SAFETY: Every processor with long mode has this register, and starts with this value.
    unsafe { registers::write_msr(registers::IA32_PAT, PAT_AT_RESET) };
    // SAFETY: The tables map all code, data and stacks at the addresses they already have.
    unsafe { x86::controlregs::cr3_write(root()) };
}

/// Maps `len` bytes of a device's registers at physical `address`, uncached, for good.
///
/// None if that is no place for a device (memory, page 0, beyond the processor's addresses), or
/// no memory is left for tables. Mapping a place again is fine.
pub(crate) fn map_mmio(address: u64, len: usize) -> Option<NonNull<u8>> {
    let range = pages(address, len)?;
    let is_memory = |ram: &Range<u64>| ram.start < range.end && range.start < ram.end;
    if RAM.get()?.iter().any(is_memory) {
        return None;
    }
    map_unless_present(address, range)
}

/// Maps what firmware left at `address`, be it in memory or in a ROM.
pub(super) fn map_firmware(address: u64, len: usize) -> Option<NonNull<u8>> {
    map_unless_present(address, pages(address, len)?)
}

/// Takes the guard pages of `stacks` out of the map. No other core may use them yet.
pub(super) fn unmap_guards(stacks: Stacks) -> Option<()> {
    let mut tables = TABLES.lock();
    let tables = tables.as_mut()?;
    for guard in stacks.guards() {
        tables.entry(guard, Level::Page)?.store(0, Ordering::Release);
        x86_64::instructions::tlb::flush(x86_64::VirtAddr::new(guard));
    }
    Some(())
}

fn map_unless_present(address: u64, range: Range<u64>) -> Option<NonNull<u8>> {
    TABLES.lock().as_mut()?.map(range, WRITABLE | UNCACHED | NO_EXECUTE)?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(usize::try_from(address).ok()?))
}

/// The whole pages around `len` bytes at `address`, if all of them may be mapped.
fn pages(address: u64, len: usize) -> Option<Range<u64>> {
    let bits = CpuId::new().get_processor_capacity_feature_info();
    let bits = bits.map_or(36, |cpu| u32::from(cpu.physical_address_bits())).min(ADDRESS_BITS_MAX);
    let end = address.checked_add(len as u64)?.checked_next_multiple_of(PAGE)?;
    let start = address & !(PAGE - 1);
    (len > 0 && start >= PAGE && end < 1 << bits).then_some(start..end)
}

fn build(regions: &[Region]) -> Option<Tables> {
    let mut tables = Tables { root: table()? };
    tables.map(sections::text(), 0)?;
    tables.map(sections::rodata(), NO_EXECUTE)?;
    tables.map(sections::data(), WRITABLE | NO_EXECUTE)?;
    let mut ram = ranges::of_kind(regions, Kind::Usable);
    // Where the list is full the tables stay unmapped until ACPI asks for them.
    for range in ranges::of_kind(regions, Kind::Acpi) {
        let _ = ram.push(range);
    }
    ranges::remove(&mut ram, 0..PAGE);
    ranges::remove(&mut ram, 1 << ADDRESS_BITS_MAX..u64::MAX);
    let whole = ram.clone();
    ranges::remove(&mut ram, sections::image());
    for range in ram {
        tables.map(range, WRITABLE | NO_EXECUTE)?;
    }
    RAM.call_once(|| whole);
    for guard in Stacks::at(sections::stacks()).guards() {
        tables.entry(guard, Level::Page)?.store(0, Ordering::Release);
    }
    Some(tables)
}

/// Which size of page an entry is for; the value is the number of the lowest address bit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Page = 12,
    LargePage = 21,
}

/// The tree of tables; each is a page of memory that is reached at its own address.
struct Tables {
    root: u64,
}

impl Tables {
    /// Maps what is not mapped yet of `range`, in large pages where both ends allow.
    fn map(&mut self, range: Range<u64>, flags: u64) -> Option<()> {
        let mut at = range.start;
        while at < range.end {
            let is_large = at.is_multiple_of(LARGE_PAGE) && range.end - at >= LARGE_PAGE;
            let next =
                if is_large { self.map_large(at, flags)? } else { self.map_page(at, flags)? };
            at = next;
        }
        Some(())
    }

    /// Maps 2 MiB at `at`, or a first page of it where tables exist already. Returns the next address.
    fn map_large(&mut self, at: u64, flags: u64) -> Option<u64> {
        let entry = self.entry(at, Level::LargePage)?;
        match entry.load(Ordering::Acquire) {
            0 => entry.store(at | flags | LARGE | PRESENT, Ordering::Release),
            old if old & LARGE != 0 => {}
            _ => return self.map_page(at, flags),
        }
        Some(at + LARGE_PAGE)
    }

    fn map_page(&mut self, at: u64, flags: u64) -> Option<u64> {
        let directory = self.entry(at, Level::LargePage)?;
        if directory.load(Ordering::Acquire) & LARGE == 0 {
            let entry = self.entry(at, Level::Page)?;
            if entry.load(Ordering::Acquire) == 0 {
                entry.store(at | flags | PRESENT, Ordering::Release);
            }
        }
        Some(at + PAGE)
    }

    /// The entry for `at`. Tables on the way are made; a large page in the way is split.
    fn entry(&mut self, at: u64, level: Level) -> Option<&'static AtomicU64> {
        let mut place = self.root;
        let mut shift = 39;
        loop {
            let entry = slot(place, (at >> shift) & 511);
            if shift == level as u32 {
                return Some(entry);
            }
            place = match entry.load(Ordering::Acquire) {
                0 => grown(entry)?,
                large if large & LARGE != 0 => split(entry, large)?,
                below => below & ADDRESS,
            };
            shift -= 9;
        }
    }
}

/// Hangs an empty table into `entry`.
fn grown(entry: &AtomicU64) -> Option<u64> {
    let below = table()?;
    entry.store(below | WRITABLE | PRESENT, Ordering::Release);
    Some(below)
}

/// Puts a table of 512 pages into the place of one large page, meaning the same.
fn split(entry: &AtomicU64, large: u64) -> Option<u64> {
    let below = table()?;
    for index in 0..512 {
        slot(below, index).store((large & !LARGE) + index * PAGE, Ordering::Relaxed);
    }
    entry.store(below | WRITABLE | PRESENT, Ordering::Release);
    Some(below)
}

/// An empty table.
fn table() -> Option<u64> {
    let page = memory::carve_dma(PAGE as usize, PAGE as usize)?;
    let address = page.as_mut_ptr().expose_provenance() as u64;
    // Before ours are in force, the boot tables reach 4 GiB.
    (root() != 0 || address < 1 << 32).then_some(address)
}

/// Entry `index` of the table at `table`.
fn slot(table: u64, index: u64) -> &'static AtomicU64 {
    let entry = core::ptr::with_exposed_provenance_mut((table + 8 * (index & 511)) as usize);
    // SAFETY: `table` is a page of tables of ours, mapped for good and only used as atomics.
    unsafe { AtomicU64::from_ptr(entry) }
}
