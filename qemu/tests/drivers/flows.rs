//! Flows: frames that belong together by their addresses and ports.

use std::net::IpAddr;

use anyhow::Result;
use etherparse::PacketBuilder;

/// Flows that are tried.
pub(crate) const FLOWS: u16 = 512;

/// Addresses and ports of flow number `flow`, of four kinds in turn.
pub(crate) struct Flow {
    source: (IpAddr, u16),
    destination: (IpAddr, u16),
    is_tcp: bool,
}

impl Flow {
    /// The flow of this number.
    pub(crate) fn new(flow: u16) -> Self {
        let [high, low] = flow.to_be_bytes();
        let address = |side: u8| match flow % 4 < 2 {
            true => IpAddr::from([10, side, high, low.wrapping_mul(29)]),
            false => IpAddr::from([0xfd00, u16::from(side), 0, 0, 0, 0, flow, 0x1d * flow]),
        };
        let (source, destination) = ((address(1), 1024 + 31 * flow), (address(2), 80 + flow));
        Self { source, destination, is_tcp: flow.is_multiple_of(2) }
    }

    /// The same flow the other way.
    pub(crate) fn back(self) -> Self {
        Self { source: self.destination, destination: self.source, ..self }
    }

    /// A frame of it.
    pub(crate) fn frame(&self) -> Result<Vec<u8>> {
        let link = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let addresses = (self.source.0, self.destination.0);
        let network = match addresses {
            (IpAddr::V4(from), IpAddr::V4(to)) => link.ipv4(from.octets(), to.octets(), 64),
            (IpAddr::V6(from), IpAddr::V6(to)) => link.ipv6(from.octets(), to.octets(), 64),
            _ => anyhow::bail!("a flow of two families"),
        };
        let (mut frame, ports) = (Vec::new(), (self.source.1, self.destination.1));
        if self.is_tcp {
            network.tcp(ports.0, ports.1, 0, 0).write(&mut frame, &[7; 20])?;
        } else {
            network.udp(ports.0, ports.1).write(&mut frame, &[7; 20])?;
        }
        Ok(frame)
    }

    /// What the hash is made over: addresses, then ports, in the order of the network.
    pub(crate) fn hashed(&self) -> Vec<u8> {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let addresses = [octets(self.source.0), octets(self.destination.0)].concat();
        let ports = [self.source.1.to_be_bytes(), self.destination.1.to_be_bytes()].concat();
        [addresses, ports].concat()
    }
}
