//! The queue for commands (5.1.6.5).

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use bus::{Clock, Dma, Limit, Mmio, Shared, wait_until};

use crate::Error;
use crate::queue::{self, AnyQueue, Queue, Request, Ring};
use crate::transport::Doorbell;

/// Bytes of a command at most: class, command, a number of 16 bits; and the answer behind them.
const COMMAND: usize = 4;
const LEN: usize = COMMAND + 1;
/// Bytes that it all takes of memory that is aligned to a cache line.
pub(crate) const MEMORY: usize = queue::MEMORY + 64;

/// What the device answers if it has done so (5.1.6.5), and what stands there before.
const DONE: u8 = 0;
const NOTHING: u8 = 0xff;
/// How long a command may take. The specification has no limit.
const ANSWER: Limit = Limit::milliseconds(500);

/// What the device is told to do.
#[derive(Clone, Copy)]
pub(crate) enum Command {
    /// Receive all frames, whoever they are for (5.1.6.5.1).
    ReceiveAll,
    /// Use so many pairs of queues (5.1.6.5.5).
    UsePairs(u16),
}

impl Command {
    /// Class, command and what belongs to it, and how many of these bytes there are.
    fn bytes(self) -> ([u8; COMMAND], u32) {
        match self {
            Self::ReceiveAll => ([0, 0, 1, 0], 3),
            Self::UsePairs(count) => {
                let [low, high] = count.to_le_bytes();
                ([4, 0, low, high], 4)
            }
        }
    }
}

/// The queue, and memory for one command.
pub(crate) struct Control<M> {
    queue: AnyQueue<()>,
    doorbell: Doorbell<M>,
    bytes: Shared<AtomicU8, LEN>,
}

impl<M: Mmio> Control<M> {
    /// Commands by `queue`, each in `memory`.
    pub(crate) fn over(
        queue: AnyQueue<()>,
        doorbell: Doorbell<M>,
        memory: &mut Dma,
    ) -> Result<Self, Error> {
        // A command has two descriptors.
        if queue.books().size() < 2 {
            return Err(Error::NoQueue);
        }
        Ok(Self { queue, doorbell, bytes: memory.carve(64).ok_or(Error::NoMemory)? })
    }

    /// Has the device do `command`, and waits for that.
    pub(crate) fn command(&mut self, command: Command, clock: &impl Clock) -> Result<(), Error> {
        let (bytes, len) = command.bytes();
        let bytes = bytes.into_iter().chain([NOTHING]);
        self.bytes.iter().zip(bytes).for_each(|(place, byte)| place.store(byte, Relaxed));
        let address = self.bytes.bus_address();
        let request = Request { address, len, answer: address + COMMAND as u64 };
        match &mut self.queue {
            AnyQueue::Split(queue) => carry_out(queue, &request, &self.doorbell, clock)?,
            AnyQueue::Packed(queue) => carry_out(queue, &request, &self.doorbell, clock)?,
        }
        let is_done = self.bytes[COMMAND].load(Relaxed) == DONE;
        is_done.then_some(()).ok_or(Error::CommandRefused)
    }
}

/// Has the device use `request`, and waits for that.
fn carry_out<M: Mmio>(
    queue: &mut Queue<(), impl Ring>,
    request: &Request,
    doorbell: &Doorbell<M>,
    clock: &impl Clock,
) -> Result<(), Error> {
    queue.ring.request(request);
    if queue.ring.publish() {
        doorbell.ring();
    }
    let is_used = || queue.ready(1) > 0;
    wait_until(clock, ANSWER, is_used).map_err(|_| Error::CommandRefused)?;
    queue.ring.retire();
    Ok(())
}
