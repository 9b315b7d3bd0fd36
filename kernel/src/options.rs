//! The kernel command line: what a user may set before anything runs.
//!
//! Words of `KEY=VALUE` with blanks between. A word that cannot be honoured becomes a [`Fault`]
//! and leaves its key at the default; the last of several words for one key holds.

mod balance;
mod bonds;
mod console;
mod fault;
mod forward;
mod management;
mod perf;
mod said;
mod table;
mod tunnels;
mod values;

use ::perf::Settings;
use ::perf::gaps::Wish;
use ::perf::settings::WINDOW;
use dataplane::PORTS;
use dataplane::bond::BONDS;
use dataplane::tunnel::TUNNELS;
use heapless::Vec;
use serial::Place as SerialPlace;

use crate::address::{Mac, Nic, Place};
use crate::logs::Chosen;
use crate::port_name::PortName;
pub use balance::Balance;
pub use bonds::Bonds;
pub use console::{Console, Speed};
pub(crate) use fault::Shown;
pub use fault::{Fault, Faults};
pub use forward::Forward;
pub use management::Management;
pub use perf::PerfOptions;
pub use said::Said;
pub use table::{Key, When, keys};
pub use tunnels::{Tunnels, Vtep};

/// Cores that a mask can name.
pub const CORES: usize = 256;

/// What words begin with that loaders add: GRUB the first, iPXE and PXELINUX all others.
const LOADERS: [&str; 4] = ["BOOT_IMAGE=", "initrd=", "BOOTIF=", "ip="];

/// What the command line says, and defaults where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the console is.
    pub console: Console,
    /// Which line the stream goes by.
    pub stream: Stream,
    /// What the machine is called; empty if nobody said so.
    pub hostname: Hostname,
    /// Which logs are written.
    pub log: Chosen,
    /// Which NICs to take.
    pub ports: Ports,
    /// Whether the NIC that booted the machine may be a port.
    pub takes_boot_nic: bool,
    /// Which ports frames leave by.
    pub forward: Forward,
    /// Which cores may run PMDs.
    pub pmd_cpu_mask: CpuMask,
    /// Whether all threads of a core may run PMDs, and not the first alone.
    pub uses_siblings: bool,
    /// What is recorded, and what is suspicious.
    pub perf: PerfOptions,
    /// What happens when an iteration does not end.
    pub watchdog: Watchdog,
    /// Seconds from the end of a crash's report until the machine starts again; none if it does not.
    pub panic: Option<u32>,
    /// The platform's watchdog, if one is to reset the machine when core 0 stands still.
    pub hw_watchdog: Option<HwWatchdog>,
    /// Memory for events, in MiB.
    pub event_store: u32,
    /// How flows are cached.
    pub flows: FlowOptions,
    /// How long PMDs sleep at most, in microseconds, by their cores; 0 is never.
    pub sleep_max: Numbers,
    /// Receive queues that ports are to have, by the numbers of ports.
    pub n_rxq: Numbers,
    /// Descriptors that the receive rings of ports are to have, by the numbers of ports.
    pub n_rxq_desc: Numbers,
    /// Descriptors that the transmit rings of ports are to have, by the numbers of ports.
    pub n_txq_desc: Numbers,
    /// Bytes behind the Ethernet header that frames of ports may have, by the numbers of ports.
    pub mtu: Numbers,
    /// Whether frames leave by the transmit queue that their hash names, and not by that of their PMD.
    pub steers_by_hash: bool,
    /// For how many microseconds PMDs keep frames before they hand them to a ring.
    pub tx_flush_interval: u32,
    /// Who polls which receive queue.
    pub balance: Balance,
    /// The port that the control core has for itself.
    pub mgmt: Option<Management>,
    /// This end of all tunnels.
    pub vtep: Option<Vtep>,
    /// Tunnels.
    pub tunnels: Tunnels,
    /// Bonds.
    pub bonds: Bonds,
    /// Frames that each card is to send to itself at boot, if it is to be tried.
    pub nictest: Option<u32>,
    /// What cores are to be tested for at boot, if they are.
    pub hwlat: Option<Wish>,
    /// Whether processors are told to prefer performance, and not left as firmware has them.
    pub prefers_performance: bool,
}

/// Descriptors of a ring that nobody said anything of.
pub const DESCRIPTORS: u32 = 512;

/// The MTU of a port that nobody said anything of.
pub const MTU: u32 = 1500;

/// Receive queues that a port has at most: those that an 82599 spreads frames over.
pub const RXQS: usize = 16;

/// A number for all of a kind, and others for some of them, by their own numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// That of all that are not named.
    pub all: u32,
    /// Those that are named, and the number of each.
    pub named: Vec<(u16, u32), PORTS>,
}

impl Numbers {
    /// The same for all.
    pub const fn same(all: u32) -> Self {
        Self { all, named: Vec::new() }
    }

    /// That of the one with this number.
    pub fn of(&self, number: usize) -> u32 {
        let named = self.named.iter().find(|(own, _)| usize::from(*own) == number);
        named.map_or(self.all, |(_, number)| *number)
    }
}

/// How flows are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowOptions {
    /// Flows that all PMDs together have at most.
    pub limit: u32,
    /// A flow that met no packet for so many milliseconds is forgotten.
    pub max_idle: u32,
    /// One key in so many is inserted into the exact-match cache: 1 each, 0 none.
    pub emc_insert_inv_prob: u32,
    /// Whether there is a signature cache.
    pub smc: bool,
    /// Upcalls that each port may have in a second; 0 for any number.
    pub upcall_limit: u32,
}

impl FlowOptions {
    /// Open vSwitch's defaults. It has no limit on upcalls.
    pub const DEFAULT: Self = Self {
        limit: 200_000,
        max_idle: 10_000,
        emc_insert_inv_prob: 100,
        smc: false,
        upcall_limit: 0,
    };
}

/// The name of a machine: a label of RFC 1123, section 2.1.
pub type Hostname = heapless::String<63>;

/// Which line the stream goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// A virtio console if there is one, else a serial port that is not the console's, else the
    /// console's line.
    Auto,
    /// A virtio console.
    Virtio,
    /// This serial port.
    Serial(SerialPlace),
    /// Those of TCP, at the port that the control core has for itself.
    Net,
    /// The console's line.
    Shared,
    /// None.
    None,
}

/// What happens when an iteration does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watchdog {
    /// It is told of.
    Report,
    /// It is told of, and the machine starts again.
    Reset,
    /// Nothing.
    Off,
}

/// Which of the platform's watchdogs is to be used, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HwWatchdog {
    /// An IB700, which nothing tells of, and not what is found.
    pub is_ib700: bool,
    /// Seconds that core 0 may stand still.
    pub seconds: u32,
}

/// Which NICs to take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one, and no heap")]
pub enum Ports {
    /// None: a strange machine is left as it is.
    None,
    /// All that there is a driver for, by ascending place.
    All,
    /// These, in this order.
    These(Vec<Wanted, PORTS>),
}

/// A NIC that is to be a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub nic: Nic,
    /// What the port is called, if it was said.
    pub name: Option<PortName>,
}

impl Ports {
    /// Where in the order of `ports=` the NIC at `place` with the address `mac` stands: none if
    /// it is not to be taken, 0 for every NIC where all are.
    pub fn position(&self, place: Place, mac: Mac) -> Option<usize> {
        match self {
            Self::None => None,
            Self::All => Some(0),
            Self::These(all) => all.iter().position(|wanted| wanted.nic.is(place, mac)),
        }
    }

    /// What the port is called whose NIC that is, if it was said.
    pub fn name(&self, place: Place, mac: Mac) -> Option<PortName> {
        let Self::These(all) = self else { return None };
        all.get(self.position(place, mac)?)?.name
    }
}

/// A set of cores. Core 0 keeps house and is never in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuMask([u64; CORES / 64]);

impl CpuMask {
    /// Every core but core 0.
    pub const ALL: Self = Self([!1, !0, !0, !0]);

    /// Whether `core` is in it.
    pub fn has(&self, core: usize) -> bool {
        self.0.get(core / 64).is_some_and(|word| word >> (core % 64) & 1 == 1)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            console: Console::AUTO,
            stream: Stream::Auto,
            hostname: Hostname::new(),
            log: Chosen::DEFAULT,
            ports: Ports::None,
            takes_boot_nic: false,
            forward: Forward::default(),
            pmd_cpu_mask: CpuMask::ALL,
            uses_siblings: false,
            perf: PerfOptions::default(),
            watchdog: Watchdog::Report,
            panic: None,
            hw_watchdog: None,
            event_store: 64,
            flows: FlowOptions::DEFAULT,
            sleep_max: Numbers::same(0),
            n_rxq: Numbers::same(1),
            n_rxq_desc: Numbers::same(DESCRIPTORS),
            n_txq_desc: Numbers::same(DESCRIPTORS),
            mtu: Numbers::same(MTU),
            steers_by_hash: false,
            tx_flush_interval: 0,
            balance: Balance::DEFAULT,
            mgmt: None,
            vtep: None,
            tunnels: [None; TUNNELS],
            bonds: [None; BONDS],
            nictest: None,
            hwlat: None,
            prefers_performance: true,
        }
    }
}

impl Options {
    /// What `line` says, and what of it cannot be honoured.
    pub fn parse(line: &[u8]) -> (Self, Faults<'_>) {
        let mut options = Self::default();
        let mut said = Said::NONE;
        let faults = options.read(line, &mut said);
        (options, faults)
    }

    /// Has hold what `line` says beside what holds already, and notes that down in `said`. What of it
    /// cannot be honoured is told, and its key has its default.
    pub fn read<'a>(&mut self, line: &'a [u8], said: &mut Said<'a>) -> Faults<'a> {
        let mut faults = Faults::default();
        let words = line.split(|byte| byte.is_ascii_whitespace() || *byte == 0);
        for word in words.filter(|word| !word.is_empty() && !is_loaders(word)) {
            if let Err(fault) = self.set(word, said) {
                faults.add(fault);
            }
        }
        for fault in self.agree() {
            if let (Fault::NeedsGroup, [name, _]) = (fault, fault.keys()) {
                Key::named(name.as_bytes()).into_iter().for_each(|key| said.note(key, None));
            }
            faults.add(fault);
        }
        faults
    }

    /// Has keys that depend on each other agree, and tells which did not.
    pub(crate) fn agree(&mut self) -> impl IntoIterator<Item = Fault<'static>> + use<> {
        let is_alone = !self.balance.plan.isolate && self.balance.plan.isolates();
        self.balance.plan.isolate |= is_alone;
        [self.narrow().err(), is_alone.then_some(Fault::NeedsGroup)].into_iter().flatten()
    }

    /// Has hold what `word` says, and notes that down in `said`.
    pub(crate) fn set<'a>(&mut self, word: &'a [u8], said: &mut Said<'a>) -> Result<(), Fault<'a>> {
        let end = word.iter().position(|&byte| byte == b'=').unwrap_or(word.len());
        let (name, value) = (&word[..end], word.get(end + 1..).unwrap_or_default());
        let key = Key::named(name).ok_or(Fault::UnknownKey(name))?;
        let text = core::str::from_utf8(value).ok();
        let good = text.filter(|text| key.set(self, text).is_some());
        said.note(key, good);
        if good.is_none() {
            key.reset(self);
            return Err(Fault::BadValue(key, value));
        }
        Ok(())
    }

    /// Makes the window fit what a history can pin.
    fn narrow(&mut self) -> Result<(), Fault<'static>> {
        let Settings { before, after, .. } = self.perf.general;
        if !self.perf.general.narrow() {
            return Ok(());
        }
        Err(Fault::TooWide { before, after, fitting: WINDOW.saturating_sub(before) })
    }
}

/// Whether `word` is one that loaders write into every command line, for a Linux that they may boot.
fn is_loaders(word: &[u8]) -> bool {
    LOADERS.iter().any(|start| word.starts_with(start.as_bytes()))
}

#[cfg(test)]
mod tests;
