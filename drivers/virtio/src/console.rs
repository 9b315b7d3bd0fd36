//! The console (5.3), one port, for sending only.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bus::pci::{BusMaster, ConfigRegionAccess, Function};
use bus::{Clock, Dma, Mmio, Shared};
use heapless::Vec;

use crate::Error;
use crate::books::Lies;
use crate::queue::{self, Queue, Ring, Writer};
use crate::split::Split;
use crate::transport::{Doorbell, Kind, Map, Transport};

/// Queue that port 0 sends by (5.3.2).
const TRANSMIT: u16 = 1;

/// Buffers for bytes on their way to the device, and how many each holds.
const BUFFERS: usize = 32;
const LEN: usize = 256;

/// A console that takes bytes without waiting. It stands still once this is dropped.
pub struct Console<'a, A: ConfigRegionAccess, M> {
    queue: Queue<(), Split>,
    doorbell: Doorbell<M>,
    bytes: Shared<AtomicU8, { BUFFERS * LEN }>,
    /// Buffers that the device was not given. A buffer has the id of its descriptor.
    free: Vec<u16, BUFFERS>,
    _bus_master: BusMaster<'a, A>,
}

impl<'a, A: ConfigRegionAccess, M: Mmio> Console<'a, A, M> {
    /// Bytes of memory that a console needs for its ring and buffers, aligned to 64.
    pub const MEMORY: usize = queue::MEMORY + BUFFERS * LEN;

    /// Resets the console and sets it up, with its ring in `memory`, which is zeroed.
    pub fn open(
        function: &Function<'a, A>,
        map: Map<'_, M>,
        memory: Dma,
        clock: &impl Clock,
    ) -> Result<Self, Error> {
        if Kind::of(&function.seen()) != Some(Kind::Console) {
            return Err(Error::WrongKind);
        }
        let transport = Transport::open(function, &mut *map, clock)?;
        Self::set_up(&transport, function.bus_master(), map, memory)
            .inspect_err(|_| transport.give_up())
    }

    fn set_up(
        transport: &Transport<M>,
        bus_master: BusMaster<'a, A>,
        map: Map<'_, M>,
        mut memory: Dma,
    ) -> Result<Self, Error> {
        transport.negotiate(0)?;
        let size = transport.queue_size(TRANSMIT)?;
        let queue = Queue::split(&mut memory, size).ok_or(Error::NoMemory)?;
        let bytes = memory.carve(64).ok_or(Error::NoMemory)?;
        let doorbell = transport.start_queue(TRANSMIT, &queue.ring.layout(), map)?;
        transport.finish();
        let free = (0..size.min(BUFFERS as u16)).rev().collect();
        Ok(Self { queue, doorbell, bytes, free, _bus_master: bus_master })
    }

    /// Sends as many of `bytes` as there are buffers for, and says how many those were.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.reclaim();
        let mut sent = 0;
        for chunk in bytes.chunks(LEN) {
            if self.queue.books.is_stopped() || !self.send(chunk) {
                break;
            }
            sent += chunk.len();
        }
        if sent > 0 && self.queue.ring.publish() {
            self.doorbell.ring();
        }
        sent
    }

    /// What the device said that cannot be true, since boot.
    pub fn lies_by_kind(&self) -> Lies {
        self.queue.books.lies()
    }

    /// Gives `chunk`, which fits a buffer, to the device. False if it has all buffers already.
    fn send(&mut self, chunk: &[u8]) -> bool {
        let Some(id) = self.free.pop() else { return false };
        let start = usize::from(id) * LEN;
        for (place, byte) in self.bytes[start..].iter().zip(chunk) {
            place.store(*byte, Relaxed);
        }
        let address = self.bytes[start..].as_ptr().addr();
        self.queue.ring.describe(id, chunk.len() as u32, Writer::Driver);
        self.queue.give(id, (), |()| address);
        true
    }

    fn reclaim(&mut self) {
        let ready = self.queue.ready(u16::MAX);
        for used in self.queue.ring.entries(ready) {
            if self.queue.books.take_back(used.id).is_some() {
                let _fits = self.free.push(used.id as u16);
            }
        }
    }
}
