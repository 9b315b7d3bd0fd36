//! Where a 16550 is, and how its registers are reached there.

#![expect(unsafe_code, reason = "registers are reached by port and by address")]

use uart_16550::backend::{Backend, PioBackend};
use uart_16550::{Uart16550, spec::NUM_REGISTERS};

/// Where a 16550 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this I/O port and the seven behind it.
    Port(u16),
    /// In memory, so many bytes from one register to the next.
    Memory {
        /// Address of the first register.
        address: u64,
        /// 1 or 2, or 4 where registers are read and written in four bytes.
        stride: u8,
    },
}

impl Place {
    /// COM1, `ttyS0`.
    pub const COM1: Self = Self::Port(0x3f8);
    /// COM2, `ttyS1`.
    pub const COM2: Self = Self::Port(0x2f8);
    /// COM3, `ttyS2`.
    pub const COM3: Self = Self::Port(0x3e8);
    /// COM4, `ttyS3`.
    pub const COM4: Self = Self::Port(0x2e8);

    /// Bytes of memory that the registers take; none of a port.
    pub fn span(self) -> usize {
        match self {
            Self::Port(_) => 0,
            Self::Memory { stride, .. } => NUM_REGISTERS * usize::from(stride),
        }
    }
}

/// The registers of a chip somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Chip(Registers);

#[derive(Clone, Copy, Debug)]
enum Registers {
    Port(PioBackend),
    Memory { address: usize, stride: u8 },
}

impl Chip {
    /// The chip at `place`; none if its registers would lie behind the last port.
    ///
    /// # Safety
    ///
    /// Nothing but a serial port, or nothing at all, may be there. Memory must be mapped uncached at the
    /// same address for good.
    pub(crate) unsafe fn at(place: Place) -> Option<Self> {
        let registers = match place {
            Place::Port(port) => {
                // SAFETY: The caller says what is at these ports.
                let uart = unsafe { Uart16550::new_port(port) };
                Registers::Port(*uart.ok()?.backend())
            }
            Place::Memory { address, stride } => {
                Registers::Memory { address: usize::try_from(address).ok()?, stride }
            }
        };
        Some(Self(registers))
    }
}

fn register_at(address: usize, stride: u8, register: u8) -> *mut u8 {
    let offset = usize::from(register) * usize::from(stride);
    core::ptr::with_exposed_provenance_mut(address.wrapping_add(offset))
}

impl Backend for Chip {
    unsafe fn read(&mut self, register: u8) -> u8 {
        match &mut self.0 {
            // SAFETY: The caller keeps `register` within the chip, as it must.
            Registers::Port(chip) => unsafe { chip.read(register) },
            Registers::Memory { address, stride: 4 } => {
                let place = register_at(*address, 4, register).cast::<u32>();
                // SAFETY: `at` was promised that all registers are mapped.
                unsafe { place.read_volatile() as u8 }
            }
            Registers::Memory { address, stride } => {
                let place = register_at(*address, *stride, register);
                // SAFETY: As above.
                unsafe { place.read_volatile() }
            }
        }
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        match &mut self.0 {
            // SAFETY: The caller keeps `register` within the chip, as it must.
            Registers::Port(chip) => unsafe { chip.write(register, value) },
            Registers::Memory { address, stride: 4 } => {
                let place = register_at(*address, 4, register).cast::<u32>();
                // SAFETY: `at` was promised that all registers are mapped.
                unsafe { place.write_volatile(value.into()) };
            }
            Registers::Memory { address, stride } => {
                let place = register_at(*address, *stride, register);
                // SAFETY: As above.
                unsafe { place.write_volatile(value) };
            }
        }
    }
}
