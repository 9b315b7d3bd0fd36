//! The queues of ports, whichever driver they are of.

use bus::Registers;
use dataplane::hash::Seeds;
use frame::{Burst, LocalPool, Outbox, Polled, Refused, RxQueue, TxQueue};
use handover::{LocalRx, LocalTx, SharedTx, SteeredTx};
use heapless::Vec;
use kernel::options::RXQS;
use virtio::{NetRx, NetTx};

/// The queues of a port.
pub(crate) struct Queues {
    pub(crate) rx: Vec<Rx, RXQS>,
    pub(crate) tx: Vec<Ring, RXQS>,
    /// Bytes of the largest frame that comes and goes by them, as [`dataplane::LARGEST`].
    pub(crate) largest: usize,
}

impl Queues {
    /// None yet, for frames of up to `largest`.
    pub(crate) fn of_frames(largest: usize) -> Self {
        Self { rx: Vec::new(), tx: Vec::new(), largest }
    }

    /// Adds a pair of queues, as many as fit.
    pub(crate) fn add(&mut self, rx: Rx, tx: Ring) {
        let _fits = self.rx.push(rx);
        let _fits = self.tx.push(tx);
    }

    /// Frames that its receive rings hold together.
    pub(crate) fn capacity(&self) -> usize {
        self.rx.iter().map(|queue| queue.capacity() as usize).sum()
    }

    /// Frames that its rings hold together, both ways.
    pub(crate) fn frames(&self) -> usize {
        self.capacity() + self.tx.iter().map(|ring| ring.capacity() as usize).sum::<usize>()
    }

    /// Descriptors of a receive ring and of a transmit ring, all of which are alike.
    pub(crate) fn rings(&self) -> (u32, u32) {
        let (rx, tx) = (self.rx.first(), self.tx.first());
        (rx.map_or(0, RxQueue::capacity), tx.map_or(0, Ring::capacity))
    }
}

/// A PMD's way in from a port. Queues of cards are too large to be handed about.
pub(crate) enum Rx {
    Virtio(&'static mut NetRx<Registers>),
    Intel(&'static mut intel::Rx<Registers>),
    /// From the control core.
    Local(LocalRx),
}

impl Rx {
    /// Fills the ring with frames of `pool`, as far as there are any.
    pub(crate) fn start(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Virtio(queue) => queue.start(pool),
            Self::Intel(queue) => queue.start(pool),
            Self::Local(_) => 0,
        };
    }
}

impl RxQueue for Rx {
    #[inline]
    fn rx(&mut self, pool: &mut LocalPool, burst: &mut Burst) -> Polled {
        match self {
            Self::Virtio(queue) => queue.rx(pool, burst),
            Self::Intel(queue) => queue.rx(pool, burst),
            Self::Local(queue) => queue.rx(pool, burst),
        }
    }

    fn refused(&mut self) -> Refused {
        match self {
            Self::Virtio(queue) => queue.refused(),
            Self::Intel(queue) => queue.refused(),
            Self::Local(_) => Refused::default(),
        }
    }

    fn capacity(&self) -> u32 {
        match self {
            Self::Virtio(queue) => queue.capacity(),
            Self::Intel(queue) => queue.capacity(),
            Self::Local(queue) => queue.capacity(),
        }
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Virtio(queue) => queue.keep_house(pool),
            Self::Intel(queue) => queue.keep_house(pool),
            Self::Local(queue) => queue.keep_house(pool),
        }
    }
}

/// A card's transmit queue.
pub(crate) enum Ring {
    Virtio(&'static mut NetTx<Registers>),
    Intel(&'static mut intel::Tx<Registers>),
}

impl Ring {
    /// Descriptors that it has.
    fn capacity(&self) -> u32 {
        match self {
            Self::Virtio(queue) => queue.capacity(),
            Self::Intel(queue) => queue.capacity(),
        }
    }
}

impl TxQueue for Ring {
    #[inline]
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        match self {
            Self::Virtio(queue) => queue.tx(pool, outbox),
            Self::Intel(queue) => queue.tx(pool, outbox),
        }
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Virtio(queue) => queue.reclaim(pool),
            Self::Intel(queue) => queue.reclaim(pool),
        }
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Virtio(queue) => queue.keep_house(pool),
            Self::Intel(queue) => queue.keep_house(pool),
        }
    }

    fn backlog(&self) -> u32 {
        match self {
            Self::Virtio(queue) => queue.backlog(),
            Self::Intel(queue) => queue.backlog(),
        }
    }

    fn unsent(&self) -> u64 {
        match self {
            Self::Virtio(queue) => queue.unsent(),
            Self::Intel(queue) => queue.unsent(),
        }
    }

    fn lies(&self) -> u64 {
        match self {
            Self::Virtio(queue) => queue.lies(),
            Self::Intel(queue) => queue.lies(),
        }
    }
}

/// A PMD's way out by a port: a queue of its own, or one that all share.
pub(crate) enum Tx {
    /// To the control core.
    Local(LocalTx),
    Own(Ring),
    Shared {
        queue: &'static SharedTx<Ring>,
        /// Only one PMD tells how many frames the ring holds, and never sent.
        tells: bool,
    },
    /// By all rings of the port, as hashes of frames say.
    Steered {
        queues: &'static mut SteeredTx<Ring, Seeds>,
        tells: bool,
    },
}

impl Tx {
    /// Sends by what is not the PMD's own. Apart from what is.
    #[inline(never)]
    fn tx_shared(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        match self {
            Self::Local(queue) => queue.tx(pool, outbox),
            Self::Own(queue) => queue.tx(pool, outbox),
            Self::Shared { queue, .. } => queue.tx(pool, outbox),
            Self::Steered { queues, .. } => queues.tx(pool, outbox),
        }
    }
}

impl TxQueue for Tx {
    #[inline]
    fn tx(&mut self, pool: &mut LocalPool, outbox: &mut Outbox) -> usize {
        match self {
            Self::Own(queue) => queue.tx(pool, outbox),
            _ => self.tx_shared(pool, outbox),
        }
    }

    fn reclaim(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Local(queue) => queue.reclaim(pool),
            Self::Own(queue) => queue.reclaim(pool),
            Self::Shared { queue, .. } => queue.reclaim(pool),
            Self::Steered { queues, .. } => queues.reclaim(pool),
        }
    }

    fn keep_house(&mut self, pool: &mut LocalPool) {
        match self {
            Self::Local(queue) => queue.keep_house(pool),
            Self::Own(queue) => queue.keep_house(pool),
            Self::Shared { queue, .. } => queue.keep_house(pool),
            Self::Steered { queues, .. } => queues.keep_house(pool),
        }
    }

    fn backlog(&self) -> u32 {
        match self {
            Self::Local(queue) => queue.backlog(),
            Self::Own(queue) => queue.backlog(),
            Self::Shared { queue, tells: true } => queue.backlog(),
            Self::Steered { queues, tells: true } => queues.backlog(),
            Self::Shared { .. } | Self::Steered { .. } => 0,
        }
    }

    fn unsent(&self) -> u64 {
        match self {
            Self::Local(queue) => queue.unsent(),
            Self::Own(queue) => queue.unsent(),
            Self::Shared { queue, tells: true } => queue.unsent(),
            Self::Steered { queues, tells: true } => queues.unsent(),
            Self::Shared { .. } | Self::Steered { .. } => 0,
        }
    }

    fn lies(&self) -> u64 {
        match self {
            Self::Local(queue) => queue.lies(),
            Self::Own(queue) => queue.lies(),
            Self::Shared { queue, .. } => queue.lies(),
            Self::Steered { queues, .. } => queues.lies(),
        }
    }
}
