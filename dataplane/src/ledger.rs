//! Where every frame ended: one bucket each, counted by the PMD that put it there.
//!
//! Each PMD has a ledger of its own and alone writes it, once at the end of an iteration, so that
//! a reader finds the sums of whole iterations only:
//! `received + copied = forwarded + dropped(by reason) + parked`.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, fence};

use perf::Tally;

/// Ports that a dataplane has at most.
pub const PORTS: usize = 16;
/// Attempts at a copy between two iterations before a reader gives up. Many, because an emulator
/// may leave a PMD standing in the middle for some milliseconds.
const ATTEMPTS: usize = 200_000;

/// Number of the port behind which this machine itself is, as frames and accounts are numbered.
pub const LOCAL: u16 = PORTS as u16;
/// Accounts: one for each port, and one for [`LOCAL`].
pub const ACCOUNTS: usize = PORTS + 1;

/// Declares the reasons: for each its room and its name in reports.
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident: $stage:literal, $name:literal;)*) => {
        /// Why a frame was dropped. Names are those of Open vSwitch where it has one, without what
        /// all of them begin with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $reason,)*
        }

        impl Reason {
            /// All of them, in the order in which a frame can meet them.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$reason,)*];

            /// How many there are.
            pub const COUNT: usize = [$(Self::$reason as usize,)*].len();

            /// The room in which it strikes.
            pub const fn stage(self) -> &'static str {
                match self {
                    $(Self::$reason => $stage,)*
                }
            }

            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// What the device said of it cannot be true.
    DeviceLie: "rx", "device_lie";
    /// It was damaged on the wire, says the device.
    RxError: "rx", "rx_error";
    /// It is shorter than an Ethernet header.
    Runt: "parse", "rx_invalid_packet";
    /// It is longer than the largest frame, 1514 bytes or 1518 with a VLAN tag.
    Oversize: "parse", "oversize";
    /// A VLAN tag is cut off.
    BadVlan: "parse", "bad_vlan";
    /// Its header of IPv4 is cut off, or says of lengths what cannot be true.
    BadIpv4: "parse", "bad_ipv4";
    /// Its headers of IPv6 are cut off, or say of lengths what cannot be true.
    BadIpv6: "parse", "bad_ipv6";
    /// The header of TCP, UDP, SCTP or ICMP is cut off.
    BadTransport: "parse", "bad_transport";
    /// It has more extension headers of IPv6 than are walked over.
    HeaderLimit: "parse", "header_limit";
    /// No rule says where it is to go.
    NoRule: "upcall", "no_rule";
    /// A rule says that it is to be dropped.
    RuleDrop: "upcall", "drop_action_of_pipeline";
    /// Rules led to rules too often.
    Resubmits: "upcall", "drop_action_too_many_resubmit";
    /// What rules do with it are more actions than a flow can have.
    ActionLimit: "upcall", "upcall_error";
    /// Its port had as many upcalls in this second as it may have.
    UpcallLimit: "upcall", "upcall_limit";
    /// It was to go back out by the port it came in by, or by one that there is not.
    InvalidPort: "act", "invalid_port";
    /// It has no hop left.
    TtlExpired: "act", "ttl_expired";
    /// It went round too often.
    RecircLimit: "again", "recirc_error";
    /// It was beyond the rate of a meter.
    Meter: "act", "meter";
    /// It came by a member of a bond that may not take it, or no member's link is up.
    Bond: "act", "bond";
    /// Nobody knows the address on Ethernet of the tunnel's other end.
    NoNeighbor: "act", "drop_action_tunnel_neigh_cache_miss";
    /// Its tunnel's other end is not on the wire of the endpoint, and there is no gateway to it.
    NoRoute: "act", "drop_action_tunnel_routing_failed";
    /// It came out of a tunnel that there is not.
    InvalidTunnel: "again", "invalid_tnl_port";
    /// It has no room for a tunnel's headers.
    TunnelPush: "act", "tunnel_push_error";
    /// What came out of a tunnel is none: its headers are not those of a tunnel, or their checksums
    /// are wrong.
    TunnelPop: "again", "tunnel_pop_error";
    /// There was no empty frame to copy it to.
    NoBuffer: "act", "no_buffer";
    /// The port that it was to leave by cannot send frames of its length.
    TxOversize: "tx", "tx_mtu_exceeded";
    /// The link of the port that it was to leave by is down.
    LinkDown: "tx", "tx_link_down";
    /// The transmit ring that it was to leave by had no room.
    TxRingFull: "tx", "tx_ring_full";
}

/// What became of frames, by the port they came in by; and what a port sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Frames that the port's device reported.
    pub received: u64,
    /// Bytes of those that were believed.
    pub received_bytes: u64,
    /// Frames that were made of them by copying, to leave by several ports.
    pub copied: u64,
    /// Frames, copies too, that a transmit ring took.
    pub forwarded: u64,
    /// Frames, copies too, that were dropped, by [`Reason`].
    pub dropped: [u64; Reason::COUNT],
    /// Frames that this port's own transmit ring took, whichever port they came in by.
    pub sent: u64,
    /// Bytes of those.
    pub sent_bytes: u64,
}

/// Numbers in an account, but for those by reason.
const TOTALS: usize = 6;

/// What they are called.
const NAMES: [&str; TOTALS] =
    ["received", "received_bytes", "copied", "forwarded", "sent", "sent_bytes"];

impl Account {
    /// An account of nothing.
    pub const ZERO: Self = Self {
        received: 0,
        received_bytes: 0,
        copied: 0,
        forwarded: 0,
        dropped: [0; Reason::COUNT],
        sent: 0,
        sent_bytes: 0,
    };

    /// Frames dropped, for whatever reason.
    pub fn dropped_in_all(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Frames received or copied that were neither forwarded nor dropped: over all ports as many as
    /// are parked, if every frame ends in exactly one bucket. Below 0 if some ended twice.
    pub fn unaccounted(&self) -> i64 {
        (self.received + self.copied).wrapping_sub(self.forwarded + self.dropped_in_all()) as i64
    }

    /// Adds the numbers of `other`.
    pub fn add(&mut self, other: &Self) {
        let (mut sum, totals) = (self.totals(), other.totals());
        sum.iter_mut().zip(totals).for_each(|(sum, amount)| *sum += amount);
        self.dropped.iter_mut().zip(other.dropped).for_each(|(sum, amount)| *sum += amount);
        *self = Self::from_parts(sum, self.dropped);
    }

    /// How many numbers [`Reading::number`] tells of an account.
    pub const NUMBERS: usize = TOTALS + Reason::COUNT + 1;

    /// What the number at `position` among those of an account is called. The last, frames that wait,
    /// is told of no port but with the last account for all.
    pub fn name_of(position: usize) -> &'static str {
        let reason = || Reason::ALL.get(position.checked_sub(TOTALS)?);
        let name = NAMES.get(position).copied();
        name.or_else(|| reason().map(|reason| reason.name())).unwrap_or("parked")
    }

    fn number(&self, position: usize) -> u64 {
        let totals = self.totals();
        totals.iter().chain(&self.dropped).nth(position).copied().unwrap_or(0)
    }

    fn totals(&self) -> [u64; TOTALS] {
        let Self { received, received_bytes, copied, forwarded, sent, sent_bytes, .. } = *self;
        [received, received_bytes, copied, forwarded, sent, sent_bytes]
    }

    fn from_parts(totals: [u64; TOTALS], dropped: [u64; Reason::COUNT]) -> Self {
        let [received, received_bytes, copied, forwarded, sent, sent_bytes] = totals;
        Self { received, received_bytes, copied, forwarded, dropped, sent, sent_bytes }
    }
}

/// What ledgers said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// By port that frames came in by; what was sent, by port that it left by.
    pub accounts: [Account; ACCOUNTS],
    /// Frames that are neither forwarded nor dropped yet: they wait in outboxes. A count of its
    /// own, for the sums to be checked against.
    pub parked: u64,
}

impl Reading {
    /// What ledgers say that nothing was posted to.
    pub const EMPTY: Self = Self { accounts: [Account::ZERO; ACCOUNTS], parked: 0 };

    /// The number at `position`, account by account; none behind the last.
    pub fn number(&self, position: usize) -> Option<u64> {
        let (account, number) = (position / Account::NUMBERS, position % Account::NUMBERS);
        let is_last = position + 1 == ACCOUNTS * Account::NUMBERS;
        let own = self.accounts.get(account)?.number(number);
        Some(if is_last { self.parked } else { own })
    }

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
    totals: [[Tally; TOTALS]; ACCOUNTS],
    dropped: [[Tally; Reason::COUNT]; ACCOUNTS],
    /// Frames that wait in outboxes, whichever port they came in by. Written with the accounts.
    parked: AtomicU64,
    /// Frames in transmit rings, by port, as of the last housekeeping.
    pending: [AtomicU64; ACCOUNTS],
    /// Frames that rings took and that were never sent, by port, as of then.
    unsent: [AtomicU64; ACCOUNTS],
}

impl Ledger {
    /// Adds what one iteration did with the frames of each port, and says how many it left
    /// `parked`. Where it `dropped` none, reasons are not looked at. Only the PMD that owns the
    /// ledger may; `accounts` are empty afterwards.
    pub fn post(&self, accounts: &mut [Account], parked: u64, dropped: bool) {
        let version = self.version.load(Relaxed);
        self.version.store(version + 1, Relaxed);
        fence(Release);
        for (tallies, account) in self.totals.iter().zip(&mut *accounts) {
            tallies.iter().zip(account.totals()).for_each(|(tally, amount)| tally.add(amount));
            *account = Account::from_parts([0; TOTALS], account.dropped);
        }
        if dropped {
            self.post_drops(accounts);
        }
        self.parked.store(parked, Relaxed);
        self.version.store(version + 2, Release);
    }

    #[cold]
    fn post_drops(&self, accounts: &mut [Account]) {
        for (tallies, account) in self.dropped.iter().zip(accounts) {
            let dropped = core::mem::replace(&mut account.dropped, [0; Reason::COUNT]);
            tallies.iter().zip(dropped).for_each(|(tally, amount)| tally.add(amount));
        }
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

    /// Says how many frames the transmit ring of `port` took and never sent, since boot. Only the PMD
    /// that owns it may.
    pub(crate) fn set_unsent(&self, port: u16, frames: u64) {
        if let Some(unsent) = self.unsent.get(usize::from(port)) {
            unsent.store(frames, Relaxed);
        }
    }

    /// Frames of those counted as sent by `port` that came back from its ring unsent, because its card
    /// was reset, as of the last housekeeping; 0 if the ring is another PMD's.
    pub fn unsent(&self, port: usize) -> u64 {
        self.unsent.get(port).map_or(0, |unsent| unsent.load(Relaxed))
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
            let totals = core::array::from_fn(|i| self.totals[port][i].read());
            Account::from_parts(totals, core::array::from_fn(|i| self.dropped[port][i].read()))
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
        let mut account = Account {
            received: 10,
            received_bytes: 600,
            copied: 2,
            forwarded: 5,
            sent: 4,
            sent_bytes: 240,
            ..Account::ZERO
        };
        account.dropped[Reason::TtlExpired as usize] = 7;
        ledger.post(&mut [Account::default(), account], 0, true);
        let mut accounts = [account];
        ledger.post(&mut accounts, 7, true);
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
                ledger.post(&mut [account], 0, false);
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
