//! The queue for commands (5.1.6.5).

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bus::{Clock, Dma, Limit, Mmio, Shared, wait_until};

use crate::Error;
use crate::queue::{self, Queue, Writer};
use crate::transport::Doorbell;

/// Bytes of a command: class, command, a number of 16 bits; and the answer behind them.
const COMMAND: usize = 4;
const LEN: usize = COMMAND + 1;
/// Bytes that it all takes of memory that is aligned to a cache line.
pub(crate) const MEMORY: usize = queue::MEMORY + 64;

/// What the device answers if it has done so (5.1.6.5), and what stands there before.
const DONE: u8 = 0;
const NOTHING: u8 = 0xff;
/// How long a command may take. The specification has no limit.
const ANSWER: Limit = Limit::milliseconds(500);

/// The queue, and memory for one command.
pub(crate) struct Control<M> {
    queue: Queue<()>,
    doorbell: Doorbell<M>,
    bytes: Shared<AtomicU8, LEN>,
}

impl<M: Mmio> Control<M> {
    /// Commands by `queue`, each in `memory`.
    pub(crate) fn over(
        queue: Queue<()>,
        doorbell: Doorbell<M>,
        memory: &mut Dma,
    ) -> Result<Self, Error> {
        Ok(Self { queue, doorbell, bytes: memory.carve(64).ok_or(Error::NoMemory)? })
    }

    /// Has the device do `command` of `class` with `number`, and waits for that.
    pub(crate) fn command(
        &mut self,
        (class, command): (u8, u8),
        number: u16,
        clock: &impl Clock,
    ) -> Result<(), Error> {
        let [low, high] = number.to_le_bytes();
        let bytes = [class, command, low, high, NOTHING];
        self.bytes.iter().zip(bytes).for_each(|(place, byte)| place.store(byte, Relaxed));
        let answer = self.bytes.bus_address() + COMMAND as u64;
        self.queue.describe(1, 1, Writer::Device);
        self.queue.place(1, answer);
        self.queue.describe_first(0, COMMAND as u32, 1);
        self.queue.place(0, self.bytes.bus_address());
        self.queue.offer(0, ());
        if self.queue.publish() {
            self.doorbell.ring();
        }
        let is_answered = || self.queue.ready() > 0;
        wait_until(clock, ANSWER, is_answered).map_err(|_| Error::CommandRefused)?;
        let is_done = self.bytes[COMMAND].load(Relaxed) == DONE;
        is_done.then_some(()).ok_or(Error::CommandRefused)
    }
}
