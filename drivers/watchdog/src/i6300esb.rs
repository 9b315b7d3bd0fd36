//! The watchdog of the Intel 6300ESB (datasheet 300641, chapter 15): two timers one after the other, the
//! second of which resets the machine. Names of registers are the datasheet's.

use bus::Mmio;

use crate::{Config, Error};

const WDT_CONFIG: u8 = 0x60; // configuration space, 16 bits
const WDT_LOCK: u8 = 0x68; // configuration space, 8 bits

const PRELOAD_1: usize = 0x0; // 32 bits
const PRELOAD_2: usize = 0x4; // 32 bits
const RELOAD: usize = 0xc; // 16 bits

/// Of WDT_CONFIG: no interrupt after the first timer; ticks of 2^15 cycles of the PCI clock, about 1 ms;
/// the output is enabled.
const NO_INTERRUPT: u16 = 0b11;
/// Of WDT_LOCK.
const IS_LOCKED: u8 = 1 << 0;
const IS_ENABLED: u8 = 1 << 1;
/// Of RELOAD.
const RELOADS: u16 = 1 << 8;
const HAS_TIMED_OUT: u16 = 1 << 9;
/// What unlocks the next write to a register, one after the other.
const UNLOCK: [u8; 2] = [0x80, 0x86];

/// Ticks of both timers together in a second, as a power of two.
const TICKS_LOG: u32 = 10;
/// The most that fits into 20 bits of each.
const LONGEST: u32 = 2046;

/// The chip: its registers, and its configuration space.
pub struct I6300esb<M, C> {
    registers: M,
    config: C,
}

impl<M: Mmio, C: Config> I6300esb<M, C> {
    /// Its number among those of Intel (vendor 8086).
    pub const DEVICE: u16 = 0x25ab;

    /// The chip with these registers.
    pub const fn new(registers: M, config: C) -> Self {
        Self { registers, config }
    }

    pub(crate) fn start(&self, seconds: u32) -> Result<u32, Error> {
        if self.config.read8(WDT_LOCK) & IS_LOCKED != 0 {
            return Err(Error::Locked);
        }
        let seconds = seconds.clamp(1, LONGEST);
        self.config.write8(WDT_LOCK, 0);
        self.config.write16(WDT_CONFIG, NO_INTERRUPT);
        for preload in [PRELOAD_1, PRELOAD_2] {
            self.unlock();
            self.registers.write32(preload, seconds << (TICKS_LOG - 1));
        }
        self.unlock();
        self.registers.write16(RELOAD, RELOADS | HAS_TIMED_OUT);
        self.config.write8(WDT_LOCK, IS_ENABLED);
        match self.config.read8(WDT_LOCK) & IS_ENABLED {
            0 => Err(Error::Refused),
            _ => Ok(seconds),
        }
    }

    pub(crate) fn feed(&self) {
        self.unlock();
        self.registers.write16(RELOAD, RELOADS);
    }

    pub(crate) fn stop(&self) {
        self.feed();
        self.config.write8(WDT_LOCK, 0);
    }

    fn unlock(&self) {
        UNLOCK.into_iter().for_each(|key| self.registers.write8(RELOAD, key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::played::{Chip, Write};

    fn chip() -> (Chip, I6300esb<Chip, Chip>) {
        let chip = Chip::default();
        (chip.clone(), I6300esb::new(chip.clone(), chip))
    }

    fn key(value: u32) -> Write {
        Write::Register(RELOAD, value)
    }

    #[test]
    fn every_write_to_a_register_is_unlocked_and_the_timer_runs_last() {
        let (played, chip) = chip();
        assert_eq!(chip.start(30), Ok(30));
        let expected = [
            Write::Config(WDT_LOCK, 0),
            Write::Config(WDT_CONFIG, 3),
            key(0x80),
            key(0x86),
            Write::Register(PRELOAD_1, 15 << 10),
            key(0x80),
            key(0x86),
            Write::Register(PRELOAD_2, 15 << 10),
            key(0x80),
            key(0x86),
            key(0x300),
            Write::Config(WDT_LOCK, 2),
        ];
        assert_eq!(played.writes(), expected);
    }

    #[test]
    fn it_is_fed_and_stopped() {
        let (played, chip) = chip();
        chip.feed();
        assert_eq!(played.writes(), [key(0x80), key(0x86), key(0x100)]);
        chip.stop();
        assert_eq!(
            played.writes()[3..],
            [key(0x80), key(0x86), key(0x100), Write::Config(WDT_LOCK, 0)]
        );
    }

    #[test]
    fn what_it_cannot_do_is_as_near_as_it_can() {
        for (wanted, can) in [(0, 1), (1, 1), (2046, 2046), (u32::MAX, 2046)] {
            let (played, chip) = chip();
            assert_eq!(chip.start(wanted), Ok(can));
            let preloads = played.writes().into_iter().filter_map(|write| match write {
                Write::Register(PRELOAD_1 | PRELOAD_2, ticks) => Some(ticks),
                _ => None,
            });
            let ticks: u32 = preloads.inspect(|ticks| assert!(*ticks < 1 << 20)).sum();
            assert_eq!(ticks, can << 10);
        }
    }

    #[test]
    fn a_chip_that_is_locked_or_keeps_nothing_is_told_of() {
        let (played, locked) = chip();
        played.hold_config(WDT_LOCK, IS_LOCKED);
        assert_eq!((locked.start(30), played.writes().len()), (Err(Error::Locked), 0));
        let (played, deaf) = chip();
        played.hold_config(WDT_LOCK, 0);
        assert_eq!(deaf.start(30), Err(Error::Refused));
    }
}
