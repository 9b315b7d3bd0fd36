//! Clocks of known speed, to measure the TSC by: HPET, ACPI power management timer, 8254.
#![expect(unsafe_code, reason = "the clocks are behind ports and addresses")]

use core::ptr::NonNull;

use super::{acpi, paging, registers, tsc};

/// How long a measurement takes, as a part of a second.
const PART: u64 = 100;
/// A clock that has not counted a hundredth of a second by then stands still; at most 2 s.
const PATIENCE: u64 = 1 << 32;
/// A clock that has not moved at all by then stands still.
const PATIENCE_FOR_A_TICK: u64 = 1 << 26;

/// A clock that counts for good.
#[derive(Debug)]
pub(super) struct Counter {
    place: Place,
    /// Steps in a second.
    pub(super) hertz: u64,
    /// The last number before it goes round.
    pub(super) mask: u32,
}

/// Where a counter is read.
#[derive(Debug)]
enum Place {
    /// The HPET whose registers start there.
    Hpet(NonNull<u8>),
    /// A port that is read without effects.
    Port(u16),
}

/// The TSC and a counter at the same moment.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) tsc: u64,
    pub(super) value: u32,
    /// By how many ticks of the TSC the two may be apart.
    pub(super) error: u64,
}

impl Counter {
    /// The HPET's, made to run (IA-PC HPET Specification 1.0a, 2.3).
    pub(super) fn hpet() -> Option<Self> {
        const CAPABILITIES_PERIOD: usize = 0x04;
        const CONFIGURATION: usize = 0x10;
        const FEMTOSECONDS: u64 = 1_000_000_000_000_000;
        const PERIOD_MAX: u64 = 100_000_000;

        let base = paging::map_mmio(acpi::platform().hpet?, 0x400)?;
        let period = u64::from(read_register(base, CAPABILITIES_PERIOD));
        if period == 0 || period > PERIOD_MAX {
            return None;
        }
        let configuration = read_register(base, CONFIGURATION);
        // SAFETY: The register lies in the page just mapped.
        let place = unsafe { base.byte_add(CONFIGURATION) };
        // SAFETY: As above; bit 0 makes the counter run, which reaches no memory.
        unsafe { place.cast::<u32>().write_volatile(configuration | 1) };
        let hertz = FEMTOSECONDS / period;
        Some(Self { place: Place::Hpet(base), hertz, mask: u32::MAX })
    }

    /// The power management timer, of which 24 bits are sure (ACPI 6.4, 4.8.3.3).
    pub(super) fn pm_timer() -> Option<Self> {
        let port = acpi::platform().fixed.pm_timer?;
        Some(Self { place: Place::Port(port), hertz: 3_579_545, mask: 0xff_ffff })
    }

    /// The TSC and the counter: of a few readings, the one that took least time.
    pub(super) fn read_with_tsc(&self) -> Reading {
        let once = || {
            let before = tsc::now();
            let value = self.read();
            (tsc::now().wrapping_sub(before), before, value)
        };
        let (took, before, value) = [once(), once(), once()].into_iter().min().unwrap_or_else(once);
        Reading { tsc: before.wrapping_add(took / 2), value, error: took.div_ceil(2) }
    }

    /// Ticks of the TSC per second, measured while the counter counts a part of a second.
    fn measure(&self) -> Option<u64> {
        let first = self.read_with_tsc();
        loop {
            let last = self.read_with_tsc();
            let counted = u64::from(last.value.wrapping_sub(first.value) & self.mask);
            let ticks = last.tsc.wrapping_sub(first.tsc);
            if counted >= self.hertz / PART {
                let ticks = u128::from(ticks) * u128::from(self.hertz);
                return u64::try_from(ticks / u128::from(counted)).ok();
            }
            if ticks > PATIENCE || counted == 0 && ticks > PATIENCE_FOR_A_TICK {
                return None;
            }
        }
    }

    fn read(&self) -> u32 {
        const COUNTER: usize = 0xf0;

        match self.place {
            Place::Hpet(base) => read_register(base, COUNTER),
            // SAFETY: The firmware names this port as a counter that is read without effects.
            Place::Port(port) => unsafe { registers::read_port32(port) },
        }
    }
}

/// Ticks per second, against the HPET.
pub(super) fn by_hpet() -> Option<u64> {
    Counter::hpet()?.measure()
}

/// Ticks per second, against the power management timer.
pub(super) fn by_pm_timer() -> Option<u64> {
    Counter::pm_timer()?.measure()
}

/// Ticks per second, against counter 2 of the 8254, which port 0x61 starts and shows.
pub(super) fn by_pit() -> Option<u64> {
    const HZ: u64 = 1_193_182;
    const GATE: u8 = 1 << 0;
    const SPEAKER: u8 = 1 << 1;
    const OUTPUT: u8 = 1 << 5;
    const COUNTER_2_ONCE: u8 = 0xb0; // both bytes, mode 0: the output rises when 0 is reached
    let count = (HZ / PART) as u16;

    let control = read8(0x61) & !(GATE | SPEAKER);
    write8(0x61, control);
    write8(0x43, COUNTER_2_ONCE);
    let [low, high] = count.to_le_bytes();
    write8(0x42, low);
    write8(0x42, high);
    let start = tsc::now();
    write8(0x61, control | GATE);
    let is_over = || read8(0x61) & OUTPUT != 0;
    // An output that is high from the start is no counter's.
    if is_over() {
        return None;
    }
    while !is_over() {
        if tsc::now().wrapping_sub(start) > PATIENCE {
            return None;
        }
    }
    Some(tsc::now().wrapping_sub(start) * HZ / u64::from(count))
}

fn read_register(base: NonNull<u8>, offset: usize) -> u32 {
    // SAFETY: All offsets that are used lie in the page that was mapped.
    let place = unsafe { base.byte_add(offset) };
    // SAFETY: As above, and reading a register of the HPET has no effects.
    unsafe { place.cast::<u32>().read_volatile() }
}

fn read8(port: u16) -> u8 {
    // SAFETY: Only used for the ports of the 8254 and its gate, which reach no memory.
    unsafe { registers::read_port8(port) }
}

fn write8(port: u16, value: u8) {
    // SAFETY: As in `read8`.
    unsafe { registers::write_port8(port, value) };
}
