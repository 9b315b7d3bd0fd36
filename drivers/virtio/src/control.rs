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
/// Milliseconds that a command may take. The specification has no limit: a thread of the host answers, which a
/// busy one may stop for long.
pub(crate) const ANSWER: u32 = 5000;

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
        self.begin(command);
        let mut outcome = None;
        let is_over = || {
            outcome = self.outcome();
            outcome.is_some()
        };
        let _outcome_tells = wait_until(clock, Limit::milliseconds(ANSWER), is_over);
        outcome.unwrap_or(Err(Error::CommandRefused))
    }

    /// Has the device do `command`, once it has done the last one.
    pub(crate) fn begin(&mut self, command: Command) {
        let (bytes, len) = command.bytes();
        let bytes = bytes.into_iter().chain([NOTHING]);
        self.bytes.iter().zip(bytes).for_each(|(place, byte)| place.store(byte, Relaxed));
        let address = self.bytes.bus_address();
        let request = Request { address, len, answer: address + COMMAND as u64 };
        let needs_doorbell = match &mut self.queue {
            AnyQueue::Split(queue) => offer(queue, &request),
            AnyQueue::Packed(queue) => offer(queue, &request),
        };
        if needs_doorbell {
            self.doorbell.ring();
        }
    }

    /// What became of the command; none while the device has not done it.
    pub(crate) fn outcome(&mut self) -> Option<Result<(), Error>> {
        let is_over = match &mut self.queue {
            AnyQueue::Split(queue) => retire(queue),
            AnyQueue::Packed(queue) => retire(queue),
        };
        let is_done = self.bytes[COMMAND].load(Relaxed) == DONE;
        is_over.then(|| is_done.then_some(()).ok_or(Error::CommandRefused))
    }

    /// Forgets what it was told. The device was reset.
    pub(crate) fn clear(&mut self) {
        self.queue.let_go(|()| ());
        self.queue.books_mut().begin();
    }
}

/// Lets the device see `request`. Whether it needs the doorbell.
fn offer(queue: &mut Queue<(), impl Ring>, request: &Request) -> bool {
    queue.ring.request(request);
    queue.ring.publish()
}

/// Whether the device has used its request, which is over then.
fn retire(queue: &mut Queue<(), impl Ring>) -> bool {
    let is_used = queue.ready(1) > 0;
    if is_used {
        queue.ring.retire();
    }
    is_used
}
