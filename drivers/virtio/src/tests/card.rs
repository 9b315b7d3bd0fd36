//! A virtio device: its configuration space, its registers, its rings.

#![expect(unsafe_code, reason = "the trait for configuration access has unsafe functions")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bus::pci::{ConfigRegionAccess, Function, PciAddress, Segment};
use bus::{Clock, Mmio};

use super::ring::Ring;

/// Where the device's memory is, and where in it the registers are.
pub(super) const BAR: u64 = 0x38_0000_0000;
pub(super) const BAR_LEN: u64 = 0x4000;
const COMMON: u64 = 0;
const DEVICE: u64 = 0x2000;
const NOTIFY: u64 = 0x3000;
/// The feature of packed rings.
pub(super) const PACKED: u64 = 1 << 34;

/// Configuration space: BAR 4 of 64 bits, and a list of three capabilities.
pub(super) struct Config(pub(super) RefCell<[u32; 64]>);

pub(super) const COMMON_CAPABILITY: usize = 0x40 / 4;
pub(super) const NOTIFY_CAPABILITY: usize = 0x50 / 4;
pub(super) const DEVICE_CAPABILITY: usize = 0x64 / 4;

impl Config {
    pub(super) fn of(device: u16) -> Self {
        let mut words = [0; 64];
        words[0] = u32::from(device) << 16 | 0x1AF4;
        words[1] = 1 << 20 | 1 << 2;
        words[2] = 0x0200_0000;
        words[8] = BAR as u32 | 0b0100;
        words[9] = (BAR >> 32) as u32;
        words[13] = 0x40;
        words[16..20].copy_from_slice(&[0x0110_5009, 4, COMMON as u32, 0x38]);
        words[20..25].copy_from_slice(&[0x0214_6409, 4, NOTIFY as u32, 0x1000, 4]);
        words[25..29].copy_from_slice(&[0x0410_0009, 4, DEVICE as u32, 0x10]);
        Self(RefCell::new(words))
    }

    /// The device, taken over.
    pub(super) fn function(self) -> Function<'static, Self> {
        // SAFETY: The played configuration space answers everywhere.
        let segment = Box::leak(Box::new(unsafe { Segment::new(self, 0, 0) }));
        segment.take_over(PciAddress::default()).unwrap()
    }
}

impl ConfigRegionAccess for Config {
    unsafe fn read(&self, _: PciAddress, offset: u16) -> u32 {
        self.0.borrow()[usize::from(offset / 4)]
    }

    unsafe fn write(&self, _: PciAddress, offset: u16, value: u32) {
        let mask = match offset {
            0x04 => 0x0000_0FFF,
            0x20 => !(BAR_LEN as u32 - 1),
            0x24 => u32::MAX,
            _ => 0,
        };
        let word = &mut self.0.borrow_mut()[usize::from(offset / 4)];
        *word = *word & !mask | value & mask;
    }
}

/// What the device is like, and what the driver did to it.
pub(super) struct State {
    pub(super) offered: u64,
    pub(super) accepted: u64,
    pub(super) is_picky: bool,
    pub(super) never_resets: bool,
    pub(super) status: u8,
    /// How often it was reset.
    pub(super) resets: u64,
    pub(super) vectors: Vec<u16>,
    pub(super) doorbells: Vec<u16>,
    pub(super) own: [u8; 16],
    /// Pairs of queues, and the queue for commands.
    pub(super) rings: Vec<Ring>,
    /// Pairs that the driver said it uses.
    pub(super) used_pairs: u16,
    /// The driver said that it wants all frames.
    pub(super) receives_all: bool,
    /// What the device answers to commands; nothing if there is none.
    pub(super) answer: Option<u8>,
    select: [u32; 2],
    queue: usize,
}

impl State {
    fn read_common(&self, offset: u64, width: u32) -> u64 {
        match (offset, width) {
            (0x04, 4) => self.offered >> (32 * self.select[0]) & 0xFFFF_FFFF,
            (0x0C, 4) => self.accepted >> (32 * self.select[1]) & 0xFFFF_FFFF,
            (0x10 | 0x1A, 2) => 0xFFFF,
            (0x12, 2) => 3,
            (0x14, 1) => u64::from(self.status),
            (0x15, 1) => 0,
            (0x18, 2) => self.rings.get(self.queue).map_or(0, |ring| ring.size).into(),
            (0x1C, 2) => self.rings.get(self.queue).is_some_and(|ring| ring.is_enabled).into(),
            (0x1E, 2) => self.queue as u64,
            (0x20..0x38, 4) => {
                let part = self.rings[self.queue].parts[(offset - 0x20) as usize / 8];
                part >> (8 * (offset & 4)) & 0xFFFF_FFFF
            }
            _ => panic!("a read of {width} bytes at {offset:#x}"),
        }
    }

    fn write_common(&mut self, offset: u64, width: u32, value: u64) {
        match (offset, width) {
            (0x00, 4) => self.select[0] = value as u32,
            (0x08, 4) => self.select[1] = value as u32,
            (0x0C, 4) => set_half(&mut self.accepted, self.select[1], value),
            (0x10 | 0x1A, 2) => self.vectors.push(value as u16),
            (0x14, 1) => self.set_status(value as u8),
            (0x16, 2) => self.queue = value as usize,
            (0x18, 2) => self.rings[self.queue].size = value as u16,
            (0x1C, 2) => {
                let ring = &mut self.rings[self.queue];
                ring.is_enabled = value == 1;
                ring.is_packed = self.accepted & PACKED != 0;
            }
            (0x20..0x38, 4) => {
                let part = (offset - 0x20) / 8;
                let part = &mut self.rings[self.queue].parts[part as usize];
                set_half(part, u32::from(offset & 4 != 0), value);
            }
            _ => panic!("a write of {width} bytes at {offset:#x}"),
        }
    }

    /// Carries out the command that was given, and answers.
    fn obey(&mut self) {
        let Some(control) = self.rings.last_mut() else { return };
        let (id, command, answer) = control.next_command();
        let Some(said) = self.answer else { return };
        match command[..] {
            [0, 0, on] => self.receives_all = on == 1,
            [4, 0, low, high] => self.used_pairs = u16::from_le_bytes([low, high]),
            _ => panic!("a command of {command:?}"),
        }
        super::ring::write(answer, &[said]);
        control.put_command(id);
    }

    fn set_status(&mut self, status: u8) {
        let refused = if self.is_picky { status & 8 } else { 0 };
        if status != 0 || !self.never_resets {
            self.status = status & !refused;
        }
        if self.status == 0 {
            self.rings.iter_mut().for_each(Ring::reset);
            (self.accepted, self.used_pairs, self.receives_all) = (0, 0, false);
            self.resets += 1;
        }
    }
}

fn set_half(register: &mut u64, half: u32, value: u64) {
    let shift = 32 * half;
    *register = *register & !(0xFFFF_FFFF << shift) | value << shift;
}

#[derive(Clone)]
pub(super) struct Card(pub(super) Rc<RefCell<State>>);

impl Card {
    /// A device that was at work before and offers every feature but packed rings, and queues of
    /// `size`.
    pub(super) fn new(size: u16) -> Self {
        let ring = Ring::of(size);
        Self(Rc::new(RefCell::new(State {
            offered: !PACKED,
            accepted: 0,
            is_picky: false,
            never_resets: false,
            status: 15,
            resets: 0,
            vectors: Vec::new(),
            doorbells: Vec::new(),
            own: *b"\x52\x54\0\x12\x34\x56\x01\0\0\0\0\0\0\0\0\0",
            rings: vec![ring.clone(), ring, Ring::of(64)],
            used_pairs: 0,
            receives_all: false,
            answer: Some(0),
            select: [0; 2],
            queue: 0,
        })))
    }

    /// The same, which offers packed rings, too.
    pub(super) fn packing(self) -> Self {
        self.0.borrow_mut().offered |= PACKED;
        self
    }

    /// A device with so many pairs of queues.
    pub(super) fn with_pairs(count: u16) -> Self {
        let card = Self::new(256);
        let mut state = card.0.borrow_mut();
        state.rings = vec![Ring::of(256); usize::from(2 * count + 1)];
        state.own[8..10].copy_from_slice(&count.to_le_bytes());
        drop(state);
        card
    }

    /// Maps registers as the kernel would.
    pub(super) fn map(&self) -> impl FnMut(u64, usize) -> Option<Window> + use<> {
        let card = self.clone();
        move |address, len| {
            assert!(address >= BAR && address + len as u64 <= BAR + BAR_LEN);
            Some(Window { card: card.clone(), base: address - BAR, len: len as u64 })
        }
    }

    /// Does `work` at the device's end of ring `index`.
    pub(super) fn ring<T>(&self, index: usize, work: impl FnOnce(&mut Ring) -> T) -> T {
        work(&mut self.0.borrow_mut().rings[index])
    }

    /// How often the doorbell of queue `index` was rung since this was last asked.
    pub(super) fn doorbells(&self, index: u16) -> usize {
        let rung = |doorbell: &u16| *doorbell == index;
        self.0.borrow_mut().doorbells.extract_if(.., |doorbell| rung(doorbell)).count()
    }
}

/// Some of the device's registers.
pub(super) struct Window {
    card: Card,
    base: u64,
    len: u64,
}

impl Window {
    fn read(&self, offset: usize, width: u32) -> u64 {
        let offset = offset as u64;
        assert!(offset + u64::from(width) <= self.len, "past the end of the mapping");
        let state = self.card.0.borrow();
        match self.base + offset {
            at if at < DEVICE => state.read_common(at - COMMON, width),
            at => {
                let from = (at - DEVICE) as usize;
                let bytes = &state.own[from..from + width as usize];
                bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
            }
        }
    }

    fn write(&self, offset: usize, width: u32, value: u64) {
        let offset = offset as u64;
        assert!(offset + u64::from(width) <= self.len, "past the end of the mapping");
        let mut state = self.card.0.borrow_mut();
        match self.base + offset {
            at if at < DEVICE => state.write_common(at - COMMON, width, value),
            at => {
                assert_eq!((at, width), (NOTIFY + 4 * value, 2), "another queue's doorbell");
                state.doorbells.push(value as u16);
                if value > 1 && value as usize == state.rings.len() - 1 {
                    state.obey();
                }
            }
        }
    }
}

impl Mmio for Window {
    fn read8(&self, offset: usize) -> u8 {
        self.read(offset, 1) as u8
    }

    fn read16(&self, offset: usize) -> u16 {
        self.read(offset, 2) as u16
    }

    fn read32(&self, offset: usize) -> u32 {
        self.read(offset, 4) as u32
    }

    fn write8(&self, offset: usize, value: u8) {
        self.write(offset, 1, value.into());
    }

    fn write16(&self, offset: usize, value: u16) {
        self.write(offset, 2, value.into());
    }

    fn write32(&self, offset: usize, value: u32) {
        self.write(offset, 4, value.into());
    }
}

/// A clock that runs a millisecond on each time it is read.
#[derive(Default)]
pub(super) struct Ticking(Cell<u64>);

impl Ticking {
    /// Lets so many milliseconds pass.
    pub(super) fn pass(&self, milliseconds: u64) {
        self.0.set(self.0.get() + 1_000_000 * milliseconds);
    }
}

impl Clock for Ticking {
    fn now(&self) -> u64 {
        self.0.replace(self.0.get() + 1_000_000)
    }
}
