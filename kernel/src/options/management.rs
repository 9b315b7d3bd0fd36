//! What the value of `mgmt=` looks like.

use dataplane::PORTS;

use super::Options;
use super::tunnels::ends;
use super::values::number;
use crate::address::{Mac, Nic, Place};
use crate::port_name::PortName;

/// The port that the control core has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Management {
    port: Named,
    /// Addresses, IPv4 mapped into IPv6, and how many bits all on the wire share; of each family
    /// one at most.
    pub addresses: [Option<(u128, u8)>; 2],
    /// Gateways, of each family one at most.
    pub gateways: [Option<u128>; 2],
}

/// What a port was named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Number(u16),
    Card(Nic),
    Name(PortName),
}

impl Management {
    /// Whether it is port `number` of this `name`, whose card is at `place` and has the address `mac`.
    pub fn is(&self, number: usize, name: Option<PortName>, (place, mac): (Place, Mac)) -> bool {
        match self.port {
            Named::Number(own) => usize::from(own) == number,
            Named::Card(nic) => nic.is(place, mac),
            Named::Name(own) => name == Some(own),
        }
    }
}

/// `PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH][,GATEWAY...]`
pub(super) fn mgmt(options: &mut Options, text: &str) -> Option<()> {
    if text == "none" {
        options.mgmt = None;
        return Some(());
    }
    let (port, rest) = text.split_once(',')?;
    let (addresses, gateways) = ends(rest)?;
    options.mgmt = Some(Management { port: named(port)?, addresses, gateways });
    Some(())
}

fn named(text: &str) -> Option<Named> {
    let number = || number(text)?.try_into().ok().filter(|port| usize::from(*port) < PORTS);
    let name = || PortName::parse(text).map(Named::Name);
    Nic::parse(text).map(Named::Card).or_else(|| number().map(Named::Number)).or_else(name)
}
