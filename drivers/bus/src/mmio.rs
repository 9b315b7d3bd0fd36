//! Registers by offset.

#![expect(unsafe_code, reason = "registers are memory that no reference may point at")]

use core::ptr::NonNull;

use volatile::VolatilePtr;

/// A stretch of device registers, reached by offsets in bytes.
///
/// At an offset that is not a multiple of the width, or where the register would not lie within
/// the stretch, there is nothing, as on the bus itself: reads give all ones, writes are lost.
pub trait Mmio {
    /// The register of 8 bits at `offset`.
    fn read8(&self, offset: usize) -> u8;
    /// The register of 16 bits at `offset`.
    fn read16(&self, offset: usize) -> u16;
    /// The register of 32 bits at `offset`.
    fn read32(&self, offset: usize) -> u32;
    /// Puts `value` into the register of 8 bits at `offset`.
    fn write8(&self, offset: usize, value: u8);
    /// Puts `value` into the register of 16 bits at `offset`.
    fn write16(&self, offset: usize, value: u16);
    /// Puts `value` into the register of 32 bits at `offset`.
    fn write32(&self, offset: usize, value: u32);
}

/// Registers of a device that are mapped into memory. They move from core to core, but two cores
/// do not reach them at a time.
pub struct Registers {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: The mapping is the same on all cores, as `new` was promised.
unsafe impl Send for Registers {}

impl Registers {
    /// Takes hold of the `len` bytes of registers at `base`.
    ///
    /// # Safety
    ///
    /// They must be mapped uncached on all cores, for good. They must be of a device that reaches
    /// no memory but what drivers tell it to, and no two `Registers` may share a register whose
    /// use from two cores at a time the device does not allow.
    pub const unsafe fn new(base: NonNull<u8>, len: usize) -> Self {
        Self { base, len }
    }

    #[inline]
    fn register<T>(&self, offset: usize) -> Option<VolatilePtr<'_, T>> {
        if offset.checked_add(size_of::<T>())? > self.len {
            return None;
        }
        // SAFETY: The offset lies inside the mapping, as was just checked.
        let register = unsafe { self.base.add(offset) }.cast::<T>();
        // SAFETY: So does the whole register, and the mapping is ours.
        register.is_aligned().then(|| unsafe { VolatilePtr::new(register) })
    }
}

impl Mmio for Registers {
    #[inline]
    fn read8(&self, offset: usize) -> u8 {
        self.register(offset).map_or(u8::MAX, VolatilePtr::read)
    }

    #[inline]
    fn read16(&self, offset: usize) -> u16 {
        self.register(offset).map_or(u16::MAX, VolatilePtr::read)
    }

    #[inline]
    fn read32(&self, offset: usize) -> u32 {
        self.register(offset).map_or(u32::MAX, VolatilePtr::read)
    }

    #[inline]
    fn write8(&self, offset: usize, value: u8) {
        if let Some(register) = self.register(offset) {
            register.write(value);
        }
    }

    #[inline]
    fn write16(&self, offset: usize, value: u16) {
        if let Some(register) = self.register(offset) {
            register.write(value);
        }
    }

    #[inline]
    fn write32(&self, offset: usize, value: u32) {
        if let Some(register) = self.register(offset) {
            register.write(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registers() -> Registers {
        let memory = Box::leak(Box::new([0_u64; 4]));
        // SAFETY: Leaked memory of 32 bytes, which nothing else uses.
        unsafe { Registers::new(NonNull::from(memory).cast(), 30) }
    }

    #[test]
    fn what_was_written_can_be_read_at_each_width() {
        let registers = registers();
        registers.write32(8, 0x1234_5678);
        registers.write16(2, 0xABCD);
        registers.write8(29, 0xEF);
        assert_eq!(registers.read32(8), 0x1234_5678);
        assert_eq!((registers.read16(8), registers.read16(10)), (0x5678, 0x1234));
        assert_eq!((registers.read8(3), registers.read8(29)), (0xAB, 0xEF));
    }

    #[test]
    fn there_is_nothing_past_the_end_or_between_registers() {
        let registers = registers();
        for offset in [1, 2, 28, 30, 32, usize::MAX - 3, usize::MAX] {
            registers.write32(offset, 0);
            assert_eq!(registers.read32(offset), u32::MAX, "{offset}");
        }
        registers.write16(29, 0);
        registers.write8(30, 0);
        assert_eq!((registers.read16(29), registers.read8(30)), (u16::MAX, u8::MAX));
        assert!((0..7).all(|word| registers.read32(word * 4) == 0), "nothing was overwritten");
    }
}
