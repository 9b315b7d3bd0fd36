//! The TCO timer of Intel's chip sets from ICH6 to the 9 series (ICH9 datasheet 316972, 13.9): it counts
//! down twice, and the second time resets the machine, unless the bit NO_REBOOT is set. Where firmware has
//! asked to be told of the first time by an SMI, it resets the machine then, as a rule.

use bus::Mmio;

use crate::{Error, Ports};

/// Of the LPC bridge's configuration space: where its I/O ports and its memory are.
const PMBASE: u8 = 0x40; // 13.1.13
const ACPI_CNTL: u8 = 0x44; // 13.1.14
const RCBA: u8 = 0xf0; // 13.1.35

const ACPI_IS_ON: u32 = 1 << 7; // of ACPI_CNTL
const RCBA_IS_ON: u32 = 1; // of RCBA
const TCO: u16 = 0x60; // from PMBASE on

/// Of SMI_EN (13.8.3), which lies before them, 4 bytes from PMBASE + 0x30 on: both lead the timer to firmware.
const SMI_EN: u16 = 0x30;
const TCO_EN: u32 = 1 << 13;
const GBL_SMI_EN: u32 = 1;

const TCO_RLD: u16 = 0x00; // any write reloads
const TCO1_STS: u16 = 0x04;
const TCO2_STS: u16 = 0x06;
const TCO1_CNT: u16 = 0x08;
const TCO_TMR: u16 = 0x12;

/// Written, these bits are cleared.
const TIMEOUT: u16 = 1 << 3; // of TCO1_STS
const SECOND_TO_STS: u16 = 1 << 1; // of TCO2_STS
const TCO_TMR_HLT: u16 = 1 << 11; // of TCO1_CNT
const NMI_NOW: u16 = 1 << 8; // of TCO1_CNT: a 1 that is written back turns it
const TICKS: u16 = 0x3ff; // of TCO_TMR
const NO_REBOOT: u32 = 1 << 5; // of GCS

/// Ticks that each of both times can have: fewer are ignored.
const FEWEST: u32 = 4;
/// Tenths of a second of a tick.
const TICK: u32 = 6;

/// LPC bridges that have it so: first and last of each family of numbers.
const FAMILIES: [(u16, u16); 17] = [
    (0x2640, 0x2642), // ICH6
    (0x2670, 0x267f), // 631xESB, 632xESB
    (0x27b0, 0x27bd), // ICH7, NM10
    (0x2810, 0x2815), // ICH8
    (0x2912, 0x2919), // ICH9
    (0x3a14, 0x3a1a), // ICH10
    (0x3b00, 0x3b1f), // 5 series, 3400
    (0x1c40, 0x1c5f), // 6 series, C200
    (0x1d40, 0x1d41), // C600, X79
    (0x1e40, 0x1e5f), // 7 series, C216
    (0x2310, 0x2310), // DH89xxCC
    (0x8c40, 0x8c5f), // 8 series, C220
    (0x8cc1, 0x8cc6), // 9 series
    (0x8d40, 0x8d5f), // C610, X99
    (0x9c40, 0x9c47), // 8 series of low power
    (0x9cc1, 0x9cc9), // 9 series of low power
    (0x2390, 0x2390), // Coleto Creek
];

/// The timer.
pub struct Itco<M, P> {
    /// General control and status, in memory.
    gcs: M,
    ports: P,
    base: u16,
}

/// Where the timer of an LPC bridge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first of its I/O ports.
    pub ports: u16,
    /// The register that allows it to reset the machine, 4 bytes in memory.
    pub gcs: u64,
}

impl Place {
    /// That of the bridge with this number of Intel's (vendor 8086), whose configuration space `read`
    /// reads in words; none if it has no such timer, or firmware gave it no place.
    pub fn of(device: u16, read: impl Fn(u8) -> u32) -> Option<Self> {
        let is_known = FAMILIES.iter().any(|(first, last)| (*first..=*last).contains(&device));
        let is_on = is_known && read(ACPI_CNTL) & ACPI_IS_ON != 0 && read(RCBA) & RCBA_IS_ON != 0;
        let (ports, memory) = (read(PMBASE) as u16 & 0xff80, u64::from(read(RCBA) & 0xffff_c000));
        // 10.1.75: GCS is at 3410 from the base.
        (is_on && ports != 0 && memory != 0)
            .then_some(Self { ports: ports + TCO, gcs: memory + 0x3410 })
    }
}

impl<M: Mmio, P: Ports> Itco<M, P> {
    /// The timer whose register GCS is `gcs`, and whose `ports` begin at `base`.
    pub const fn new(gcs: M, ports: P, base: u16) -> Self {
        Self { gcs, ports, base }
    }

    pub(crate) fn start(&self, seconds: u32) -> Result<u32, Error> {
        if !self.may_reset(true) {
            return Err(Error::MayNotReset);
        }
        let tenths = if self.leads_to_firmware() { TICK } else { 2 * TICK };
        let ticks = (seconds.saturating_mul(10) / tenths).clamp(FEWEST, TICKS.into()) as u16;
        self.halt(true);
        self.write(TCO1_STS, TIMEOUT);
        self.write(TCO2_STS, SECOND_TO_STS);
        self.write(TCO_TMR, self.read(TCO_TMR) & !TICKS | ticks);
        self.feed();
        self.halt(false);
        let is_set = self.read(TCO_TMR) & TICKS == ticks && self.read(TCO1_CNT) & TCO_TMR_HLT == 0;
        if !is_set {
            self.stop();
            return Err(Error::Refused);
        }
        Ok(u32::from(ticks) * tenths / 10)
    }

    pub(crate) fn feed(&self) {
        self.write(TCO_RLD, 1);
    }

    pub(crate) fn stop(&self) {
        self.halt(true);
        self.may_reset(false);
    }

    /// Has it be allowed to reset the machine, or not; says whether it is as it was told.
    fn may_reset(&self, is_allowed: bool) -> bool {
        let rest = self.gcs.read32(0) & !NO_REBOOT;
        let value = if is_allowed { rest } else { rest | NO_REBOOT };
        self.gcs.write32(0, value);
        self.gcs.read32(0) == value
    }

    /// Whether the first time that it comes to its end is the last.
    fn leads_to_firmware(&self) -> bool {
        let both = TCO_EN | GBL_SMI_EN;
        self.ports.read32(self.base - TCO + SMI_EN) & both == both
    }

    fn halt(&self, is_halted: bool) {
        let rest = self.read(TCO1_CNT) & !(TCO_TMR_HLT | NMI_NOW);
        self.write(TCO1_CNT, if is_halted { rest | TCO_TMR_HLT } else { rest });
    }

    fn read(&self, register: u16) -> u16 {
        self.ports.read16(self.base + register)
    }

    fn write(&self, register: u16, value: u16) {
        self.ports.write16(self.base + register, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::played::{Chip, Write};

    const BASE: u16 = 0x660;

    fn chip() -> (Chip, Itco<Chip, Chip>) {
        let chip = Chip::default();
        chip.preset(0, NO_REBOOT | 3);
        chip.preset_port(BASE + TCO1_CNT, TCO_TMR_HLT | NMI_NOW | 1 << 9);
        chip.preset_port(BASE + TCO_TMR, 0x8004);
        (chip.clone(), Itco::new(chip.clone(), chip, BASE))
    }

    #[test]
    fn it_may_reset_before_it_runs_and_keeps_what_is_not_its_own() {
        let (played, chip) = chip();
        assert_eq!(chip.start(30), Ok(30));
        let port = |register: u16, value| Write::Port(BASE + register, value);
        let expected = [
            Write::Register(0, 3),
            port(TCO1_CNT, 0xa00),
            port(TCO1_STS, 8),
            port(TCO2_STS, 2),
            port(TCO_TMR, 0x8019),
            port(TCO_RLD, 1),
            port(TCO1_CNT, 0x200),
        ];
        assert_eq!(played.writes(), expected);
    }

    #[test]
    fn a_timer_that_is_stopped_may_not_reset_either() {
        let (played, chip) = chip();
        chip.start(30).unwrap();
        let before = played.writes().len();
        chip.feed();
        chip.stop();
        let port = |register: u16, value| Write::Port(BASE + register, value);
        let expected = [port(TCO_RLD, 1), port(TCO1_CNT, 0xa00), Write::Register(0, NO_REBOOT | 3)];
        assert_eq!(played.writes()[before..], expected);
    }

    #[test]
    fn what_it_cannot_do_is_as_near_as_it_can() {
        for (wanted, can) in [(0, 4), (5, 4), (30, 30), (600, 600), (u32::MAX, 1227)] {
            assert_eq!(chip().1.start(wanted), Ok(can), "{wanted}");
        }
    }

    #[test]
    fn firmware_that_is_told_of_the_first_time_has_all_of_it() {
        for (enabled, ticks) in [(TCO_EN, 25), (GBL_SMI_EN, 25), (TCO_EN | GBL_SMI_EN, 50)] {
            let (played, chip) = chip();
            played.preset_port(BASE - TCO + SMI_EN, enabled as u16);
            assert_eq!(chip.start(30), Ok(30));
            assert!(played.writes().contains(&Write::Port(BASE + TCO_TMR, 0x8000 | ticks)));
        }
    }

    #[test]
    fn a_strap_that_forbids_a_reset_and_a_timer_that_stays_as_it_is_are_told_of() {
        let (played, strapped) = chip();
        played.hold(0);
        assert_eq!((strapped.start(30), played.writes().len()), (Err(Error::MayNotReset), 1));
        let (played, deaf) = chip();
        played.hold_port(BASE + TCO_TMR);
        assert_eq!(deaf.start(30), Err(Error::Refused));
        assert_eq!(played.writes().last(), Some(&Write::Register(0, NO_REBOOT | 3)));
    }

    #[test]
    fn a_bridge_tells_where_its_timer_is_if_firmware_has_turned_it_on() {
        let at = |device, words: [u32; 3]| {
            let word = |offset| match offset {
                PMBASE => words[0],
                ACPI_CNTL => words[1],
                _ => words[2],
            };
            Place::of(device, word)
        };
        let on = [0x601, 0x80, 0xfed1_c001];
        let place = Some(Place { ports: 0x660, gcs: 0xfed1_f410 });
        assert_eq!((at(0x2918, on), at(0x1c52, on)), (place, place));
        assert_eq!(at(0xa1c3, on), None, "a later chip set");
        for off in [[1, 0x80, 0xfed1_c001], [0x601, 0, 0xfed1_c001], [0x601, 0x80, 0xfed1_c000]] {
            assert_eq!(at(0x2918, off), None);
        }
        assert_eq!(at(0x2918, [u32::MAX; 3]).map(|place| place.ports), Some(0xffe0));
    }
}
