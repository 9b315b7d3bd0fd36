//! Registers of a 16550 that cannot make their reader wait for ever.

#![expect(unsafe_code, reason = "the trait for register access has unsafe functions")]

use uart_16550::backend::Backend;
use uart_16550::spec::registers::{LSR, offsets};

/// Status reads that a chip gets to send what its FIFO holds, while it is being set up. A read
/// takes a microsecond or so; 16 bytes take 3.2 s at 50 baud, the slowest speed in use.
const POLLS: u32 = 5_000_000;

/// Registers of a chip. If the chip does not empty its transmitter while it is being set up, it is
/// said to be empty all the same after a number of polls, and [`has_run_out`](Self::has_run_out).
pub(crate) struct Patience<B> {
    chip: B,
    polls: Option<u32>,
}

impl<B: Backend> Patience<B> {
    pub(crate) const fn with(chip: B) -> Self {
        Self { chip, polls: None }
    }

    /// The chip is being set up from here on.
    pub(crate) fn start(&mut self) {
        self.polls = Some(0);
    }

    /// The chip is set up. Whether it was only said to be empty.
    pub(crate) fn has_run_out(&mut self) -> bool {
        self.polls.take() > Some(POLLS)
    }

    fn judge(&mut self, status: LSR) -> LSR {
        match &mut self.polls {
            Some(polls) if !status.contains(LSR::TRANSMITTER_EMPTY) => {
                *polls = polls.saturating_add(1);
                if *polls > POLLS { status | LSR::TRANSMITTER_EMPTY } else { status }
            }
            _ => status,
        }
    }
}

impl<B: Backend> Backend for Patience<B> {
    unsafe fn read(&mut self, register: u8) -> u8 {
        // SAFETY: The caller keeps `register` within the chip, as it must.
        let value = unsafe { self.chip.read(register) };
        if usize::from(register) == offsets::LSR {
            self.judge(LSR::from_bits_retain(value)).bits()
        } else {
            value
        }
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        // SAFETY: The caller keeps `register` within the chip, as it must.
        unsafe { self.chip.write(register, value) }
    }
}
