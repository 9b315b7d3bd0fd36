//! Who polls which receive queue.

use dataplane::PORTS;
use heapless::Vec;

use super::values::{number, numbers};
use super::{CORES, Numbers, Options};
use crate::balance::{Assignment, Plan};
use crate::boot::acpi::NODES;

/// Queues that can be pinned.
const PINS: usize = PORTS;

/// What the command line says of receive queues and PMDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// How queues are shared out among PMDs.
    pub plan: Plan,
    /// Ports and queues, and the core that each is pinned to.
    pub pins: Vec<((u16, u16), usize), PINS>,
    /// The node of each port, by its number.
    pub nodes: Numbers,
    /// Queues are shared out anew without being asked.
    pub auto: bool,
    /// Minutes between two looks at whether they are to be.
    pub interval: u32,
    /// A PMD that is busy for so many percent of the time has too much to do.
    pub load: u32,
    /// The variance of loads is to get smaller by so many percent.
    pub improvement: u32,
}

impl Balance {
    /// Open vSwitch's defaults.
    pub const DEFAULT: Self = Self {
        plan: Plan { assignment: Assignment::Cycles, isolate: true },
        pins: Vec::new(),
        nodes: Numbers::same(0),
        auto: false,
        interval: 1,
        load: 95,
        improvement: 25,
    };

    /// The node of `port`.
    pub fn node(&self, port: u16) -> u8 {
        self.nodes.of(port.into()) as u8
    }

    /// The core that the queue is pinned to that has this name.
    pub fn core(&self, name: (u16, u16)) -> Option<usize> {
        self.pins.iter().find(|(own, _)| *own == name).map(|(_, core)| *core)
    }
}

pub(super) fn assign(options: &mut Options, text: &str) -> Option<()> {
    options.balance.plan.assignment = match text {
        "cycles" => Assignment::Cycles,
        "group" => Assignment::Group,
        "roundrobin" => Assignment::RoundRobin,
        _ => return None,
    };
    Some(())
}

pub(super) fn isolate(options: &mut Options, text: &str) -> Option<()> {
    options.balance.plan.isolate = switch(text)?;
    Some(())
}

pub(super) fn auto(options: &mut Options, text: &str) -> Option<()> {
    options.balance.auto = switch(text)?;
    Some(())
}

/// `PORT:QUEUE:CORE`, with commas between, each queue once.
pub(super) fn affinity(options: &mut Options, text: &str) -> Option<()> {
    let mut pins = Vec::new();
    for pin in text.split(',').filter(|_| text != "none") {
        let mut numbers = pin.split(':').map(number);
        let mut next = || numbers.next().flatten();
        let (port, queue, core) = (next()?, next()?, next()? as usize);
        let name = (u16::try_from(port).ok()?, u16::try_from(queue).ok()?);
        let is_good = usize::from(name.0) < PORTS && (1..CORES).contains(&core);
        let is_new = pins.iter().all(|(own, _)| *own != name);
        (is_good && is_new && numbers.next().is_none()).then_some(())?;
        pins.push((name, core)).ok()?;
    }
    options.balance.pins = pins;
    Some(())
}

pub(super) fn numa(options: &mut Options, text: &str) -> Option<()> {
    let is_node = |node: &u32| (*node as usize) < NODES;
    options.balance.nodes = numbers(text, 0, |node| Some(node).filter(is_node))?;
    Some(())
}

/// On or off, in Open vSwitch's words too.
fn switch(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}
