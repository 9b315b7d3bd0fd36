//! The device's end of a ring of either kind. Like a device, it knows nothing but bus addresses.

#![expect(unsafe_code, reason = "a device reaches memory by its address")]

use std::ptr::with_exposed_provenance_mut;
use std::slice;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// How far from the processor's addresses the bus addresses are.
pub(super) const DISTANCE: u64 = 0x10_0000_0000;

/// Flags of a packed descriptor.
pub(super) const AVAILABLE: u32 = 1 << 7;
pub(super) const USED: u32 = 1 << 15;

/// What the driver makes available: the place, length and direction of one buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) id: u16,
    pub(super) address: u64,
    pub(super) len: u32,
    pub(super) is_for_writing: bool,
}

#[derive(Clone, Default)]
pub(super) struct Ring {
    /// Bus addresses of descriptors, the driver's part and the device's.
    pub(super) parts: [u64; 3],
    pub(super) size: u16,
    pub(super) is_enabled: bool,
    pub(super) is_packed: bool,
    seen: u16,
    used: u16,
}

impl Ring {
    /// A ring that has up to `size` descriptors.
    pub(super) fn of(size: u16) -> Self {
        Self { size, ..Self::default() }
    }

    /// Forgets all, but how many descriptors it has.
    pub(super) fn reset(&mut self) {
        *self = Self::of(self.size);
    }

    /// Takes the next buffer that the driver made available.
    pub(super) fn next(&mut self) -> Option<Offer> {
        if !self.is_enabled {
            return None;
        }
        if self.is_packed {
            return self.next_packed();
        }
        if half(self.parts[1] + 2).load(Relaxed) == self.seen {
            return None;
        }
        let place = u64::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        let id = half(self.parts[1] + 4 + 2 * place).load(Relaxed);
        let descriptor = self.parts[0] + 16 * u64::from(id);
        let rest = long(descriptor + 8).load(Relaxed);
        let is_for_writing = match (rest >> 32) as u16 {
            0 => false,
            2 => true,
            flags => panic!("a frame is one descriptor, but its flags are {flags}"),
        };
        let address = long(descriptor).load(Relaxed);
        Some(Offer { id, address, len: rest as u32, is_for_writing })
    }

    fn next_packed(&mut self) -> Option<Offer> {
        let (address, len, tag) = self.take_packed()?;
        let is_for_writing = match tag >> 16 & !(AVAILABLE | USED) {
            0 => false,
            2 => true,
            flags => panic!("a frame is one descriptor, but its flags are {flags}"),
        };
        Some(Offer { id: tag as u16, address, len, is_for_writing })
    }

    /// The next descriptor of a packed ring, if it is the device's: address, length, id with flags.
    fn take_packed(&mut self) -> Option<(u64, u32, u32)> {
        let at = self.descriptor(self.seen);
        let tag = word(at + 12).load(Relaxed);
        let is_ours = if self.turn(self.seen) { AVAILABLE } else { USED };
        if tag >> 16 & (AVAILABLE | USED) != is_ours {
            return None;
        }
        self.seen = self.seen.wrapping_add(1);
        Some((long(at).load(Relaxed), word(at + 8).load(Relaxed), tag))
    }

    fn descriptor(&self, number: u16) -> u64 {
        self.parts[0] + 16 * u64::from(number % self.size)
    }

    /// Whether flags are set to 1 in the turn of descriptor `number` since the start.
    fn turn(&self, number: u16) -> bool {
        (number / self.size).is_multiple_of(2)
    }

    /// Writes what the device says in the descriptor that it uses next.
    pub(super) fn put_tag(&self, id: u16, flags: u32) {
        word(self.descriptor(self.used) + 12).store(flags << 16 | u32::from(id), Relaxed);
    }

    /// Takes a command: its id, its bytes, and where the answer goes.
    pub(super) fn next_command(&mut self) -> (u16, Vec<u8>, u64) {
        if self.is_packed {
            let (address, len, tag) = self.take_packed().unwrap();
            assert_eq!(tag >> 16 & !(AVAILABLE | USED), 1, "another descriptor follows");
            let (answer, 1, tag) = self.take_packed().unwrap() else { panic!("one byte") };
            assert_eq!(tag >> 16 & !(AVAILABLE | USED), 2, "the device writes it");
            return (tag as u16, read(address, len), answer);
        }
        let place = u64::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        let id = half(self.parts[1] + 4 + 2 * place).load(Relaxed);
        let descriptor = |id: u16| {
            let at = self.parts[0] + 16 * u64::from(id);
            (long(at).load(Relaxed), long(at + 8).load(Relaxed))
        };
        let (address, rest) = descriptor(id);
        assert_eq!((rest >> 32) as u16, 1, "another descriptor follows");
        let (answer, last) = descriptor((rest >> 48) as u16);
        assert_eq!(last, 2 << 32 | 1, "a byte that the device writes");
        (id, read(address, rest as u32), answer)
    }

    /// Says that a command was used.
    pub(super) fn put_command(&mut self, id: u16) {
        self.put(id.into(), 1);
        // It had two descriptors.
        self.used = self.used.wrapping_add(u16::from(self.is_packed));
    }

    /// Says that a buffer was used, true or not, if the driver has enabled the ring.
    pub(super) fn put(&mut self, id: u32, len: u32) {
        if !self.is_enabled {
            return;
        }
        if self.is_packed {
            let flags = if self.turn(self.used) { AVAILABLE | USED } else { 0 };
            word(self.descriptor(self.used) + 8).store(len, Relaxed);
            self.put_tag(id as u16, flags);
            self.used = self.used.wrapping_add(1);
            return;
        }
        let entry = self.parts[2] + 4 + 8 * u64::from(self.used % self.size);
        word(entry).store(id, Relaxed);
        word(entry + 4).store(len, Relaxed);
        self.jump(1);
    }

    /// Moves the used index on, whatever the entries hold.
    pub(super) fn jump(&mut self, distance: u16) {
        if !self.is_enabled {
            return;
        }
        if self.is_packed {
            for _ in 0..distance {
                self.put(0, 0);
            }
            return;
        }
        self.used = self.used.wrapping_add(distance);
        let flags = word(self.parts[2]).load(Relaxed) & 0xFFFF;
        word(self.parts[2]).store(u32::from(self.used) << 16 | flags, Relaxed);
    }

    /// Says whether the device needs the doorbell.
    pub(super) fn set_no_notify(&self, is_set: bool) {
        if !self.is_enabled {
            return;
        }
        if self.is_packed {
            return word(self.parts[2]).store(u32::from(is_set) << 16, Relaxed);
        }
        let index = word(self.parts[2]).load(Relaxed) & 0xFFFF_0000;
        word(self.parts[2]).store(index | u32::from(is_set), Relaxed);
    }

    /// Whether the driver wants no interrupts.
    pub(super) fn is_silent(&self) -> bool {
        let flags = half(self.parts[1] + if self.is_packed { 2 } else { 0 });
        flags.load(Relaxed) == 1
    }
}

/// Writes `bytes` at a bus address.
pub(super) fn write(address: u64, bytes: &[u8]) {
    memory(address, bytes.len()).copy_from_slice(bytes);
}

/// The `len` bytes at a bus address.
pub(super) fn read(address: u64, len: u32) -> Vec<u8> {
    memory(address, len as usize).to_vec()
}

fn memory(address: u64, len: usize) -> &'static mut [u8] {
    // SAFETY: The driver offered this memory and does not touch it until it is used.
    unsafe { slice::from_raw_parts_mut(at(address), len) }
}

fn half(address: u64) -> &'static AtomicU16 {
    // SAFETY: Part of a ring, which the driver too reaches as atomic words only.
    unsafe { AtomicU16::from_ptr(at(address)) }
}

fn word(address: u64) -> &'static AtomicU32 {
    // SAFETY: Part of a ring, which the driver too reaches as atomic words only.
    unsafe { AtomicU32::from_ptr(at(address)) }
}

fn long(address: u64) -> &'static AtomicU64 {
    // SAFETY: Part of a ring, which the driver too reaches as atomic words only.
    unsafe { AtomicU64::from_ptr(at(address)) }
}

fn at<T>(address: u64) -> *mut T {
    with_exposed_provenance_mut((address - DISTANCE) as usize)
}
