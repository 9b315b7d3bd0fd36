//! A serial port that is read and written without waiting.

#![expect(unsafe_code, reason = "taking hold of port addresses is unsafe")]

use uart_16550::backend::{Backend, PioBackend};
use uart_16550::spec::registers::LSR;
use uart_16550::{BaudRate, Config, InitError, Uart16550};

use crate::patience::Patience;
use crate::{Error, Insist};

/// A serial port at one of the addresses that a PC keeps for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Com {
    /// COM1, `ttyS0`.
    One = 0x3F8,
    /// COM2, `ttyS1`.
    Two = 0x2F8,
}

/// A 16550 chip, 8 data bits, no parity, one stop bit, FIFO on, interrupts off.
pub struct Port<B: Backend = PioBackend>(Uart16550<Patience<B>>);

impl Port {
    /// Sets the chip at `com` up for `baud` symbols a second. Whatever it had received is lost.
    pub fn open(com: Com, baud: u32) -> Result<Self, Error> {
        Self::seize(com).set_up(baud)
    }

    /// The port at `com` as it is, for a crash to print with, whoever else was using it.
    pub fn seize(com: Com) -> Self {
        // SAFETY: The eight addresses of a PC's serial port lead to that port or to nothing, and
        // nothing that is done to a serial port without interrupts and DMA reaches memory.
        let uart = unsafe { Uart16550::new_port(com as u16) };
        let Ok(uart) = uart else { unreachable!("both addresses leave room for eight registers") };
        Self::over(*uart.backend())
    }
}

impl<B: Backend> Port<B> {
    pub(crate) fn over(chip: B) -> Self {
        // SAFETY: Every chip is a `PioBackend` of `seize`, or one that a test plays.
        Self(unsafe { Uart16550::new_with_backend(Patience::with(chip)) })
    }

    pub(crate) fn set_up(mut self, baud: u32) -> Result<Self, Error> {
        if baud == 0 {
            return Err(Error::BaudRate);
        }
        let config = Config { baud_rate: BaudRate::from_integer(baud), ..Config::DEFAULT };
        self.0.backend_mut().start();
        let done = self.0.init(config);
        let is_stuck = self.0.backend_mut().has_run_out();
        match done {
            Ok(()) if is_stuck => Err(Error::Stuck),
            Ok(()) => Ok(self),
            Err(InitError::InvalidBaudRate(_)) => Err(Error::BaudRate),
            Err(_) => Err(Error::Absent),
        }
    }

    /// A byte that came in, if there is one.
    pub fn read(&mut self) -> Option<u8> {
        self.0.try_receive_byte().ok()
    }

    /// Sends as many of `bytes` as the chip has room for, and says how many those were.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.0.send_bytes(bytes)
    }

    /// Whether the chip has put all that it was given on the line.
    pub fn is_done(&mut self) -> bool {
        self.0.lsr().contains(LSR::TRANSMITTER_EMPTY)
    }

    /// A writer that waits for the line as long as it moves.
    pub fn insist(&mut self) -> Insist<'_, B> {
        Insist::on(self)
    }
}
