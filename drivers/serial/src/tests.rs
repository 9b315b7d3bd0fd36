//! The tests play the chip.

#![expect(unsafe_code, reason = "the trait for register access has unsafe functions")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write;
use std::rc::Rc;

use uart_16550::backend::Backend;
use uart_16550::spec::registers::offsets::{DATA, DLL, DLM, FCR, ISR, LCR, LSR, SPR};

use crate::{Chip, Error, Place, Port};

const DLAB: u8 = 0x80;
const DATA_READY: u8 = 0x01;
const THR_EMPTY: u8 = 0x20;
const TRANSMITTER_EMPTY: u8 = 0x40;

/// What the chip is like, and what happened to it.
#[derive(Default)]
struct State {
    registers: [u8; 8],
    divisor: [u8; 2],
    received: VecDeque<u8>,
    fifo: usize,
    line: Vec<u8>,
    /// Status reads after which the FIFO is sent; none if the line never moves.
    sends_after: Option<u32>,
    waited: u32,
}

impl State {
    fn status(&mut self) -> u8 {
        self.waited += 1;
        if self.fifo > 0 && self.sends_after.is_some_and(|polls| self.waited > polls) {
            self.fifo = 0;
        }
        let empty = if self.fifo == 0 { THR_EMPTY | TRANSMITTER_EMPTY } else { 0 };
        empty | if self.received.is_empty() { 0 } else { DATA_READY }
    }

    fn is_latch_open(&self) -> bool {
        self.registers[LCR] & DLAB != 0
    }
}

#[derive(Clone, Default)]
struct Played(Rc<RefCell<State>>);

impl Played {
    fn chip(sends_after: Option<u32>) -> Self {
        let chip = Self::default();
        chip.0.borrow_mut().sends_after = sends_after;
        chip
    }

    fn open(&self) -> Result<Port<Self>, Error> {
        Port::over(self.clone()).set_up(Some(115_200))
    }

    fn line(&self) -> Vec<u8> {
        self.0.borrow().line.clone()
    }
}

impl Backend for Played {
    unsafe fn read(&mut self, register: u8) -> u8 {
        let mut state = self.0.borrow_mut();
        match usize::from(register) {
            LSR => state.status(),
            latch @ (DLL | DLM) if state.is_latch_open() => state.divisor[latch],
            DATA => state.received.pop_front().unwrap_or(0),
            ISR => 0xC0,
            other => state.registers[other],
        }
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        let mut state = self.0.borrow_mut();
        match usize::from(register) {
            latch @ (DLL | DLM) if state.is_latch_open() => state.divisor[latch] = value,
            FCR => {}
            DATA => {
                state.fifo += 1;
                state.waited = 0;
                assert!(state.fifo <= 16, "the FIFO overflows");
                state.line.push(value);
            }
            other => state.registers[other] = value,
        }
    }
}

/// An address where nothing answers.
struct Nothing;

impl Backend for Nothing {
    unsafe fn read(&mut self, _: u8) -> u8 {
        0xFF
    }

    unsafe fn write(&mut self, _: u8, _: u8) {}
}

#[test]
fn a_port_that_is_not_there_is_an_error() {
    assert_eq!(Port::over(Nothing).set_up(Some(115_200)).err(), Some(Error::Absent));
}

#[test]
fn a_speed_that_the_clock_cannot_make_is_an_error() {
    for baud in [0, 1, 115_201, 230_400, u32::MAX] {
        let chip = Played::chip(Some(0));
        assert_eq!(Port::over(chip).set_up(Some(baud)).err(), Some(Error::BaudRate), "{baud}");
    }
}

#[test]
fn a_chip_that_never_finishes_sending_is_an_error() {
    let chip = Played::chip(None);
    chip.0.borrow_mut().fifo = 1;
    assert_eq!(chip.open().err(), Some(Error::Stuck));
}

#[test]
fn a_chip_may_finish_what_it_was_sending() {
    let chip = Played::chip(Some(100));
    chip.0.borrow_mut().fifo = 16;
    assert!(chip.open().is_ok());
}

#[test]
fn an_opened_port_runs_at_the_speed_asked_for() {
    for (baud, divisor) in [(115_200, 1), (9600, 12), (300, 384)] {
        let chip = Played::chip(Some(0));
        assert!(Port::over(chip.clone()).set_up(Some(baud)).is_ok());
        assert_eq!(u16::from_le_bytes(chip.0.borrow().divisor), divisor);
        assert_eq!(chip.0.borrow().registers[LCR], 0x03, "8 bits, no parity, 1 stop bit");
        assert_eq!(chip.0.borrow().registers[SPR], 0, "the scratch register is as it was");
    }
}

#[test]
fn a_port_may_keep_the_speed_that_it_was_left_with() {
    for divisor in [12_u16, 2, 0x180] {
        let chip = Played::chip(Some(0));
        chip.0.borrow_mut().divisor = divisor.to_le_bytes();
        let mut port = Port::over(chip.clone()).set_up(None).unwrap();
        assert_eq!(chip.0.borrow().divisor, divisor.to_le_bytes());
        assert_eq!(chip.0.borrow().registers[LCR], 0x03, "the latch is closed");
        assert_eq!(port.baud(), Some(115_200 / u32::from(divisor)));
    }
}

#[test]
fn a_port_that_was_never_set_up_runs_at_the_highest_speed() {
    let chip = Played::chip(Some(0));
    assert!(Port::over(chip.clone()).baud().is_none());
    assert!(Port::over(chip.clone()).set_up(None).is_ok());
    assert_eq!(chip.0.borrow().divisor, [1, 0]);
}

#[test]
fn registers_in_memory_are_as_far_apart_as_they_are_said_to_be() {
    for stride in [1, 2, 4] {
        let memory = Box::leak(Box::new([0_u32; 8]));
        let address = memory.as_mut_ptr().expose_provenance() as u64;
        // SAFETY: The memory is leaked, and as long as eight registers of four bytes.
        let mut chip = unsafe { Chip::at(Place::Memory { address, stride }) }.unwrap();
        // SAFETY: A 16550 has eight registers.
        unsafe { chip.write(5, 0x5a) };
        // SAFETY: As above.
        assert_eq!(unsafe { chip.read(5) }, 0x5a);
        let bytes: Vec<u8> = memory.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(bytes.iter().position(|byte| *byte == 0x5a), Some(5 * usize::from(stride)));
    }
}

#[test]
fn a_write_takes_what_the_fifo_has_room_for() {
    let chip = Played::chip(None);
    let mut port = chip.open().unwrap();
    assert_eq!(port.write(&[b'x'; 100]), 16);
    assert_eq!(port.write(b"more"), 0);
    chip.0.borrow_mut().fifo = 0;
    assert_eq!(port.write(b"more"), 4);
    assert_eq!(chip.line().len(), 20);
}

#[test]
fn a_read_never_waits() {
    let chip = Played::chip(None);
    let mut port = chip.open().unwrap();
    assert_eq!(port.read(), None);
    chip.0.borrow_mut().received.extend(b"ab");
    assert_eq!([port.read(), port.read(), port.read()], [Some(b'a'), Some(b'b'), None]);
}

#[test]
fn what_is_printed_by_polling_arrives_whole() {
    let chip = Played::chip(Some(50));
    let mut port = chip.open().unwrap();
    writeln!(port.insist(), "a page fault at {:#x},\nand more than sixteen bytes", 0x10).unwrap();
    let text = b"a page fault at 0x10,\r\nand more than sixteen bytes\r\n";
    assert_eq!(chip.line(), text);
}

#[test]
fn what_was_printed_is_on_the_line_before_anything_is_turned_off() {
    let chip = Played::chip(Some(50));
    let mut port = chip.open().unwrap();
    let mut insist = port.insist();
    insist.bytes(b"the end").unwrap();
    assert_eq!(chip.0.borrow().fifo, 7);
    insist.finish().unwrap();
    assert_eq!((chip.0.borrow().fifo, chip.line()), (0, b"the end".to_vec()));
    let chip = Played::chip(None);
    let mut port = chip.open().unwrap();
    let mut insist = port.insist();
    insist.bytes(b"never").unwrap();
    assert!(insist.finish().is_err() && insist.bytes(b"more").is_err());
}

#[test]
fn printing_by_polling_gives_up_on_a_stuck_line_once_and_for_all() {
    let chip = Played::chip(None);
    let mut port = chip.open().unwrap();
    let mut insist = port.insist();
    assert!(insist.bytes(&[b'x'; 17]).is_err());
    let polls = chip.0.borrow().waited;
    assert!(insist.write_str("y").is_err() && insist.bytes(b"y").is_err());
    assert_eq!(chip.0.borrow().waited, polls, "a stuck line is not polled again");
    assert_eq!(chip.line().len(), 16);
}
