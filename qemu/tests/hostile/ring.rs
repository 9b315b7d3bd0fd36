//! A ring as a device has it: split (virtio 1.2, 2.7) or packed (2.8). What is written there is not
//! looked at: it need not be true.

use super::memory::Memory;

/// Flags of a packed descriptor, with its id below them.
const AVAILABLE: u32 = 1 << 23;
const USED: u32 = 1 << 31;

/// A buffer that the driver made available.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) id: u16,
    pub(crate) address: u64,
    pub(crate) len: u32,
}

/// The device's end of a ring.
#[derive(Default)]
pub(crate) struct Ring {
    pub(super) is_packed: bool,
    pub(super) is_started: bool,
    pub(super) size: u16,
    /// Where descriptors are, the driver's part, and the device's.
    pub(super) descriptors: u64,
    pub(super) driver: u64,
    pub(super) device: u64,
    /// Descriptors that were taken, and that were used, since the start.
    seen: u16,
    used: u16,
}

impl Ring {
    pub(crate) fn is_running(&self) -> bool {
        self.is_started && self.size > 0
    }

    /// Its parts, and how many bytes each has.
    pub(crate) fn parts(&self) -> [(u64, u64); 3] {
        let size = u64::from(self.size);
        let (driver, device) = if self.is_packed { (4, 4) } else { (4 + 2 * size, 4 + 8 * size) };
        [(self.descriptors, 16 * size), (self.driver, driver), (self.device, device)]
    }

    /// Goes on where QEMU says that it stood (docs/interop/vhost-user of QEMU, "Vring state").
    pub(crate) fn set_base(&mut self, base: u32) {
        let number = |half: u32| {
            let turn = if self.is_packed && half & 0x8000 == 0 { self.size } else { 0 };
            if self.is_packed { (half & 0x7fff) as u16 + turn } else { half as u16 }
        };
        (self.seen, self.used) = match self.is_packed {
            true => (number(base), number(base >> 16)),
            false => (number(base), number(base)),
        };
    }

    /// Stops, and says where it stands, as QEMU wants to know it: what was taken and not used is taken
    /// once more after the next start.
    pub(crate) fn stop(&mut self) -> u32 {
        self.is_started = false;
        self.seen = self.used;
        if !self.is_packed {
            return self.used.into();
        }
        let turn = if self.turn(self.used) { 0x8000 } else { 0 };
        let half = u32::from(self.used % self.size.max(1)) | turn;
        half | half << 16
    }

    /// The next buffer that the driver made available.
    pub(crate) fn next(&mut self, memory: &Memory) -> Option<Offer> {
        if !self.is_running() {
            return None;
        }
        if self.is_packed { self.next_packed(memory) } else { self.next_split(memory) }
    }

    fn next_split(&mut self, memory: &Memory) -> Option<Offer> {
        if memory.load::<u16>(self.driver + 2) == self.seen {
            return None;
        }
        let place = u64::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        let id: u16 = memory.load(self.driver + 4 + 2 * place);
        let at = self.descriptors + 16 * u64::from(id);
        Some(Offer { id, address: memory.load(at), len: memory.load(at + 8) })
    }

    fn next_packed(&mut self, memory: &Memory) -> Option<Offer> {
        let at = self.descriptor(self.seen);
        let tag: u32 = memory.load(at + 12);
        let is_ours = if self.turn(self.seen) { AVAILABLE } else { USED };
        if tag & (AVAILABLE | USED) != is_ours {
            return None;
        }
        self.seen = self.seen.wrapping_add(1);
        Some(Offer { id: tag as u16, address: memory.load(at), len: memory.load(at + 8) })
    }

    /// Says that buffers were used, each by its id and length; the driver sees all at once.
    pub(crate) fn put(&mut self, memory: &Memory, used: &[(u32, u32)]) {
        if !self.is_running() {
            return;
        }
        // Of a packed ring the driver looks at the first of them, which is written last.
        for (number, (id, len)) in used.iter().enumerate().rev() {
            let number = self.used.wrapping_add(number as u16);
            if self.is_packed {
                let flags = if self.turn(number) { AVAILABLE | USED } else { 0 };
                memory.store(self.descriptor(number) + 8, *len);
                memory.store(self.descriptor(number) + 12, flags | id & 0xffff);
            } else {
                let entry = self.device + 4 + 8 * u64::from(number % self.size);
                memory.store(entry, *id);
                memory.store(entry + 4, *len);
            }
        }
        self.jump(memory, used.len() as u16);
    }

    /// Moves the used index on, whatever the entries hold. A packed ring has none that others see.
    pub(crate) fn jump(&mut self, memory: &Memory, distance: u16) {
        self.used = self.used.wrapping_add(distance);
        if !self.is_packed && self.is_running() {
            memory.store(self.device + 2, self.used);
        }
    }

    /// The id in the entry of a split ring that is to be written next, from when it was written last.
    pub(crate) fn stale_id(&self, memory: &Memory) -> u32 {
        memory.load(self.device + 4 + 8 * u64::from(self.used % self.size))
    }

    /// Writes what the device has to say of doorbells.
    pub(crate) fn put_flags(&self, memory: &Memory, flags: u16) {
        memory.store(self.device + if self.is_packed { 2 } else { 0 }, flags);
    }

    /// Writes over flags and next of descriptor `id` of a split ring, which only the device reads.
    pub(crate) fn scribble(&self, memory: &Memory, id: u16, flags: u32) {
        if !self.is_packed {
            memory.store(self.descriptors + 16 * u64::from(id) + 12, flags);
        }
    }

    fn descriptor(&self, number: u16) -> u64 {
        self.descriptors + 16 * u64::from(number % self.size)
    }

    /// Whether flags are set to 1 in the turn of descriptor `number` since the start.
    fn turn(&self, number: u16) -> bool {
        (number / self.size.max(1)).is_multiple_of(2)
    }
}
