//! A card that was opened, with its queues.

use bus::pci::Function;
use frame::{Burst, LocalPool, Outbox, Refused, RxQueue, TxQueue};
use intel::{Rx, Tx};

use crate::bus::{Config, Registers};

pub(crate) type Card = intel::Card<'static, Config, Registers>;

/// A card that was opened, with its queues.
pub(crate) struct Port {
    pub(crate) card: Card,
    pub(crate) function: Function<'static, Config>,
    pub(crate) rx: Vec<Rx<Registers>>,
    pub(crate) tx: Vec<Tx<Registers>>,
}

/// What a queue gave until it had no more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) refused: Refused,
}

/// Polls `rx` until it gives nothing.
pub(crate) fn receive(rx: &mut impl RxQueue, pool: &mut LocalPool) -> Received {
    let mut received = Received::default();
    let mut burst = Burst::new();
    loop {
        let polled = rx.rx(pool, &mut burst);
        if polled.refused {
            received.refused = sum(received.refused, rx.refused());
        } else if burst.is_empty() {
            return received;
        }
        for frame in core::mem::take(&mut burst) {
            received.frames.push(frame.bytes().to_vec());
            pool.put(frame);
        }
    }
}

/// Hands `frames` to `tx`. Those it has no room for go back; returns how many it took.
pub(crate) fn send<'f>(
    tx: &mut impl TxQueue,
    frames: impl IntoIterator<Item = &'f [u8]>,
    pool: &mut LocalPool,
) -> usize {
    let mut outbox = Outbox::new();
    for bytes in frames {
        let mut frame = pool.take().expect("there are frames enough");
        assert!(frame.copy_from(bytes));
        assert!(outbox.push(frame).is_ok(), "an outbox holds no more");
    }
    let count = tx.tx(pool, &mut outbox);
    outbox.drain(..).for_each(|frame| pool.put(frame));
    count
}

impl Port {
    /// Polls `queue` until it gives nothing.
    pub(crate) fn receive(&mut self, queue: usize, pool: &mut LocalPool) -> Received {
        receive(&mut self.rx[queue], pool)
    }

    /// Hands `frames` to `queue`. Those it has no room for go back; returns how many it took.
    pub(crate) fn send<'f>(
        &mut self,
        queue: usize,
        frames: impl IntoIterator<Item = &'f [u8]>,
        pool: &mut LocalPool,
    ) -> usize {
        send(&mut self.tx[queue], frames, pool)
    }

    /// What the card counts under `name`, of all its queues together.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.counts(name).iter().sum()
    }

    /// What the card counts under `name`, in order of queues.
    pub(crate) fn counts(&self, name: &str) -> Vec<u64> {
        let all = (0..).map_while(|index| self.card.counter(index));
        all.filter(|(counter, ..)| *counter == name).map(|(.., count)| count).collect()
    }
}

fn sum(a: Refused, b: Refused) -> Refused {
    Refused {
        lies: a.lies + b.lies,
        damaged: a.damaged + b.damaged,
        oversize: a.oversize + b.oversize,
    }
}
