//! `show ports`: what there is, and what went through it.

use core::fmt::{self, Write};

use dataplane::{Ledger, PORTS, Reason};

use super::ledger::{gather, unreadable};
use crate::machine::Machine;

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
        let link = if port.link { "up" } else { "down" };
        write!(out, "port {number}: {} {} {} ", port.place, port.driver, port.mac)?;
        writeln!(out, "link {link}, core {}", port.core)?;
        let account = reading.accounts[number];
        let lies = account.dropped[Reason::DeviceLie as usize];
        write!(out, "  rx frames={} bytes={} ", account.received, account.received_bytes)?;
        write!(out, "lies={lies} missed=")?;
        match port.missed {
            Some(missed) => write!(out, "{missed}")?,
            None => write!(out, "unknown")?,
        }
        write!(out, "  tx frames={} bytes={} ", account.sent, account.sent_bytes)?;
        writeln!(out, "ring-pending={}", port.ring_pending)?;
    }
    if machine.port(0).is_none() {
        writeln!(out, "no ports (help options tells how to take some)")?;
    }
    Ok(())
}
