//! Tunnels, the addresses that they end at, and neighbors on the way to their other ends.

use core::fmt::{self, Display, Formatter, Write};
use core::net::Ipv6Addr;

use dataplane::network::Network;
use dataplane::tunnel::Tunnel;

use crate::address::Mac;

/// Writes the own addresses, and a line for each tunnel.
///
/// # Errors
///
/// Here and below those of `out`.
pub fn tunnels(network: &Network, out: &mut impl Write) -> fmt::Result {
    let Some(endpoint) = network.endpoint else { return writeln!(out, "no tunnels (vtep=none)") };
    write!(out, "endpoint: port {}, {}", endpoint.port, mac(endpoint.mac))?;
    for (address, _) in endpoint.addresses.iter().flatten() {
        write!(out, ", {}", Ip(*address))?;
    }
    writeln!(out)?;
    for (number, Tunnel { remote, key, port }) in network.each_tunnel() {
        write!(out, "port {number}: vxlan dst_port={port} remote_ip=")?;
        match remote {
            Some(remote) => write!(out, "{}", Ip(*remote))?,
            None => out.write_str("flow")?,
        }
        match key {
            Some(key) => writeln!(out, " key={key}")?,
            None => writeln!(out, " key=flow")?,
        }
    }
    Ok(())
}

/// Writes a line for each neighbor that is known.
pub fn neighbors(network: &Network, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "IP                                       MAC")?;
    network.neighbors.iter().try_for_each(|neighbor| {
        writeln!(out, "{:<39}  {}", Ip(neighbor.address), mac(neighbor.mac))
    })
}

fn mac(number: u64) -> Mac {
    let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
    Mac([a, b, c, d, e, f])
}

/// An address, of IPv4 if it is one mapped into IPv6.
struct Ip(u128);

impl Display for Ip {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.0);
        match address.to_ipv4_mapped() {
            Some(mapped) => mapped.fmt(out),
            None => address.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use dataplane::network::{ADDRESSES, Neighbor, Station};
    use dataplane::tunnel::Endpoint;

    use super::*;

    fn network() -> Network {
        let stations = vec![Station::default(); ADDRESSES].leak().try_into().unwrap();
        Network::new(stations)
    }

    #[test]
    fn tunnels_are_told_with_both_ends() {
        let (mut network, mut text) = (network(), String::new());
        tunnels(&network, &mut text).unwrap();
        assert_eq!(text, "no tunnels (vtep=none)\n");
        network.endpoint = Some(Endpoint {
            port: 1,
            mac: 0x0200_0000_00aa,
            addresses: [Some((0xffff_0a00_0001, 120)), Some((0xfd00 << 112 | 1, 64))],
            gateways: [None; 2],
        });
        let tunnel = |remote, key| Some(Tunnel { remote, key, port: 4789 });
        network.tunnels[0] = tunnel(Some(0xffff_0a00_0002), Some(7));
        network.tunnels[3] = tunnel(None, None);
        text.clear();
        tunnels(&network, &mut text).unwrap();
        let lines = [
            "endpoint: port 1, 02:00:00:00:00:aa, 10.0.0.1, fd00::1",
            "port 32: vxlan dst_port=4789 remote_ip=10.0.0.2 key=7",
            "port 35: vxlan dst_port=4789 remote_ip=flow key=flow",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn neighbors_are_told_in_columns() {
        let (mut network, mut text) = (network(), String::new());
        let neighbor = Neighbor { address: 0xfd00 << 112 | 2, mac: 0x0200_0000_00bb };
        network.neighbors.push(neighbor).unwrap();
        neighbors(&network, &mut text).unwrap();
        assert_eq!(
            text.lines().nth(1),
            Some("fd00::2                                  02:00:00:00:00:bb")
        );
    }
}
