//! `bond/show`: bonds and their members, as Open vSwitch tells them.

use core::fmt::{self, Write};

use dataplane::PORTS;
use dataplane::network::Network;

/// Writes a part for each bond.
///
/// # Errors
///
/// Those of `out`.
pub fn bonds(network: &Network, out: &mut impl Write) -> fmt::Result {
    if network.each_bond().next().is_none() {
        return writeln!(out, "no bonds (bond=none)");
    }
    network.each_bond().try_for_each(|(number, bond)| {
        writeln!(out, "---- bond port {number} ----")?;
        writeln!(out, "bond_mode: {}\nlacp_status: off", bond.mode.name())?;
        match bond.active {
            Some(port) => writeln!(out, "active member: port {port}")?,
            None => writeln!(out, "active member: none")?,
        }
        (0..PORTS as u16).filter(|port| bond.has(*port)).try_for_each(|port| {
            let is_enabled = bond.enabled >> port & 1 == 1;
            let state = if is_enabled { "enabled" } else { "disabled" };
            writeln!(out, "\nmember port {port}: {state}")?;
            if bond.active == Some(port) { writeln!(out, "  active member") } else { Ok(()) }
        })
    })
}
