//! Where every frame ended: one bucket each, counted by the PMD that put it there.
//!
//! Each PMD has a ledger of its own and alone writes it, once at the end of an iteration, so that
//! a reader finds the sums of whole iterations only:
//! `received = forwarded + dropped(by reason) + parked`.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, fence};

use perf::Tally;

/// Ports that a dataplane has at most.
pub const PORTS: usize = 16;
/// Attempts at a copy between two iterations before a reader gives up. Many, because an emulator
/// may leave a PMD standing in the middle for some milliseconds.
const ATTEMPTS: usize = 200_000;

/// Why a frame was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What the device said of it cannot be true.
    DeviceLie,
    /// It is shorter than an Ethernet header.
    Runt,
    /// It is longer than the largest frame, 1514 bytes or 1518 with a VLAN tag.
    Oversize,
    /// No rule says where it is to go.
    NoRule,
    /// The transmit ring that it was to leave by had no room.
    TxRingFull,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = 5;

    /// All of them, in the order in which a frame can meet them.
    pub const ALL: [Self; Self::COUNT] =
        [Self::DeviceLie, Self::Runt, Self::Oversize, Self::NoRule, Self::TxRingFull];

    /// The room in which it strikes.
    pub const fn stage(self) -> &'static str {
        match self {
            Self::DeviceLie => "rx",
            Self::Runt | Self::Oversize => "parse",
            Self::NoRule => "act",
            Self::TxRingFull => "tx",
        }
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeviceLie => "device_lie",
            Self::Runt => "runt",
            Self::Oversize => "oversize",
            Self::NoRule => "no_rule",
            Self::TxRingFull => "tx_ring_full",
        }
    }
}

/// What became of frames, by the port they came in by; and what a port sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Frames that the port's device reported.
    pub received: u64,
    /// Bytes of those that were believed.
    pub received_bytes: u64,
    /// Those of them that a transmit ring took.
    pub forwarded: u64,
    /// Those of them that were dropped, by [`Reason`].
    pub dropped: [u64; Reason::COUNT],
    /// Frames that this port's own transmit ring took, whichever port they came in by.
    pub sent: u64,
    /// Bytes of those.
    pub sent_bytes: u64,
}

/// Numbers in an account.
const FIELDS: usize = 5 + Reason::COUNT;

impl Account {
    /// An account of nothing.
    pub const ZERO: Self = Self {
        received: 0,
        received_bytes: 0,
        forwarded: 0,
        dropped: [0; Reason::COUNT],
        sent: 0,
        sent_bytes: 0,
    };

    /// Frames dropped, for whatever reason.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Frames received that were neither forwarded nor dropped: over all ports as many as are
    /// parked, if every frame ends in exactly one bucket. Below 0 if some ended twice.
    pub fn unaccounted(&self) -> i64 {
        self.received.wrapping_sub(self.forwarded + self.dropped_in_all()) as i64
    }

    /// Adds the numbers of `other`.
    pub fn add(&mut self, other: &Self) {
        let (mut sum, other) = (self.fields(), other.fields());
        sum.iter_mut().zip(other).for_each(|(sum, amount)| *sum += amount);
        *self = Self::from_fields(sum);
    }

    fn fields(&self) -> [u64; FIELDS] {
        let [a, b, c, d, e] = self.dropped;
        let Self { received, received_bytes, forwarded, sent, sent_bytes, .. } = *self;
        [received, received_bytes, forwarded, sent, sent_bytes, a, b, c, d, e]
    }

    fn from_fields(fields: [u64; FIELDS]) -> Self {
        let [received, received_bytes, forwarded, sent, sent_bytes, dropped @ ..] = fields;
        Self { received, received_bytes, forwarded, dropped, sent, sent_bytes }
    }
}

/// What ledgers said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// By port that frames came in by; what was sent, by port that it left by.
    pub accounts: [Account; PORTS],
    /// Frames that are neither forwarded nor dropped yet: they wait in outboxes. A count of its
    /// own, for the sums to be checked against.
    pub parked: u64,
}

impl Reading {
    /// What ledgers say that nothing was posted to.
    pub const EMPTY: Self = Self { accounts: [Account::ZERO; PORTS], parked: 0 };

    /// Adds what another PMD's ledger said.
    pub fn add(&mut self, other: &Self) {
        self.accounts.iter_mut().zip(&other.accounts).for_each(|(sum, account)| sum.add(account));
        self.parked += other.parked;
    }
}

/// One PMD's accounts, by port. Written by that PMD, read by any core.
#[derive(Default)]
#[repr(align(64))]
pub struct Ledger {
    /// Odd while the PMD is writing.
    version: AtomicU64,
    accounts: [[Tally; FIELDS]; PORTS],
    /// Frames that wait in outboxes, whichever port they came in by. Written with the accounts.
    parked: AtomicU64,
    /// Frames in transmit rings, by port, as of the last housekeeping.
    pending: [AtomicU64; PORTS],
}

impl Ledger {
    /// Adds what one iteration did with the frames of each port, and says how many it left
    /// `parked`. Only the PMD that owns the ledger may; `accounts` are empty afterwards.
    pub fn post(&self, accounts: &mut [Account], parked: u64) {
        let version = self.version.load(Relaxed);
        self.version.store(version + 1, Relaxed);
        fence(Release);
        for (tallies, account) in self.accounts.iter().zip(accounts) {
            tallies.iter().zip(account.fields()).for_each(|(tally, amount)| tally.add(amount));
            *account = Account::default();
        }
        self.parked.store(parked, Relaxed);
        self.version.store(version + 2, Release);
    }

    /// Says how many frames the transmit ring of `port` holds. Only the PMD that owns it may.
    pub(crate) fn set_pending(&self, port: u16, frames: u32) {
        if let Some(pending) = self.pending.get(usize::from(port)) {
            pending.store(u64::from(frames), Relaxed);
        }
    }

    /// Frames that the transmit ring of `port` held when its PMD last kept house; 0 if the ring is
    /// another PMD's.
    pub fn pending(&self, port: usize) -> u64 {
        self.pending.get(port).map_or(0, |pending| pending.load(Relaxed))
    }

    /// A copy as things stood between two iterations; none if the PMD wrote all the time, or
    /// stands still in the middle of writing.
    pub fn read(&self) -> Option<Reading> {
        for _ in 0..ATTEMPTS {
            let before = self.version.load(Acquire);
            let copy = self.copy();
            fence(Acquire);
            if before.is_multiple_of(2) && self.version.load(Relaxed) == before {
                return Some(copy);
            }
            core::hint::spin_loop();
        }
        None
    }

    fn copy(&self) -> Reading {
        let account = |port: usize| {
            Account::from_fields(core::array::from_fn(|i| self.accounts[port][i].read()))
        };
        Reading { accounts: core::array::from_fn(account), parked: self.parked.load(Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_posted_is_read() {
        let ledger = Ledger::default();
        let account = Account {
            received: 10,
            received_bytes: 600,
            forwarded: 3,
            dropped: [1, 2, 3, 0, 1],
            sent: 4,
            sent_bytes: 240,
        };
        ledger.post(&mut [Account::default(), account], 0);
        let mut accounts = [account];
        ledger.post(&mut accounts, 7);
        assert_eq!(accounts, [Account::default()]);
        let mut reading = ledger.read().unwrap();
        assert_eq!(reading.accounts[..3], [account, account, Account::default()]);
        assert_eq!((account.unaccounted(), reading.parked), (0, 7));
        reading.add(&ledger.read().unwrap());
        assert_eq!((reading.accounts[1].received, reading.parked), (20, 14));
    }

    #[test]
    fn sums_hold_while_the_owner_goes_on() {
        let ledger: &Ledger = Box::leak(Box::default());
        let owner = std::thread::spawn(|| {
            for _ in 0..100_000 {
                let account = Account { received: 2, forwarded: 2, ..Account::default() };
                ledger.post(&mut [account], 0);
            }
        });
        while !owner.is_finished() {
            let reading = ledger.read().unwrap_or(Reading::EMPTY);
            assert_eq!(reading.accounts[0].unaccounted(), 0);
        }
        owner.join().unwrap();
        assert_eq!(ledger.read().map(|reading| reading.accounts[0].received), Some(200_000));
    }
}
