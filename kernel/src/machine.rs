//! What the console needs of the machine, and does not know how to do.

mod card;

pub use card::{Checksum, Health, Identity, Loopback, Mended, Words};

use core::fmt::{self, Display, Formatter};

use heapless::String;
use perf::gaps::Wish;
use serde::Serialize;

use crate::address::{Mac, Place};
use crate::command::Crash;
use crate::isolation::Facts;
use crate::logs::{Levels, Log};
use crate::management::Tally;
use crate::port_name::PortName;

/// The machine that the console runs on.
pub trait Machine {
    /// The time-stamp counter now.
    fn now(&self) -> u64;

    /// The port `number`, counted from 0; none beyond the last. Asks its card.
    fn port(&self, number: usize) -> Option<Port>;

    /// The port that its user calls so.
    fn named(&self, name: &str) -> Option<usize>;

    /// Who polls port `number`; none beyond the last. Asks no card.
    fn polled(&self, number: usize) -> Option<Polled>;

    /// The link of port `number`; none beyond the last. Asks its card.
    fn link(&self, number: usize) -> Option<Link>;

    /// Has the card of port `number` go on with what takes it several looks, as a module that was plugged
    /// in. Call it ten times a second: it takes microseconds as a rule, and 50 ms at most.
    fn tend(&self, number: usize);

    /// What the card of port `number` tells of its link beyond that; none beyond the last. Takes some
    /// milliseconds, and 50 at most, for whoever asks.
    fn link_report(&self, number: usize) -> Option<LinkReport>;

    /// Looks after the card of port `number`, and does the next thing that is to be done with it, without
    /// waiting. Tells what the operator is to know of that.
    fn mend(&mut self, number: usize) -> Option<Mended>;

    /// How the card of port `number` fared; none beyond the last. Asks no card.
    fn health(&self, number: usize) -> Option<Health>;

    /// Frames that the card of port `number` had no room for since it was taken, where it can
    /// tell. Asked every millisecond.
    fn missed(&self, number: usize) -> Option<u64>;

    /// The register with this `index` that the card of port `number` shows; none beyond the last.
    fn register(&self, number: usize, index: usize) -> Option<Register>;

    /// What the card of port `number` counts with this `index`, since it was taken; none beyond the
    /// last.
    fn counter(&self, number: usize, index: usize) -> Option<Counter>;

    /// What the card of port `number` says that it is; none beyond the last. Takes some milliseconds.
    fn identity(&self, number: usize) -> Option<Identity>;

    /// Whether the NVM of the card of port `number` was as it was written when the card was taken; none
    /// if it has none, and beyond the last port.
    fn checksum(&self, number: usize) -> Option<Checksum>;

    /// Whether the card of port `number` was made to receive what it sends, at boot.
    fn loopback(&self, number: usize) -> Loopback;

    /// What is known of core `number`; none beyond the last.
    fn core(&self, number: usize) -> Option<Facts>;

    /// Whether it is a virtual machine.
    fn is_virtual(&self) -> bool;

    /// Has all cores but this one tested for gaps; returns what PMDs are to call for that.
    fn start_latency_test(&mut self, wish: Wish) -> fn();

    /// Whether no core is tested, or is to be.
    fn is_latency_test_over(&mut self) -> bool;

    /// Has cores that are tested stop that.
    fn end_latency_test(&mut self);

    /// Where `core` is in the program now; none if it does not answer. Takes some milliseconds at
    /// most.
    fn where_is(&self, core: usize) -> Option<u64>;

    /// Starts a clock beside the time-stamp counter, and names it; none if there is no other than
    /// the one that told how fast the counter runs.
    fn start_second_clock(&mut self) -> Option<&'static str>;

    /// What passed since then; none if that is too long ago for the clock.
    fn second_clock(&self) -> Option<Elapsed>;

    /// The log that has waited longest, if there is one; it waits no more.
    fn next_log(&self) -> Option<Log>;

    /// Logs that were lost since boot, because others waited.
    fn lost_logs(&self) -> u64;

    /// Which logs are written.
    fn log_levels(&self) -> &Levels;

    /// The function that crashes the core that calls it.
    fn crash(&self, kind: Crash) -> fn();

    /// Starts the machine again. Returns only if that cannot be done.
    fn reboot(&mut self);

    /// Leaves the emulator. Returns only if there is none.
    fn exit(&mut self);
}

/// What two clocks say of the same time, in cycles of the time-stamp counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// By the counter itself.
    pub tsc: u64,
    /// By the second clock, if the counter is as fast as it is taken to be.
    pub expected: u64,
    /// By how much the two may differ because they cannot be read at once.
    pub error: u64,
}

/// A link as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Frames can pass.
    pub is_up: bool,
    /// Mb/s; 0 while the link is down, or where the card does not tell.
    pub speed: u32,
}

impl Display for Link {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self { is_up: false, .. } => out.write_str("down"),
            Self { speed: 0, .. } => out.write_str("up"),
            Self { speed, .. } => write!(out, "up, {speed} Mb/s"),
        }
    }
}

/// A register of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Register {
    /// Its name in the datasheet.
    pub name: &'static str,
    /// The queue that it is of, if it is one's.
    pub queue: Option<u16>,
    /// Where it is.
    pub offset: usize,
    /// What it holds.
    pub value: u64,
}

/// What a card counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counter {
    /// Its name in the datasheet.
    pub name: &'static str,
    /// The queue that it is of, if it is one's.
    pub queue: Option<u16>,
    /// How much it has counted.
    pub count: u64,
}

/// What a card tells of its link for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkReport {
    /// What it runs over, if there is something to be said of that.
    pub medium: Option<&'static str>,
    /// The module that is in the card's cage.
    pub module: Option<Module>,
    /// What is received.
    pub signal: Option<Signal>,
    /// Why it is down, if it is.
    pub cause: Option<&'static str>,
}

/// A module in a cage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// What it is for.
    pub kind: &'static str,
    /// Who made it.
    pub vendor: String<16>,
    /// What they call it.
    pub part: String<16>,
}

/// What a card receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Lanes on which there is something: bit i stands for lane i.
    pub lanes: u8,
    /// How many lanes there are.
    pub most: u8,
    /// That is Ethernet.
    pub is_locked: bool,
}

/// The lines of a port about that, each with its end.
impl Display for LinkReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(medium) = self.medium {
            write!(out, "  over {medium}")?;
            if let Some(Module { kind, vendor, part }) = &self.module {
                write!(out, " {kind}, {vendor}, {part}")?;
            }
            writeln!(out)?;
        }
        if let Some(Signal { lanes, most, is_locked }) = self.signal {
            write!(out, "  receives light on {} of {most} lanes", lanes.count_ones())?;
            writeln!(out, ", {}", if is_locked { "locked" } else { "not locked" })?;
        }
        Ok(())
    }
}

/// Who polls a port, and what can wait for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The cores that poll its receive queues: bit i stands for core i.
    pub cores: u64,
    /// Frames that its receive rings can hold.
    pub ring: u32,
}

impl Polled {
    /// The first core that polls it; 0 if there is none.
    pub fn core(&self) -> usize {
        self.each_core().next().unwrap_or(0)
    }

    /// The cores that poll it.
    pub fn each_core(&self) -> impl Iterator<Item = usize> + use<> {
        let cores = self.cores;
        (0..u64::BITS as usize).filter(move |core| cores >> core & 1 == 1)
    }

    /// Whether `core` polls it.
    pub fn is_polled_by(&self, core: usize) -> bool {
        self.cores.checked_shr(core as u32).is_some_and(|rest| rest & 1 == 1)
    }
}

/// A port as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// What its user calls it.
    pub name: Option<PortName>,
    /// Where its card is.
    pub place: Place,
    /// The name of its driver.
    pub driver: &'static str,
    /// Its address on Ethernet.
    pub mac: Mac,
    /// Its link.
    pub link: Link,
    /// Who polls it.
    pub polled: Polled,
    /// Receive queues that it has, and that its card could have.
    pub queues: (usize, usize),
    /// Descriptors of each of its receive rings, and of each of its transmit rings.
    pub rings: (u32, u32),
    /// Bytes behind the Ethernet header that its frames may have.
    pub mtu: u32,
    /// Frames that its transmit rings hold.
    pub ring_pending: u32,
    /// Frames that the card says it had no room for, where it can tell.
    pub missed: Option<u64>,
    /// What became of its frames, if the control core has it for itself.
    pub management: Option<Tally>,
}
