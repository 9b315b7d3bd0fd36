//! Frames between PMDs and the control core: the port behind which this machine itself is.
//!
//! To the dataplane it is a port like any other, with a transmit queue for each PMD and a receive
//! queue of one of them. Its device is a mailbox.

use frame::{Burst, Frame, LocalPool, Outbox, Polled, RxQueue, TxQueue};

use crate::{Inbox, Sender};

/// Frames that can wait on their way, one less than that.
pub const LOCAL_RING: usize = 128;

/// A PMD's way to the control core.
pub struct LocalTx(Sender<Frame>);

/// The way from the control core to a PMD.
pub struct LocalRx(Inbox<Frame>);

impl LocalTx {
    /// A queue whose device is this mailbox.
    pub const fn new(frames: Sender<Frame>) -> Self {
        Self(frames)
    }
}

impl LocalRx {
    /// A queue whose device is this mailbox.
    pub const fn new(frames: Inbox<Frame>) -> Self {
        Self(frames)
    }
}

impl TxQueue for LocalTx {
    fn tx(&mut self, _: &mut LocalPool, outbox: &mut Outbox) -> usize {
        let waiting = outbox.len();
        let mut taken = 0;
        // What finds no room goes back to the end, behind those that are still to be tried.
        for _ in 0..waiting {
            match self.0.send(outbox.remove(0)) {
                Ok(()) => taken += 1,
                Err(frame) => {
                    let _it_was_there = outbox.push(frame);
                }
            }
        }
        taken
    }

    fn reclaim(&mut self, _: &mut LocalPool) {}

    fn backlog(&self) -> u32 {
        0
    }

    fn lies(&self) -> u64 {
        0
    }
}

impl RxQueue for LocalRx {
    fn rx(&mut self, _: &mut LocalPool, burst: &mut Burst) -> Polled {
        while !burst.is_full() {
            let Some(frame) = self.0.take() else { break };
            let _there_is_room = burst.push(frame);
        }
        Polled::default()
    }

    fn capacity(&self) -> u32 {
        LOCAL_RING as u32 - 1
    }
}
