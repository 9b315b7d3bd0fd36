//! A serial port that is read and written without waiting.

#![expect(unsafe_code, reason = "taking hold of port addresses is unsafe")]

use uart_16550::backend::Backend;
use uart_16550::spec::registers::{LCR, LSR, offsets};
use uart_16550::{BaudRate, Config, InitError, Uart16550};

use crate::patience::Patience;
use crate::{Chip, Error, Insist, Place};

/// The highest rate of a PC's serial port, which the latch divides.
const FASTEST: u32 = 115_200;

/// A 16550 chip, 8 data bits, no parity, one stop bit, FIFO on, interrupts off.
pub struct Port<B: Backend = Chip>(Uart16550<Patience<B>>);

impl Port {
    /// The port at `place` as it is, for a crash to print with, whoever else was using it; none if
    /// nothing can be there.
    ///
    /// # Safety
    ///
    /// Nothing but a serial port, or nothing at all, may be there. Memory must be mapped uncached at the
    /// same address for good.
    pub unsafe fn seize(place: Place) -> Option<Self> {
        // SAFETY: The caller promises the same.
        unsafe { Chip::at(place) }.map(Self::over)
    }
}

impl<B: Backend> Port<B> {
    pub(crate) fn over(chip: B) -> Self {
        // SAFETY: Every chip is a `PioBackend` of `seize`, or one that a test plays.
        Self(unsafe { Uart16550::new_with_backend(Patience::with(chip)) })
    }

    /// Sets the chip up for `baud` symbols a second, or for as many as it was left with. Whatever it had
    /// received is lost.
    ///
    /// # Errors
    ///
    /// There is no chip, it cannot do that, or it is broken.
    pub fn set_up(mut self, baud: Option<u32>) -> Result<Self, Error> {
        let latch = baud.is_none().then(|| self.0.dll_dlm());
        let rate = baud.unwrap_or(FASTEST);
        if rate == 0 {
            return Err(Error::BaudRate);
        }
        let config = Config { baud_rate: BaudRate::from_integer(rate), ..Config::DEFAULT };
        self.0.backend_mut().start();
        let done = self.0.init(config);
        let is_stuck = self.0.backend_mut().has_run_out();
        match done {
            Ok(()) if is_stuck => return Err(Error::Stuck),
            Ok(()) => {}
            Err(InitError::InvalidBaudRate(_)) => return Err(Error::BaudRate),
            Err(_) => return Err(Error::Absent),
        }
        if let Some(latch) = latch.filter(|&latch| latch != (0, 0)) {
            self.set_latch(latch);
        }
        Ok(self)
    }

    /// The symbols a second that a PC's chip is set to, if it is.
    pub fn baud(&mut self) -> Option<u32> {
        let (low, high) = self.0.dll_dlm();
        let divisor = u32::from(u16::from_le_bytes([low, high]));
        (FASTEST.checked_rem(divisor) == Some(0)).then(|| FASTEST / divisor)
    }

    fn set_latch(&mut self, (low, high): (u8, u8)) {
        let format = self.0.lcr();
        let steps = [
            (offsets::LCR, (format | LCR::DLAB).bits()),
            (offsets::DLL, low),
            (offsets::DLM, high),
            (offsets::LCR, format.bits()),
        ];
        for (register, value) in steps {
            // SAFETY: All are registers of the chip, and none reaches memory.
            unsafe { self.0.backend_mut().write(register as u8, value) };
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
