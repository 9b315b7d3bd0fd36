//! The machine that the console runs on.

use std::cell::{Cell, RefCell};

use pci_types::PciAddress;
use perf::gaps::Wish;

use super::{CRASHED, PORTS, TESTED};
use crate::address::{Mac, Place};
use crate::command::Crash;
use crate::isolation::Facts;
use crate::logs::{Levels, Log, Logs};
use crate::loopback::Outcome;
use crate::machine::{
    Checksum, Counter, Elapsed, Health, Identity, Link, LinkReport, Loopback, Machine, Mended,
    Module, Polled, Port, Register, Signal,
};
use crate::management::Tally;
use crate::port_name::PortName;

/// Of ten frames that a card sent to itself eight came back.
pub(super) const LOST_TWO: Outcome = Outcome {
    wanted: 10,
    sent: 10,
    received: 8,
    spoiled: 0,
    foreign: 0,
    driver: 808,
    elapsed: 1616,
};

/// A machine with two ports, whose clock is that of the first PMD.
pub(super) struct Bench {
    pub(super) now: u64,
    pub(super) rebooted: bool,
    pub(super) left: bool,
    pub(super) links: [Link; PORTS],
    /// How often each card went on with what it had begun.
    pub(super) tended: [Cell<u32>; PORTS],
    /// Frames that the card of port 1 lost.
    pub(super) missed: u64,
    /// Whether the NVM of port 1 is as it was written.
    pub(super) checksum: Checksum,
    /// What became of the frames that the card of port 1 sent to itself.
    pub(super) loopback: Outcome,
    /// How the card of port 1 fared, and what is done with it next.
    pub(super) health: Health,
    pub(super) mended: Vec<Mended>,
    pub(super) logs: RefCell<Logs>,
    pub(super) levels: Levels,
    /// What became of the frames of port 1, if the control core has that.
    pub(super) management: Option<Tally>,
    /// Port 1 has a name.
    pub(super) is_named: bool,
    pub(super) second_clock: u64,
    /// Its cores.
    pub(super) cores: Vec<Facts>,
    /// What cores are tested for, and whether they have ended.
    pub(super) tested: Option<(Wish, bool)>,
    /// The second clock is ahead by one part in so many.
    pub(super) drift: u64,
}

impl Machine for Bench {
    fn now(&self) -> u64 {
        self.now
    }

    fn port(&self, number: usize) -> Option<Port> {
        let place = Place(PciAddress::new(0, 0, 2 + number as u8, 0));
        let mac = Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56 + number as u8]);
        let (link, polled) = (self.link(number)?, self.polled(number)?);
        let (queues, ring_pending, missed) = ((1, 1), 7, self.missed(number));
        let driver = "virtio-net";
        let (rings, mtu) = ((256, 256), 1500);
        let management = self.management.filter(|_| number == 1);
        let name = PortName::parse("wan").filter(|_| number == 1 && self.is_named);
        Some(Port {
            name,
            place,
            driver,
            mac,
            link,
            polled,
            queues,
            rings,
            mtu,
            ring_pending,
            missed,
            management,
        })
    }

    fn named(&self, name: &str) -> Option<usize> {
        (self.is_named && name == "wan").then_some(1)
    }

    fn polled(&self, number: usize) -> Option<Polled> {
        (number < PORTS).then_some(Polled { cores: 1 << (number + 1), ring: 256 })
    }

    fn link(&self, number: usize) -> Option<Link> {
        self.links.get(number).copied()
    }

    fn tend(&self, number: usize) {
        let tended = &self.tended[number];
        tended.set(tended.get() + 1);
    }

    fn link_report(&self, number: usize) -> Option<LinkReport> {
        let link = self.link(number)?;
        let module = Module {
            kind: "10GBASE-SR",
            vendor: "Intel Corp".try_into().unwrap(),
            part: "FTLX8571D3BCV-IT".try_into().unwrap(),
        };
        let light = if link.is_up { 1 } else { 0 };
        let card = LinkReport {
            medium: Some("module"),
            module: Some(module),
            signal: Some(Signal { lanes: light, most: 1, is_locked: link.is_up }),
            cause: (!link.is_up).then_some("no light"),
        };
        Some(if number == 1 { card } else { LinkReport::default() })
    }

    fn mend(&mut self, number: usize) -> Option<Mended> {
        if number == 1 { self.mended.pop() } else { None }
    }

    fn health(&self, number: usize) -> Option<Health> {
        let health = if number == 1 { self.health.clone() } else { Health::default() };
        (number < PORTS).then_some(health)
    }

    fn missed(&self, number: usize) -> Option<u64> {
        (number == 1).then_some(self.missed)
    }

    fn register(&self, number: usize, index: usize) -> Option<Register> {
        let queue = index.checked_sub(1).map(|queue| queue as u16);
        let name = if queue.is_some() { "RDT" } else { "CTRL" };
        let offset = queue.map_or(0, |queue| 0x1018 + 0x40 * usize::from(queue));
        let value = index as u64;
        (number == 1 && index < 40).then_some(Register { name, queue, offset, value })
    }

    fn counter(&self, number: usize, index: usize) -> Option<Counter> {
        let count = self.missed;
        (number == 1 && index == 0).then_some(Counter { name: "MPC", queue: None, count })
    }

    fn identity(&self, number: usize) -> Option<Identity> {
        let (device, subsystem) = ((0x8086, 0x10fb), (0x8086, 0x0003));
        let nvm = Some(0x8000_1234);
        (number == 1).then_some(Identity { device, subsystem, revision: 1, nvm })
    }

    fn checksum(&self, number: usize) -> Option<Checksum> {
        (number == 1).then_some(self.checksum)
    }

    fn loopback(&self, number: usize) -> Loopback {
        match number {
            0 => Loopback::Impossible,
            _ => Loopback::Ran(self.loopback),
        }
    }

    fn core(&self, number: usize) -> Option<Facts> {
        self.cores.get(number).cloned()
    }

    fn is_virtual(&self) -> bool {
        false
    }

    fn start_latency_test(&mut self, wish: Wish) -> fn() {
        self.tested = Some((wish, false));
        || TESTED.set(true)
    }

    fn is_latency_test_over(&mut self) -> bool {
        self.tested.is_none_or(|(_, is_over)| is_over)
    }

    fn end_latency_test(&mut self) {
        self.tested = None;
    }

    fn where_is(&self, core: usize) -> Option<u64> {
        (core == 1).then_some(0x20_1234)
    }

    fn start_second_clock(&mut self) -> Option<&'static str> {
        self.second_clock = self.now;
        Some("sundial")
    }

    fn second_clock(&self) -> Option<Elapsed> {
        let tsc = self.now - self.second_clock;
        Some(Elapsed { tsc, expected: tsc + tsc / self.drift, error: 1 })
    }

    fn next_log(&self) -> Option<Log> {
        self.logs.borrow_mut().take()
    }

    fn lost_logs(&self) -> u64 {
        self.logs.borrow().lost()
    }

    fn log_levels(&self) -> &Levels {
        &self.levels
    }

    fn crash(&self, _: Crash) -> fn() {
        || CRASHED.set(true)
    }

    fn reboot(&mut self) {
        self.rebooted = true;
    }

    fn exit(&mut self) {
        self.left = true;
    }
}
