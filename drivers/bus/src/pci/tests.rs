//! The tests play the configuration space.

#![expect(unsafe_code, reason = "the trait for configuration access has unsafe functions")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::Error;

const COMMAND: u16 = 0x04;
const BUS_MASTER: u32 = 1 << 2;
const MEMORY: u32 = 1 << 1;
const INTERRUPT_DISABLE: u32 = 1 << 10;
const HAS_CAPABILITIES: u32 = 1 << 20;

/// One function: its words, and which bits of each can be written.
#[derive(Clone)]
struct Played {
    words: [u32; 64],
    writable: [u32; 64],
}

impl Played {
    fn device(vendor: u16, device: u16) -> Self {
        let mut played = Self { words: [0; 64], writable: [0; 64] };
        played.words[0] = u32::from(device) << 16 | u32::from(vendor);
        played.words[1] = BUS_MASTER;
        played.words[2] = 0x0200_0001;
        played.writable[1] = 0x0000_0FFF;
        played
    }

    fn with(mut self, offset: u8, word: u32) -> Self {
        self.words[usize::from(offset / 4)] = word;
        self
    }

    fn with_writable(mut self, offset: u8, bits: u32) -> Self {
        self.writable[usize::from(offset / 4)] = bits;
        self
    }
}

#[derive(Default)]
struct Machine(RefCell<BTreeMap<PciAddress, Played>>);

impl Machine {
    fn with(self, address: PciAddress, played: Played) -> Self {
        self.0.borrow_mut().insert(address, played);
        self
    }

    fn word(&self, address: PciAddress, offset: u16) -> u32 {
        self.0.borrow()[&address].words[usize::from(offset / 4)]
    }

    fn segment(&self) -> Segment<&Self> {
        // SAFETY: The played machine answers everywhere.
        unsafe { Segment::new(self, 0, 3) }
    }
}

impl ConfigRegionAccess for Machine {
    unsafe fn read(&self, address: PciAddress, offset: u16) -> u32 {
        assert!(offset.is_multiple_of(4) && offset < 256 && address.bus() <= 3);
        let machine = self.0.borrow();
        machine.get(&address).map_or(u32::MAX, |played| played.words[usize::from(offset / 4)])
    }

    unsafe fn write(&self, address: PciAddress, offset: u16, value: u32) {
        assert!(offset.is_multiple_of(4) && offset < 256 && address.bus() <= 3);
        if let Some(played) = self.0.borrow_mut().get_mut(&address) {
            let place = usize::from(offset / 4);
            let writable = played.writable[place];
            played.words[place] = played.words[place] & !writable | value & writable;
        }
    }
}

fn at(bus: u8, device: u8, function: u8) -> PciAddress {
    PciAddress::new(0, bus, device, function)
}

fn bar_of(slot: u8, played: Played) -> Result<Bar, Error> {
    let machine = Machine::default().with(at(0, 1, 0), played);
    let outcome = machine.segment().take_over(at(0, 1, 0)).unwrap().bar(slot);
    assert_eq!(machine.word(at(0, 1, 0), COMMAND) & MEMORY, MEMORY, "registers can be reached");
    outcome
}

fn capabilities_of(played: Played) -> Vec<(u8, u8)> {
    let machine = Machine::default().with(at(0, 1, 0), played);
    let segment = machine.segment();
    let function = segment.take_over(at(0, 1, 0)).unwrap();
    function.capabilities().map(|found| (found.id, found.offset)).collect()
}

fn with_list(first: u32) -> Played {
    Played::device(1, 2).with(0x04, HAS_CAPABILITIES).with(0x34, first)
}

#[test]
fn functions_are_found_on_all_buses_in_order() {
    let several = Played::device(0x8086, 1).with(0x0C, 1 << 23);
    let machine = Machine::default()
        .with(at(3, 31, 0), Played::device(0x1AF4, 0x1041))
        .with(at(0, 2, 0), several)
        .with(at(0, 2, 7), Played::device(0x8086, 2))
        .with(at(0, 3, 0), Played::device(0x8086, 3))
        .with(at(0, 3, 1), Played::device(0x8086, 4))
        .with(at(0, 4, 3), Played::device(0x8086, 5));
    let segment = machine.segment();
    let seen: Vec<_> = segment.functions().map(|seen| (seen.address, seen.device)).collect();
    let expected = [(at(0, 2, 0), 1), (at(0, 2, 7), 2), (at(0, 3, 0), 3), (at(3, 31, 0), 0x1041)];
    assert_eq!(seen, expected, "only a device that says so has more than function 0");
    assert!(segment.functions().all(|seen| (seen.class, seen.subclass) == (2, 0)));
}

#[test]
fn a_function_that_was_taken_over_reaches_no_memory_and_raises_no_interrupt() {
    let played = with_list(0x40)
        .with(0x04, HAS_CAPABILITIES | BUS_MASTER)
        .with(0x40, 0x0081_5005)
        .with(0x50, 0x8003_0011)
        .with_writable(0x40, 0x0001_0000)
        .with_writable(0x50, 0xC000_0000);
    let machine = Machine::default().with(at(0, 1, 0), played);
    let segment = machine.segment();
    let function = segment.take_over(at(0, 1, 0)).unwrap();
    let command = machine.word(at(0, 1, 0), COMMAND) & 0xFFFF;
    assert_eq!(command, INTERRUPT_DISABLE | MEMORY);
    assert_eq!(machine.word(at(0, 1, 0), 0x40), 0x0080_5005);
    assert_eq!(machine.word(at(0, 1, 0), 0x50), 0x0003_0011);
    assert_eq!((function.seen().vendor, function.seen().device), (1, 2));
}

#[test]
fn a_function_masters_the_bus_as_long_as_it_is_let() {
    let machine = Machine::default().with(at(0, 1, 0), Played::device(1, 2));
    let segment = machine.segment();
    let masters = || machine.word(at(0, 1, 0), COMMAND) & BUS_MASTER != 0;
    let function = segment.take_over(at(0, 1, 0)).unwrap();
    assert!(!masters());
    let right = function.bus_master();
    assert!(masters());
    right.withhold();
    assert!(!masters());
    right.restore();
    assert!(masters());
    drop(right);
    assert!(!masters());
    let _right = function.bus_master();
    segment.forbid_bus_master(at(0, 1, 0));
    assert!(!masters());
}

#[test]
fn only_a_device_that_answers_can_be_taken_over() {
    let bridge = Played::device(1, 2).with(0x0C, 1 << 16);
    let machine = Machine::default().with(at(0, 1, 0), bridge);
    let taken = |address| machine.segment().take_over(address).err();
    assert_eq!(taken(at(0, 1, 0)), Some(Error::NotADevice));
    assert_eq!(machine.word(at(0, 1, 0), COMMAND), BUS_MASTER, "a bridge goes on as before");
    assert_eq!(taken(at(0, 2, 0)), Some(Error::Absent));
    assert_eq!(taken(at(4, 0, 0)), Some(Error::Absent), "past the last bus");
    assert_eq!(taken(PciAddress::new(1, 0, 1, 0)), Some(Error::Absent), "another segment");
}

#[test]
fn memory_of_32_bits_is_sized_and_left_where_it_is() {
    let played = Played::device(1, 2).with(0x14, 0xFEBC_0000).with_writable(0x14, 0xFFFF_C000);
    assert_eq!(bar_of(1, played), Ok(Bar { address: 0xFEBC_0000, len: 0x4000 }));
}

#[test]
fn memory_of_64_bits_is_sized_over_both_registers() {
    let played = Played::device(1, 2)
        .with(0x20, 0x0000_000C)
        .with(0x24, 0x0000_0380)
        .with_writable(0x20, 0)
        .with_writable(0x24, 0xFFFF_FFFE);
    assert_eq!(bar_of(4, played), Ok(Bar { address: 0x380_0000_0000, len: 0x2_0000_0000 }));
}

#[test]
fn a_bad_base_address_register_is_an_error() {
    let device = || Played::device(1, 2);
    assert_eq!(bar_of(0, device()), Err(Error::NoMemory), "not there");
    assert_eq!(bar_of(6, device()), Err(Error::NoMemory), "no such register");
    assert_eq!(bar_of(0, device().with(0x10, 0xC001)), Err(Error::NoMemory), "ports");
    assert_eq!(bar_of(0, device().with(0x10, 0xC002)), Err(Error::BadBar), "below 1 MiB");
    assert_eq!(bar_of(5, device().with(0x24, 0xC004)), Err(Error::BadBar), "no upper half");
    let holes = device().with(0x10, 0x1000).with_writable(0x10, 0xF0F0_F000);
    assert_eq!(bar_of(0, holes), Err(Error::BadBar), "holes in the mask");
    let nowhere = device().with_writable(0x10, 0xFFFF_F000);
    assert_eq!(bar_of(0, nowhere), Err(Error::Unassigned));
}

#[test]
fn capabilities_come_in_the_order_of_the_list() {
    let played = with_list(0x80).with(0x80, 0x4009).with(0x40, 0x0005);
    assert_eq!(capabilities_of(played), [(9, 0x80), (5, 0x40)]);
    assert_eq!(capabilities_of(with_list(0).with(0x04, 0)), []);
}

#[test]
fn a_list_of_capabilities_that_goes_in_circles_ends() {
    let played = with_list(0x40).with(0x40, 0x4409).with(0x44, 0x4009);
    assert_eq!(capabilities_of(played), [(9, 0x40), (9, 0x44)]);
    let every = (0x40..=0xFC).step_by(4).fold(with_list(0x40), |played, offset| {
        played.with(offset, u32::from(offset.wrapping_add(4)) << 8 | 9)
    });
    assert_eq!(capabilities_of(every).len(), 48);
}

#[test]
fn a_list_of_capabilities_never_leads_into_the_header() {
    assert_eq!(capabilities_of(with_list(0x3C)), []);
    assert_eq!(capabilities_of(with_list(0x43).with(0x40, 0x1009)), [(9, 0x40)]);
}

#[test]
fn a_function_that_was_pulled_out_answers_all_ones_and_nothing_hangs() {
    let machine = Machine::default().with(at(0, 1, 0), with_list(0x40));
    let segment = machine.segment();
    let function = segment.take_over(at(0, 1, 0)).unwrap();
    machine.0.borrow_mut().clear();
    assert_eq!(function.bar(0), Err(Error::NoMemory));
    assert_eq!(function.capabilities().count(), 1, "0xFC, again and again");
    assert_eq!(function.read(0), u32::MAX);
}
