//! The real-time clock in CMOS: the date and time, to the second, that outlive the power.
//!
//! Register numbers and times are those of the Motorola MC146818A datasheet. The clock is taken to
//! show UTC. Two ports reach all registers in turn, so this is for core 0 alone.
#![expect(unsafe_code, reason = "the clock is behind ports")]

use kernel::cmos::{self, Registers};

use super::{acpi, registers, tsc};

const INDEX: u16 = 0x70; // bit 7 would mask NMIs
const DATA: u16 = 0x71;

const SECOND: u8 = 0x00;
const MINUTE: u8 = 0x02;
const HOUR: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATE: u8 = 0x0a; // register A
const MODE: u8 = 0x0b; // register B
const POWER: u8 = 0x0d; // register D

const IS_UPDATING: u8 = 1 << 7; // of STATE: an update has begun, or will within `QUIET_US`
const IS_VALID: u8 = 1 << 7; // of POWER: the power never failed

/// How long the registers stay as they are once no update was seen ("Update cycle").
const QUIET_US: u64 = 244;
/// An update takes 2 ms; an emulated one that takes longer is none.
const UPDATE_US: u64 = 20_000;
/// Readings of all registers before two in a row are the same.
const READINGS: usize = 4;

/// Seconds since 1970, UTC; none if there is no clock, or it says what cannot be. Takes a few
/// milliseconds, and 100 at most. The second itself may be anywhere in its course.
pub(crate) fn read() -> Option<u64> {
    if !acpi::platform().fixed.has_cmos_clock || register(POWER) & IS_VALID == 0 {
        return None;
    }
    let mut last = registers_between_updates()?;
    for _ in 0..READINGS {
        let now = registers_between_updates()?;
        if now == last {
            return now.date()?.to_unix();
        }
        last = now;
    }
    None
}

/// The second of the minute, without waiting; none while the clock is being updated, or if there
/// is none. To be asked often: where it turns, [`read`]'s next second began.
pub(crate) fn second() -> Option<u8> {
    let start = tsc::now();
    if !acpi::platform().fixed.has_cmos_clock || is_updating() {
        return None;
    }
    let (mode, second) = (register(MODE), register(SECOND));
    let is_quiet = tsc::now().wrapping_sub(start) <= tsc::ticks_in_us(QUIET_US);
    cmos::number(mode, second).filter(|&second| second < 60 && is_quiet)
}

/// All registers, read after an update was over. If that took too long, the next reading differs.
fn registers_between_updates() -> Option<Registers> {
    if !tsc::wait_until(UPDATE_US, || !is_updating()) {
        return None;
    }
    Some(Registers {
        mode: register(MODE),
        second: register(SECOND),
        minute: register(MINUTE),
        hour: register(HOUR),
        day: register(DAY),
        month: register(MONTH),
        year: register(YEAR),
        century: acpi::platform().fixed.century.map(register),
    })
}

fn is_updating() -> bool {
    register(STATE) & IS_UPDATING != 0
}

fn register(number: u8) -> u8 {
    // SAFETY: The port belongs to the clock, which reaches no memory.
    unsafe { registers::write_port8(INDEX, number) };
    // SAFETY: As above; none of the registers that are used changes by being read.
    unsafe { registers::read_port8(DATA) }
}
