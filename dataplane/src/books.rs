//! What one iteration did with the frames of each port, until it is posted to the ledger.

use crate::ledger::{ACCOUNTS, Account, Ledger, Reason};

/// One PMD's accounts since they were last posted.
pub(crate) struct Books {
    accounts: [Account; ACCOUNTS],
    /// Accounts in use: the highest port number and one.
    ports: usize,
    /// Frames dropped since the last posting.
    dropped: u32,
}

impl Books {
    pub(crate) const fn new() -> Self {
        Self { accounts: [Account::ZERO; ACCOUNTS], ports: 0, dropped: 0 }
    }

    /// Keeps an account for `port` from now on. False if there is no such port.
    pub(crate) fn open(&mut self, port: u16) -> bool {
        let exists = usize::from(port) < ACCOUNTS;
        if exists {
            self.ports = self.ports.max(usize::from(port) + 1);
        }
        exists
    }

    /// The account of `port`. Numbers beyond the last port, which none has, share one.
    #[inline]
    pub(crate) fn account(&mut self, port: u16) -> &mut Account {
        &mut self.accounts[usize::from(port) % ACCOUNTS]
    }

    /// Counts a frame that came in by `port` and was dropped.
    #[inline]
    pub(crate) fn dropped(&mut self, port: u16, reason: Reason, frames: u32) {
        self.account(port).dropped[reason as usize] += u64::from(frames);
        self.dropped += frames;
    }

    /// Adds all accounts to `ledger`, where `parked` frames wait in outboxes, and returns how many
    /// were dropped.
    #[inline]
    pub(crate) fn post(&mut self, ledger: &Ledger, parked: u64) -> u32 {
        let dropped = core::mem::take(&mut self.dropped);
        ledger.post(&mut self.accounts[..self.ports], parked, dropped > 0);
        dropped
    }
}
