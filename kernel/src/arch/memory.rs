//! The memory map, handed out once: what is carved is carved for good.
//!
//! The carver takes from the lowest free address upwards, of the node that was asked for if any.
//! Until `paging::set_up` is done, only memory below 4 GiB is reachable; the tables made there are
//! the first thing ever carved.
#![expect(unsafe_code, reason = "this is where plain addresses become memory with an owner")]

use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};

use kernel::boot::ranges::{self, Ranges};
use kernel::boot::{Kind, Region};
use spin::{Mutex, Once};

use super::{acpi, sections};

/// Everything below is left to the firmware and the start of other cores.
const LOW: u64 = 1 << 20;
/// Nothing is carved finer than a cache line, so that no two owners share one.
const LINE: u64 = 64;

static FREE: Mutex<Ranges> = Mutex::new(Ranges::new());
/// The node that memory is carved of, or `ANY`.
static NODE: AtomicU16 = AtomicU16::new(ANY);
const ANY: u16 = u16::MAX;
static TOTAL: Once<u64> = Once::new();
static TRAMPOLINE: Once<Option<u64>> = Once::new();

/// Takes over all usable memory of `regions` but the image, the loader's `block` and `module`, and
/// the first MiB. The block is already copied, but it may lie inside of the image's own pages.
pub(super) fn set_up(regions: &[Region], block: Range<u64>, module: Range<u64>) {
    let mut usable = ranges::of_kind(regions, Kind::Usable);
    TOTAL.call_once(|| usable.iter().map(|range| range.end - range.start).sum());
    TRAMPOLINE.call_once(|| low_page(&usable, &block));
    for taken in [0..LOW, sections::image(), block, module] {
        ranges::remove(&mut usable, taken);
    }
    *FREE.lock() = usable;
}

/// All usable memory of the machine, in bytes, the image and low memory included.
pub(crate) fn total() -> u64 {
    TOTAL.get().copied().unwrap_or(0)
}

/// Memory that is still free, in bytes.
pub(crate) fn free() -> u64 {
    FREE.lock().iter().map(|range| range.end - range.start).sum()
}

/// Does `act`; what it carves is memory of `node`, as far as that has some left. For core 0.
pub(crate) fn on_node<T>(node: u8, act: impl FnOnce() -> T) -> T {
    let before = NODE.swap(node.into(), Ordering::Relaxed);
    let done = act();
    NODE.store(before, Ordering::Relaxed);
    done
}

/// Memory for `count` values, made by `init` from their index, for good.
///
/// None if no free range is large enough, or there is nothing to make.
pub(crate) fn carve_with<T: 'static>(
    count: usize,
    mut init: impl FnMut(usize) -> T,
) -> Option<&'static mut [T]> {
    let len = count.checked_mul(size_of::<T>())?;
    let place: NonNull<T> = take(len, align_of::<T>())?.cast();
    for index in 0..count {
        // SAFETY: `index` is below `count`, for which there is room.
        let element = unsafe { place.add(index) };
        // SAFETY: The place is ours alone, aligned and large enough.
        unsafe { element.write(init(index)) };
    }
    // SAFETY: All elements were just written; nobody else ever gets this memory.
    Some(unsafe { core::slice::from_raw_parts_mut(place.as_ptr(), count) })
}

/// `len` bytes of zeroes at a multiple of `align`, one piece of physical memory, for good.
///
/// Physical and virtual addresses are the same. None if no free range is large enough.
pub(crate) fn carve_dma(len: usize, align: usize) -> Option<&'static mut [u8]> {
    let place = take(len, align)?;
    // SAFETY: `take` gave us these bytes alone.
    unsafe { place.write_bytes(0, len) };
    // SAFETY: Just written, and nobody else ever gets this memory.
    Some(unsafe { core::slice::from_raw_parts_mut(place.as_ptr(), len) })
}

/// A page below 1 MiB that other cores may start in.
pub(super) fn trampoline() -> Option<u64> {
    TRAMPOLINE.get().copied().flatten()
}

/// Cuts `len` bytes at a multiple of `align` out of the lowest range that has them.
fn take(len: usize, align: usize) -> Option<NonNull<u8>> {
    let (len, align) = ((len as u64).checked_next_multiple_of(LINE)?, (align as u64).max(LINE));
    if len == 0 || !align.is_power_of_two() {
        return None;
    }
    let near = |node| acpi::platform().nodes.memory_of(node);
    let near = u8::try_from(NODE.load(Ordering::Relaxed)).ok().map(near);
    let start = ranges::carve(&mut FREE.lock(), (len, align), near.into_iter().flatten())?;
    NonNull::new(core::ptr::with_exposed_provenance_mut(usize::try_from(start).ok()?))
}

fn low_page(usable: &Ranges, block: &Range<u64>) -> Option<u64> {
    let mut low = usable.clone();
    for taken in [0..0x1000, 0xa_0000..u64::MAX, block.clone()] {
        ranges::remove(&mut low, taken);
    }
    // The highest page is the last that firmware would scribble over; early ones hold its tables.
    low.last().map(|range| range.end - 0x1000).filter(|page| page & !0xf_f000 == 0)
}
