//! Hardware at fixed places: a timer, what resets the machine, its clock (5.2.9).

use super::table::{Fault, generic_address};
use crate::boot::bytes::{u8_at, u16_at, u32_at};

const REVISION: usize = 8;
const PM_TIMER_BLOCK: usize = 76;
const CENTURY: usize = 108;
const BOOT_FLAGS: usize = 109;
const FLAGS: usize = 112;
const RESET_REGISTER: usize = 116;
const RESET_VALUE: usize = 128;
const WIDE_PM_TIMER_BLOCK: usize = 208;

const LEN_OF_FIRST_VERSION: usize = 116;
const LEN_WITH_RESET: usize = 129;

const HAS_NO_CMOS_CLOCK: u16 = 1 << 5; // of BOOT_FLAGS
const HAS_RESET_REGISTER: u32 = 1 << 10; // of FLAGS

/// A register of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// An I/O port.
    Port(u16),
    /// A physical address.
    Memory(u64),
}

/// What the table tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Port of the power management timer.
    pub pm_timer: Option<u16>,
    /// Where to write what to reset the machine.
    pub reset: Option<(Register, u8)>,
    /// Whether a clock may be asked at the usual ports.
    pub has_cmos_clock: bool,
    /// The register of that clock that holds the century.
    pub century: Option<u8>,
}

impl Fixed {
    /// What a PC has that does not tell.
    pub(super) const USUAL: Self =
        Self { pm_timer: None, reset: None, has_cmos_clock: true, century: None };

    pub(super) fn read(table: &[u8]) -> Result<Self, Fault> {
        let fixed = table.get(LEN_OF_FIRST_VERSION..).and_then(|_| Self::of(table));
        fixed.ok_or(Fault::Length(table.len() as u32))
    }

    fn of(table: &[u8]) -> Option<Self> {
        let is_wide = u8_at(table, REVISION)? >= 2;
        let has_clock = !is_wide || u16_at(table, BOOT_FLAGS)? & HAS_NO_CMOS_CLOCK == 0;
        // Registers of the clock end at 127, and 0 stands for none.
        let century = u8_at(table, CENTURY).filter(|register| (1..128).contains(register));
        Some(Self {
            pm_timer: pm_timer(table),
            reset: reset(table),
            has_cmos_clock: has_clock,
            century,
        })
    }
}

/// The wide address counts where there is one.
fn pm_timer(table: &[u8]) -> Option<u16> {
    let wide = register(table, WIDE_PM_TIMER_BLOCK);
    let narrow = || u32_at(table, PM_TIMER_BLOCK).map(u64::from).and_then(port);
    match wide.or_else(narrow) {
        Some(Register::Port(port)) => Some(port),
        _ => None,
    }
}

fn reset(table: &[u8]) -> Option<(Register, u8)> {
    let is_there = u32_at(table, FLAGS)? & HAS_RESET_REGISTER != 0;
    table.get(..LEN_WITH_RESET).filter(|_| is_there)?;
    register(table, RESET_REGISTER).zip(u8_at(table, RESET_VALUE))
}

/// The register whose address begins at byte `at`, if there is one.
fn register(table: &[u8], at: usize) -> Option<Register> {
    match generic_address(table, at)? {
        (_, 0) => None,
        (0, address) => Some(Register::Memory(address)),
        (1, address) => port(address),
        _ => None,
    }
}

fn port(address: u64) -> Option<Register> {
    u16::try_from(address).ok().filter(|&port| port != 0).map(Register::Port)
}
