//! `show ports`, `show drops` and `show ledger` for programs: a document each. What keys mean stands
//! in `docs/json.md`.

use core::fmt::{self, Display, Write};

use dataplane::{Account, Ledger, Reason};
use heapless::String;
use perf::json::{Pen, VERSION};
use serde::ser::{Serialize, Serializer};

use super::ledger::{accounts, each_drop, gather, is_exact, total, unreadable};
use crate::control::Rxqs;
use crate::machine::{Checksum, Health, LinkReport, Machine, Module, Port, Words};
use crate::management::Tally;
use crate::port_name::PortName;

#[derive(serde::Serialize)]
struct PortRow {
    port: usize,
    name: Option<Text<PortName>>,
    pci_address: Text<crate::address::Place>,
    driver: &'static str,
    mac_address: Text<crate::address::Mac>,
    link_is_up: bool,
    link_speed_mbps: Option<u32>,
    mtu: u32,
    core_id: usize,
    rx_packets: u64,
    rx_bytes: u64,
    rx_lie_packets: u64,
    rx_missed_packets: Option<u64>,
    rx_ring_packets: u32,
    rx_descriptors_per_ring: u32,
    tx_descriptors_per_ring: u32,
    tx_packets: u64,
    tx_bytes: u64,
    tx_ring_pending_packets: u32,
    mgmt: Option<ManagementRow>,
}

#[derive(serde::Serialize)]
struct ManagementRow {
    consumed_packets: u64,
    dropped_packets: u64,
    waiting_packets: u64,
    made_packets: u64,
    unsent_packets: u64,
    leaving_packets: u64,
    listeners: u32,
    missed_frames: u64,
}

impl From<Tally> for ManagementRow {
    fn from(tally: Tally) -> Self {
        Self {
            consumed_packets: tally.consumed,
            dropped_packets: tally.lies + tally.damaged,
            waiting_packets: tally.waiting,
            made_packets: tally.made,
            unsent_packets: tally.unsent,
            leaving_packets: tally.leaving,
            listeners: tally.listeners,
            missed_frames: tally.missed,
        }
    }
}

impl PortRow {
    fn of(number: usize, port: &Port, account: &Account) -> Self {
        let account = port.management.map_or(*account, |tally| tally.account());
        Self {
            port: number,
            name: port.name.map(Text),
            pci_address: Text(port.place),
            driver: port.driver,
            mac_address: Text(port.mac),
            link_is_up: port.link.is_up,
            link_speed_mbps: Some(port.link.speed).filter(|speed| *speed > 0),
            mtu: port.mtu,
            core_id: port.polled.core(),
            rx_packets: account.received,
            rx_bytes: account.received_bytes,
            rx_lie_packets: account.dropped[Reason::DeviceLie as usize],
            rx_missed_packets: port.missed,
            rx_ring_packets: port.polled.ring,
            rx_descriptors_per_ring: port.rings.0,
            tx_descriptors_per_ring: port.rings.1,
            tx_packets: account.sent,
            tx_bytes: account.sent_bytes,
            tx_ring_pending_packets: port.ring_pending,
            mgmt: port.management.map(ManagementRow::from),
        }
    }
}

/// Something that is a string to programs too.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

#[derive(serde::Serialize)]
struct DropRow {
    port: usize,
    stage: &'static str,
    reason: &'static str,
    dropped_packets: u64,
}

#[derive(serde::Serialize)]
struct LedgerRow {
    port: usize,
    ended: Ended,
}

#[derive(serde::Serialize)]
struct Ended {
    rx_packets: u64,
    copied_packets: u64,
    forwarded_packets: u64,
    dropped_packets: u64,
    in_flight_packets: i64,
}

impl From<&Account> for Ended {
    fn from(account: &Account) -> Self {
        Self {
            rx_packets: account.received,
            copied_packets: account.copied,
            forwarded_packets: account.forwarded,
            dropped_packets: account.dropped_in_all(),
            in_flight_packets: account.unaccounted(),
        }
    }
}

/// Writes what there is to say of each port of `machine`, with the figures of `ledgers`.
///
/// # Errors
///
/// Here and below those of `out`.
pub fn ports(
    machine: &impl Machine,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    let mut pen = Pen::begin("barecore.show-ports", VERSION, out)?;
    pen.array("ports", out)?;
    for (number, account) in reading.accounts.iter().enumerate() {
        let Some(port) = machine.port(number) else { break };
        pen.element(&PortRow::of(number, &port, account), out)?;
    }
    pen.end_array(out)?;
    pen.end(out)
}

#[derive(serde::Serialize)]
struct LinkRow {
    resets: u64,
    medium: Option<&'static str>,
    module: Option<ModuleRow>,
    lanes_with_light: Option<u32>,
    lanes: Option<u8>,
    is_locked: Option<bool>,
    down_because: Option<&'static str>,
}

#[derive(serde::Serialize)]
struct ModuleRow {
    kind: &'static str,
    vendor: Text<String<16>>,
    part: Text<String<16>>,
}

#[derive(serde::Serialize)]
struct ChecksumRow {
    is_right: Option<bool>,
    stored: Option<u16>,
    computed: Option<u16>,
}

impl From<Checksum> for ChecksumRow {
    fn from(checksum: Checksum) -> Self {
        let (is_right, stored, computed) = match checksum {
            Checksum::Right => (Some(true), None, None),
            Checksum::Wrong { stored, computed } => (Some(false), Some(stored), Some(computed)),
            Checksum::Unread => (None, None, None),
        };
        Self { is_right, stored, computed }
    }
}

#[derive(serde::Serialize)]
struct CardRow {
    resets: u64,
    is_quarantined: bool,
    last_because: Option<Text<Words>>,
    tx_unsent_packets: u64,
}

impl CardRow {
    fn of(health: Health) -> Self {
        let Health { resets, reason, is_quarantined, unsent } = health;
        let last_because = reason.map(Text);
        Self { resets, is_quarantined, last_because, tx_unsent_packets: unsent }
    }
}

#[derive(serde::Serialize)]
struct QueueRow {
    queue_id: u16,
    core_id: usize,
    rx_packets: u64,
}

impl LinkRow {
    fn of(resets: u64, report: LinkReport) -> Self {
        let LinkReport { medium, module, signal, cause } = report;
        Self {
            resets,
            medium,
            module: module.map(|Module { kind, vendor, part }| ModuleRow {
                kind,
                vendor: Text(vendor),
                part: Text(part),
            }),
            lanes_with_light: signal.map(|signal| signal.lanes.count_ones()),
            lanes: signal.map(|signal| signal.most),
            is_locked: signal.map(|signal| signal.is_locked),
            down_because: cause,
        }
    }
}

/// Writes what there is to say of port `number` of `machine`, with the figures of `ledgers`, how often its
/// link went up or down, how its card fared, and of each of its queues where those of all ports are given.
///
/// # Errors
///
/// Those of `out`.
pub fn port(
    machine: &impl Machine,
    ledgers: impl Iterator<Item = &'static Ledger>,
    (number, resets, rxqs): (usize, u64, Option<&Rxqs>),
    out: &mut impl Write,
) -> fmt::Result {
    let Some(port) = machine.port(number) else { return Ok(()) };
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    let mut pen = Pen::begin("barecore.show-port", VERSION, out)?;
    pen.members(&PortRow::of(number, &port, &reading.accounts[number]), out)?;
    let report = machine.link_report(number).unwrap_or_default();
    pen.member("link", &LinkRow::of(resets, report), out)?;
    pen.member("card", &CardRow::of(machine.health(number).unwrap_or_default()), out)?;
    pen.member("nvm_checksum", &machine.checksum(number).map(ChecksumRow::from), out)?;
    if let Some(rxqs) = rxqs {
        pen.array("queues", out)?;
        for queue in rxqs.of_port(number as u16) {
            let (queue_id, core_id, rx_packets) = (queue.name().1, queue.core(), queue.frames());
            pen.element(&QueueRow { queue_id, core_id, rx_packets }, out)?;
        }
        pen.end_array(out)?;
    }
    pen.end(out)
}

/// Writes how many frames of the first `ports` ports were dropped for each reason, where any were.
///
/// # Errors
///
/// Those of `out`.
pub fn drops(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    let mut pen = Pen::begin("barecore.show-drops", VERSION, out)?;
    pen.array("drops", out)?;
    for (port, reason, dropped_packets) in each_drop(ports, &reading) {
        let (stage, reason) = (reason.stage(), reason.name());
        pen.element(&DropRow { port, stage, reason, dropped_packets }, out)?;
    }
    pen.end_array(out)?;
    pen.member("dropped_packets", &total(ports, &reading).dropped_in_all(), out)?;
    pen.end(out)
}

/// Writes where the frames of each of the first `ports` ports ended, and of all.
///
/// # Errors
///
/// Those of `out`.
pub fn ledger(
    ports: usize,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    let total = total(ports, &reading);
    let mut pen = Pen::begin("barecore.show-ledger", VERSION, out)?;
    pen.array("ports", out)?;
    for (port, account) in accounts(ports, &reading) {
        pen.element(&LedgerRow { port, ended: account.into() }, out)?;
    }
    pen.end_array(out)?;
    pen.member("total", &Ended::from(&total), out)?;
    pen.member("parked_packets", &reading.parked, out)?;
    pen.member("is_exact", &is_exact(&total, &reading), out)?;
    pen.end(out)
}
