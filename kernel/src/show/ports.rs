//! `show ports`: what there is, and what went through it.

use core::fmt::{self, Write};

use dataplane::{Account, Ledger, PORTS, Reason};

use super::ledger::{gather, unreadable};
use crate::control::Rxqs;
use crate::machine::{Link, Machine, Port};
use crate::management::Tally;
use crate::options::MTU;
use crate::port_name::Numbered;

/// Writes two lines for each port of `machine`, with the figures of `ledgers`.
///
/// # Errors
///
/// Those of `out`.
pub fn ports(
    machine: &impl Machine,
    ledgers: impl Iterator<Item = &'static Ledger>,
    out: &mut impl Write,
) -> fmt::Result {
    let Some(reading) = gather(ledgers) else { return unreadable(out) };
    let numbered = (0..PORTS).map_while(|number| Some((number, machine.port(number)?)));
    for (number, port) in numbered {
        both_lines(number, &port, &reading.accounts[number], out)?;
    }
    if machine.port(0).is_none() {
        writeln!(out, "no ports (help options tells how to take some)")?;
    }
    Ok(())
}

/// Writes the lines of port `number` of `machine`, with the figures of `ledgers`, how often its link
/// went up or down, and how its card fared, and one for each of its queues where those of all ports are given.
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
    both_lines(number, &port, &reading.accounts[number], out)?;
    link_lines(machine, (number, port.link, resets), out)?;
    checksum_line(machine, number, out)?;
    write!(out, "{}", machine.health(number).unwrap_or_default())?;
    if rxqs.is_some() {
        queue_line(&port, out)?;
    }
    let mut queues = rxqs.into_iter().flat_map(|rxqs| rxqs.of_port(number as u16));
    queues.try_for_each(|queue| {
        let (core, frames) = (queue.core(), queue.frames());
        writeln!(out, "  queue {}: core {core}, rx frames={frames}", queue.name().1)
    })
}

/// How many queues a port has, and how large they are.
fn queue_line(port: &Port, out: &mut impl Write) -> fmt::Result {
    let ((queues, most), (receive, transmit)) = (port.queues, port.rings);
    writeln!(out, "  n_rxq {queues} of {most}, n_rxq_desc {receive}, n_txq_desc {transmit}")
}

/// All that is known of the link of a port.
pub(super) fn link_lines(
    machine: &impl Machine,
    (number, link, resets): (usize, Link, u64),
    out: &mut impl Write,
) -> fmt::Result {
    let report = machine.link_report(number).unwrap_or_default();
    write!(out, "  link {link}")?;
    if let Some(cause) = report.cause {
        write!(out, ": {cause}")?;
    }
    write!(out, ", resets={resets}\n{report}")
}

/// Whether the NVM of a port's card is as it was written; nothing where there is none.
pub(super) fn checksum_line(
    machine: &impl Machine,
    number: usize,
    out: &mut impl Write,
) -> fmt::Result {
    match machine.checksum(number) {
        Some(checksum) => writeln!(out, "  NVM checksum {checksum}"),
        None => Ok(()),
    }
}

/// What a port is, and what went through it.
fn both_lines(number: usize, port: &Port, account: &Account, out: &mut impl Write) -> fmt::Result {
    head(number, port, out)?;
    let account = &port.management.map_or(*account, |tally| tally.account());
    let lies = account.dropped[Reason::DeviceLie as usize];
    write!(out, "  rx frames={} bytes={} ", account.received, account.received_bytes)?;
    write!(out, "lies={lies} missed=")?;
    match port.missed {
        Some(missed) => write!(out, "{missed}")?,
        None => out.write_str("n/a")?,
    }
    write!(out, "  tx frames={} bytes={} ", account.sent, account.sent_bytes)?;
    writeln!(out, "ring-pending={}", port.ring_pending)?;
    port.management.map_or(Ok(()), |tally| management_line(&tally, out))
}

/// Where the frames of the control core's own port ended.
fn management_line(tally: &Tally, out: &mut impl Write) -> fmt::Result {
    let Tally {
        consumed, lies, damaged, waiting, made, unsent, leaving, listeners, missed, ..
    } = tally;
    let dropped = lies + damaged;
    write!(out, "  mgmt consumed={consumed} dropped={dropped} waiting={waiting}  ")?;
    write!(out, "made={made} unsent={unsent} leaving={leaving}  ")?;
    writeln!(out, "listeners={listeners} missed={missed}")
}

/// What a port is, and who polls it.
fn head(number: usize, port: &Port, out: &mut impl Write) -> fmt::Result {
    let link = if port.link.is_up { "up" } else { "down" };
    write!(out, "port {}: ", Numbered(number, port.name))?;
    write!(out, "{} {} {} ", port.place, port.driver, port.mac)?;
    write!(out, "link {link}, core ")?;
    for (place, core) in port.polled.each_core().enumerate() {
        write!(out, "{}{core}", if place > 0 { "+" } else { "" })?;
    }
    if port.management.is_some() {
        out.write_str(", mgmt")?;
    }
    if port.mtu != MTU {
        write!(out, ", mtu {}", port.mtu)?;
    }
    match port.queues {
        (_, ..=1) => writeln!(out),
        (queues, most) => writeln!(out, ", rxq {queues} of {most}"),
    }
}
