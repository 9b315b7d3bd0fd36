//! The platform's watchdog: found, fed while core 0 goes round its loop, and what a crash makes of it.
#![expect(unsafe_code, reason = "the ports and registers of a chip are handed to its driver here")]

use core::fmt::{self, Display, Formatter};
use core::sync::atomic::{AtomicU32, Ordering};

use bus::Registers;
use bus::pci::Seen;
use kernel::options::HwWatchdog;
use pci_types::PciAddress;
use spin::Once;
use watchdog::{I6300esb, Ib700, Itco, ItcoPlace, Watchdog};

use crate::arch::crash;
use crate::arch::narrow::{IoPorts, Narrow};
use crate::ports;

const INTEL: u16 = 0x8086;
/// Bytes of the registers of an i6300ESB.
const REGISTERS: usize = 16;

static CHIP: Once<Chip> = Once::new();
/// Seconds that core 0 may stand still; 0 while nothing watches.
static SECONDS: AtomicU32 = AtomicU32::new(0);

struct Chip(Watchdog<Registers, Narrow, IoPorts>);

// SAFETY: Its registers reach no memory. Core 0 uses them, and a core that crashes, which has stopped core 0
// before; should that not stop, the worst that comes of both is a reset.
unsafe impl Sync for Chip {}

/// What became of a wish for a watchdog.
pub(crate) enum State {
    /// This chip resets the machine when core 0 stands still for so many seconds.
    Watches(&'static str, u32),
    /// None that is known is there.
    Absent,
    /// It cannot be used.
    Refuses(&'static str, watchdog::Error),
}

impl Display for State {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watches(chip, seconds) => {
                write!(out, "hw-watchdog: {chip} resets the machine if core 0 stands still for {seconds} s")
            }
            Self::Absent => out.write_str(
                "error: hw-watchdog: none is found (i6300esb, iTCO); nothing tells of an ib700: name it",
            ),
            Self::Refuses(chip, error) => {
                write!(out, "error: hw-watchdog: {chip} does not watch: {error:?}")
            }
        }
    }
}

/// Has the chip that is wished for watch from now on.
#[inline(never)]
pub(crate) fn start(wish: HwWatchdog) -> State {
    let found = if wish.is_ib700 { Some(Watchdog::Ib700(Ib700::new(io_ports()))) } else { find() };
    let Some(chip) = found else { return State::Absent };
    let Chip(chip) = CHIP.call_once(|| Chip(chip));
    match chip.start(wish.seconds) {
        Ok(seconds) => {
            SECONDS.store(seconds, Ordering::Relaxed);
            State::Watches(chip.name(), seconds)
        }
        Err(error) => State::Refuses(chip.name(), error),
    }
}

/// Core 0 goes round, or a report gets on.
pub(crate) fn feed() {
    let seconds = SECONDS.load(Ordering::Relaxed);
    if let Some(Chip(chip)) = CHIP.get().filter(|_| seconds > 0) {
        chip.feed(seconds);
    }
}

/// Has it watch no more.
pub(crate) fn stop() {
    if let Some(Chip(chip)) = CHIP.get().filter(|_| SECONDS.swap(0, Ordering::Relaxed) > 0) {
        chip.stop();
    }
}

/// A report begins: it may be read for as long as anybody likes, unless the machine is to start again anyway.
/// Then the chip is the second way to that.
pub(crate) fn on_crash() {
    if crash::restarts() { feed() } else { stop() }
}

/// The chip made for it before what the chip set has.
fn find() -> Option<Watchdog<Registers, Narrow, IoPorts>> {
    let intels = || ports::functions().filter(|(_, seen)| seen.vendor == INTEL);
    let is_own = |seen: &Seen| seen.device == I6300esb::<Registers, Narrow>::DEVICE;
    let own = intels().filter(|(_, seen)| is_own(seen)).find_map(|(segment, seen)| {
        let address = segment.take_over(seen.address).ok()?.bar(0).ok()?.address;
        let registers = ports::map(address, REGISTERS)?;
        Some(Watchdog::I6300esb(I6300esb::new(registers, config(seen.address))))
    });
    let in_bridge = || {
        intels().find_map(|(segment, seen)| {
            let bridge = segment.look(seen.address)?;
            let place = ItcoPlace::of(seen.device, |offset| bridge.read(offset))?;
            let gcs = ports::map(place.gcs, size_of::<u32>())?;
            Some(Watchdog::Itco(Itco::new(gcs, io_ports(), place.ports)))
        })
    };
    own.or_else(in_bridge)
}

fn config(address: PciAddress) -> Narrow {
    // SAFETY: The function is a watchdog, which reaches no memory.
    unsafe { Narrow::new(address) }
}

fn io_ports() -> IoPorts {
    // SAFETY: A driver of watchdogs uses those of its chip, which reaches no memory.
    unsafe { IoPorts::new() }
}
