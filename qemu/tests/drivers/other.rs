//! The driver `ixgbe-driver`, on registers that are plain memory.
//!
//! It reaches registers by pointers, so nothing can behave while it does. But each of its waits asks
//! the host to let time pass, and then the card does what the driver waits for.

#![expect(unsafe_code, reason = "the driver's interface to its host is unsafe")]

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Result, anyhow};
use ixgbe_driver::{IxgbeDevice, IxgbeHal, MemPool};

/// Where CTRL is, and its bits that begin a reset.
const CTRL: usize = 0;
const RESET: u32 = 1 << 26 | 1 << 3;
/// Descriptors of each ring, as our driver has them.
const RING: usize = 512;
/// Its pool: the least that it takes.
const BUFFERS: usize = 4096;
const BUFFER: usize = 2048;
/// What devices' memory is aligned to.
const PAGE: usize = 4096;

/// Registers, word by word, and what they are after a reset.
static REGISTERS: OnceLock<(Vec<AtomicU32>, Vec<u32>)> = OnceLock::new();

/// The host of that driver.
struct Host;

// SAFETY: Memory is allocated as asked for and never given back, and nothing is mapped.
unsafe impl IxgbeHal for Host {
    fn dma_alloc(size: usize) -> (usize, NonNull<u8>) {
        let layout = Layout::from_size_align(size.max(1), PAGE).expect("a size that is possible");
        // SAFETY: The layout is of one byte at least.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout) });
        let memory = memory.unwrap_or_else(|| handle_alloc_error(layout));
        (memory.as_ptr().expose_provenance(), memory)
    }

    unsafe fn dma_dealloc(_: usize, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(_: usize, _: usize) -> NonNull<u8> {
        unreachable!("it is told where the registers are")
    }

    unsafe fn mmio_virt_to_phys(address: NonNull<u8>, _: usize) -> usize {
        address.as_ptr().expose_provenance()
    }

    fn wait_until(_: Duration) -> Result<(), &'static str> {
        if let Some((registers, after_reset)) = REGISTERS.get()
            && registers[CTRL].load(Relaxed) & RESET != 0
        {
            registers.iter().zip(after_reset).for_each(|(it, value)| it.store(*value, Relaxed));
        }
        Ok(())
    }
}

/// Brings a card up whose registers are `after_reset` after a reset, and returns what they are then.
/// Once in a process.
pub(crate) fn bring_up(after_reset: Vec<u32>) -> Result<Vec<u32>> {
    let registers = after_reset.iter().copied().map(AtomicU32::new).collect();
    let registers = &REGISTERS.get_or_init(|| (registers, after_reset)).0;
    let failed = |error| anyhow!("ixgbe-driver: {error:?}");
    let pool = MemPool::allocate::<Host>(BUFFERS, BUFFER).map_err(failed)?;
    let (start, len) = (registers.as_ptr().expose_provenance(), 4 * registers.len());
    let device = IxgbeDevice::<Host, RING>::init(start, len, 1, 1, &pool).map_err(failed)?;
    std::mem::forget(device);
    Ok(registers.iter().map(|it| it.load(Relaxed)).collect())
}
