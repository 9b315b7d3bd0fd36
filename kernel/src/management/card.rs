//! The card of the port: its two halves, and where each of its frames ended.

use dataplane::{Account, Reason};
use frame::{BUFFER, Burst, LocalPool, Outbox, Refused, RxQueue, TxQueue};

use crate::ether::Ether;

/// Frames that wait for the ring before no more are made.
pub(super) const OUTGOING: usize = 64;

/// Where frames of the port ended, each in one of these buckets:
/// `received = consumed + lies + damaged + waiting` and `made = sent + unsent + leaving`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that the card reported.
    pub received: u64,
    /// Bytes of those that were believed.
    pub received_bytes: u64,
    /// Those that this machine looked at, whether they asked for anything or not.
    pub consumed: u64,
    /// Those that nobody got: what the card said of them cannot be true.
    pub lies: u64,
    /// And they were damaged, or too long.
    pub damaged: u64,
    /// Those that were taken off the ring and not looked at yet.
    pub waiting: u64,
    /// Frames that this machine made: answers, and what it says by itself.
    pub made: u64,
    /// Those that the ring took.
    pub sent: u64,
    /// Bytes of those.
    pub sent_bytes: u64,
    /// Those that there was no room for.
    pub unsent: u64,
    /// Those that wait for room in the ring.
    pub leaving: u64,
    /// Those of them in the ring that the card is not known to be done with.
    pub pending: u32,
    /// Those of them that came back from the ring, because the card was reset.
    pub returned: u64,
    /// Those who listen to the stream now.
    pub listeners: u32,
    /// Frames of the stream that some of them missed while they took nothing.
    pub missed: u64,
}

impl Tally {
    /// What it has in common with the account of any other port.
    pub fn account(&self) -> Account {
        let Self { received, received_bytes, sent, sent_bytes, .. } = *self;
        let mut account = Account { received, received_bytes, sent, sent_bytes, ..Account::ZERO };
        account.dropped[Reason::DeviceLie as usize] = self.lies;
        account
    }
}

/// The two halves of the port, and frames between them and the adapter.
pub(super) struct Card<R, T> {
    rx: R,
    tx: T,
    pool: &'static mut LocalPool,
    /// Oldest last.
    came: Burst,
    leaves: Outbox,
    tally: Tally,
}

impl<R: RxQueue, T: TxQueue> Card<R, T> {
    pub(super) fn new(rx: R, tx: T, pool: &'static mut LocalPool) -> Self {
        Self { rx, tx, pool, came: Burst::new(), leaves: Outbox::new(), tally: Tally::default() }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            waiting: self.came.len() as u64,
            leaving: self.leaves.len() as u64,
            pending: self.tx.backlog(),
            returned: self.tx.unsent(),
            ..self.tally
        }
    }

    /// Gives the ring what waits for it, and does what frames need not wait for.
    pub(super) fn flush(&mut self) {
        let bytes = |frames: &Outbox| frames.iter().map(|frame| frame.len() as u64).sum::<u64>();
        let before = bytes(&self.leaves);
        self.tally.sent += self.tx.tx(self.pool, &mut self.leaves) as u64;
        self.tally.sent_bytes += before - bytes(&self.leaves);
        self.tx.keep_house(self.pool);
        self.rx.keep_house(self.pool);
    }

    fn poll(&mut self) {
        let polled = self.rx.rx(self.pool, &mut self.came);
        self.came.reverse();
        self.tally.received += self.came.len() as u64;
        self.tally.received_bytes += self.came.iter().map(|frame| frame.len() as u64).sum::<u64>();
        if polled.refused {
            let Refused { lies, damaged, oversize } = self.rx.refused();
            self.tally.lies += u64::from(lies);
            self.tally.damaged += u64::from(damaged) + u64::from(oversize);
            self.tally.received += u64::from(lies) + u64::from(damaged) + u64::from(oversize);
        }
    }
}

impl<R: RxQueue, T: TxQueue> Ether for Card<R, T> {
    fn take(&mut self, bytes: &mut [u8; BUFFER]) -> Option<usize> {
        if self.came.is_empty() {
            self.poll();
        }
        let frame = self.came.pop()?;
        let len = frame.len().min(BUFFER);
        bytes[..len].copy_from_slice(&frame.bytes()[..len]);
        self.pool.put(frame);
        self.tally.consumed += 1;
        Some(len)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.tally.made += 1;
        let Some(mut frame) = self.pool.take() else {
            self.tally.unsent += 1;
            return;
        };
        frame.copy_from(bytes);
        if let Err(frame) = self.leaves.push(frame) {
            self.pool.put(frame);
            self.tally.unsent += 1;
        }
    }

    fn has_room(&self) -> bool {
        self.leaves.len() < OUTGOING
    }
}
