//! A module in a cage that is played, and an NVM.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::played::{Access, Played};

const I2CCTL: usize = 0x28;
const EERD: usize = 0x1_0014;

/// What the module does next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// It is told who is meant, or which byte.
    Device,
    Pointer,
    /// It acknowledges, and goes on so.
    AckThenPointer,
    AckThenSend,
    Send,
    /// The reader says whether it wants more.
    Acknowledged,
}

/// A memory at two wires.
#[derive(Default)]
struct Module {
    bytes: BTreeMap<u8, u8>,
    phase: Phase,
    bits: u8,
    byte: u8,
    pointer: u8,
    wants_more: bool,
    /// The lines as the driver has them, and the data line as the module has it.
    clock: bool,
    data: bool,
    out: bool,
}

impl Module {
    fn drive(&mut self, clock: bool, data: bool) {
        match (self.clock, clock, self.data, data) {
            (true, true, true, false) => {
                (self.phase, self.bits, self.out) = (Phase::Device, 0, true);
            }
            (true, true, false, true) => (self.phase, self.out) = (Phase::Idle, true),
            (false, true, ..) => self.rise(data),
            (true, false, ..) => self.fall(),
            _ => {}
        }
        (self.clock, self.data) = (clock, data);
    }

    fn rise(&mut self, data: bool) {
        if let Phase::Device | Phase::Pointer = self.phase {
            self.byte = self.byte << 1 | u8::from(data);
            self.bits += 1;
        } else if self.phase == Phase::Acknowledged {
            self.wants_more = !data;
        }
    }

    fn fall(&mut self) {
        match self.phase {
            Phase::Device if self.bits == 8 => match self.byte {
                0xa0 => (self.phase, self.out) = (Phase::AckThenPointer, false),
                0xa1 => (self.phase, self.out) = (Phase::AckThenSend, false),
                _ => self.phase = Phase::Idle,
            },
            Phase::Pointer if self.bits == 8 => {
                self.pointer = self.byte;
                (self.phase, self.out) = (Phase::AckThenPointer, false);
            }
            Phase::AckThenPointer => {
                (self.phase, self.bits, self.out) = (Phase::Pointer, 0, true);
            }
            Phase::AckThenSend => self.send(),
            Phase::Send if self.bits == 7 => (self.phase, self.out) = (Phase::Acknowledged, true),
            Phase::Send => {
                self.bits += 1;
                self.out = self.byte << self.bits & 0x80 != 0;
            }
            Phase::Acknowledged if self.wants_more => {
                self.pointer += 1;
                self.send();
            }
            Phase::Acknowledged => self.phase = Phase::Idle,
            _ => {}
        }
    }

    fn send(&mut self) {
        self.byte = self.bytes.get(&self.pointer).copied().unwrap_or_default();
        (self.phase, self.bits, self.out) = (Phase::Send, 0, self.byte & 0x80 != 0);
    }
}

/// Puts a module with these bytes into the cage.
pub(super) fn plug(played: &Played, bytes: &[(u8, u8)]) {
    let module = Module { bytes: bytes.iter().copied().collect(), out: true, ..Module::default() };
    let module = RefCell::new(module);
    played.on(I2CCTL, move |words, access| {
        let mut module = module.borrow_mut();
        let now = words.get(&I2CCTL).copied().unwrap_or_default();
        match access {
            Access::Written(value) => module.drive(value & 2 != 0, value & 8 != 0),
            Access::Reading => {
                let data = u32::from(module.data && module.out) << 2;
                words.insert(I2CCTL, now & 0b1010 | data | u32::from(module.clock));
            }
            Access::Read => {}
        }
    });
}

/// A cage in which nothing answers.
pub(super) fn unplug(played: &Played) {
    played.on(I2CCTL, |words, access| {
        let now = words.get(&I2CCTL).copied().unwrap_or_default();
        if access == Access::Reading {
            words.insert(I2CCTL, now & 0b1010 | now >> 1 & 0b101);
        }
    });
}

/// An NVM with these words; others are ones.
pub(super) fn store(played: &Played, words: &[(u16, u16)]) {
    store_at(played, EERD, words);
}

/// The same of a card that reads words of it by this register.
pub(super) fn store_at(played: &Played, eerd: usize, words: &[(u16, u16)]) {
    let stored: BTreeMap<u16, u16> = words.iter().copied().collect();
    played.on(eerd, move |words, access| {
        if let Access::Written(value) = access {
            assert_eq!(value & 0x3, 1, "a read is started");
            let word = stored.get(&((value >> 2) as u16)).copied().unwrap_or(0xffff);
            words.insert(eerd, u32::from(word) << 16 | 2);
        }
    });
}
