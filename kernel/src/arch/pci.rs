//! Access to PCI configuration space: by memory where ACPI says so (ECAM), else by ports.
#![expect(unsafe_code, reason = "configuration space is reached by address and port")]

use core::ptr::NonNull;

use bit_field::BitField;
use heapless::Vec;
use kernel::boot::acpi::{SEGMENTS, Segment, last_buses};
use pci_types::{ConfigRegionAccess, PciAddress};
use spin::{Mutex, Once};

use super::{acpi, crash, paging, registers};

const ADDRESS_PORT: u16 = 0xcf8;
const DATA_PORT: u16 = 0xcfc;
/// What is read where no device answers.
const NOTHING: u32 = u32::MAX;

static WINDOWS: Once<Vec<Window, SEGMENTS>> = Once::new();
/// Address and data are two accesses.
static PORTS: Mutex<()> = Mutex::new(());

/// Configuration space of all segments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config;

/// The segments there are, with the last bus of each. Ports reach all of segment 0, wherever it is mapped.
pub(crate) fn segments() -> impl Iterator<Item = (u16, u8)> {
    let others = windows().iter().map(|window| &window.segment).filter(|it| it.group != 0);
    core::iter::once((0, 255)).chain(last_buses(others))
}

impl ConfigRegionAccess for Config {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        match place(address, offset) {
            // SAFETY: The place lies in the window of the register's bus, mapped for good.
            Some(place) => unsafe { registers::read_by_eax(place) },
            None => by_port(address, offset, || {
                // SAFETY: The address port names a register that the caller may read.
                unsafe { registers::read_port32(DATA_PORT) }
            })
            .unwrap_or(NOTHING),
        }
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        match place(address, offset) {
            // SAFETY: The place lies in the window of the register's bus; the caller may write it.
            Some(place) => unsafe { registers::write_by_eax(place, value) },
            None => {
                by_port(address, offset, || {
                    // SAFETY: The address port names a register that the caller may write.
                    unsafe { registers::write_port32(DATA_PORT, value) };
                });
            }
        }
    }
}

/// A segment's registers, 1 MiB for each bus.
struct Window {
    segment: Segment,
    /// Where the first of its buses is mapped.
    base: usize,
}

fn windows() -> &'static Vec<Window, SEGMENTS> {
    WINDOWS.call_once(|| acpi::platform().segments.iter().filter_map(window).collect())
}

fn window(segment: &Segment) -> Option<Window> {
    let buses = segment.buses.clone();
    let first = segment.base + (u64::from(*buses.start()) << 20);
    let base = paging::map_mmio(first, buses.len() << 20);
    if base.is_none() {
        let group = segment.group;
        crash::say(format_args!(
            "warning: the registers of PCI segment {group} at {first:#x} cannot be mapped"
        ));
    }
    Some(Window { segment: segment.clone(), base: base?.as_ptr().expose_provenance() })
}

/// Where the register is mapped, if its bus has a window.
fn place(address: PciAddress, offset: u16) -> Option<NonNull<u32>> {
    let is_home = |window: &&Window| {
        window.segment.group == address.segment() && window.segment.buses.contains(&address.bus())
    };
    let window = windows().iter().find(is_home)?;
    let bus = usize::from(address.bus() - window.segment.buses.start());
    let function =
        usize::from(address.device() & 31) << 15 | usize::from(address.function() & 7) << 12;
    let register = usize::from(offset & 0xffc);
    NonNull::new(core::ptr::with_exposed_provenance_mut(
        window.base + (bus << 20 | function | register),
    ))
}

/// Runs `access` on the port behind which the byte at `offset` is, for registers that are to be reached by
/// less than a word; none where ports do not reach.
pub(super) fn by_byte<T>(
    address: PciAddress,
    offset: u8,
    access: impl FnOnce(u16) -> T,
) -> Option<T> {
    by_port(address, offset.into(), || access(DATA_PORT + u16::from(offset & 3)))
}

/// Names the register to the ports and runs `access`, if ports can reach it
/// (PCI Local Bus Specification 3.0, 3.2.2.3.2).
fn by_port<T>(address: PciAddress, offset: u16, access: impl FnOnce() -> T) -> Option<T> {
    if address.segment() != 0 || offset > 0xff {
        return None;
    }
    let mut name = 0;
    name.set_bit(31, true);
    name.set_bits(16..24, u32::from(address.bus()));
    name.set_bits(11..16, u32::from(address.device()));
    name.set_bits(8..11, u32::from(address.function()));
    name.set_bits(0..8, u32::from(offset & 0xfc));
    // Who held it in a crash has stopped, and gives it back no more.
    let _both = if crash::is_reported_here() { PORTS.try_lock() } else { Some(PORTS.lock()) };
    // SAFETY: This port only names a register.
    unsafe { registers::write_port32(ADDRESS_PORT, name) };
    Some(access())
}
