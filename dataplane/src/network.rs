//! What upcalls know of the world besides rules: ports, and who was learned to be behind which.
//! Published by the control core.

use heapless::Vec;

use crate::bond::{self, BONDS, Bond};
use crate::ledger::{LOCAL, PORTS};
use crate::tunnel::{self, Endpoint, TUNNELS, Tunnel};

/// Addresses that are learned at most. A power of two.
pub const ADDRESSES: usize = 2048;
/// Places that an address can have.
const CHOICES: usize = 8;
/// The multicast bit of an address of Ethernet (IEEE 802.3, 3.2.3), which broadcast has too.
const MULTICAST: u64 = 1 << 40;

/// The world as upcalls see it.
#[derive(Debug)]
pub struct Network {
    /// Bit p says that there is a port p; [`LOCAL`] is one of them.
    pub ports: u32,
    /// Bit p says that the link of port p is down: nothing leaves by it.
    pub down: u16,
    /// Who is behind which port.
    pub addresses: Addresses,
    /// This end of all tunnels.
    pub endpoint: Option<Endpoint>,
    /// Tunnels, by number of their ports from [`tunnel::FIRST`] on.
    pub tunnels: [Option<Tunnel>; TUNNELS],
    /// Bonds, by number of their ports from [`bond::FIRST`] on.
    pub bonds: [Option<Bond>; BONDS],
    /// Who is next on the way to other ends.
    pub neighbors: Vec<Neighbor, NEIGHBORS>,
}

/// Neighbors that are known at most.
pub const NEIGHBORS: usize = 64;

/// Someone on the wire of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// Its address, IPv4 mapped into IPv6.
    pub address: u128,
    /// Its address on Ethernet.
    pub mac: u64,
}

/// Someone who was heard on a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// Its address on Ethernet, as a number.
    pub mac: u64,
    /// Its VLAN; 0 for none.
    pub vlan: u16,
    /// The port.
    pub port: u16,
}

impl Network {
    /// A world of no ports, with memory for who is learned.
    pub const fn new(stations: &'static mut [Station; ADDRESSES]) -> Self {
        Self {
            ports: 0,
            down: 0,
            addresses: Addresses(stations),
            endpoint: None,
            tunnels: [None; TUNNELS],
            bonds: [None; BONDS],
            neighbors: Vec::new(),
        }
    }

    /// Becomes like `other`.
    pub fn copy_from(&mut self, other: &Self) {
        (self.ports, self.down) = (other.ports, other.down);
        (self.endpoint, self.tunnels) = (other.endpoint, other.tunnels);
        self.bonds = other.bonds;
        self.neighbors.clone_from(&other.neighbors);
        *self.addresses.0 = *other.addresses.0;
    }

    /// Whether there is a port of this number, that of a tunnel aside.
    pub const fn has(&self, port: u16) -> bool {
        port <= LOCAL && self.ports >> port & 1 == 1
    }

    /// The tunnel whose port has this number.
    pub fn tunnel(&self, port: u16) -> Option<&Tunnel> {
        let number = port.checked_sub(tunnel::FIRST)?;
        self.tunnels.get(usize::from(number))?.as_ref()
    }

    /// All tunnels, with the numbers of their ports.
    pub fn each_tunnel(&self) -> impl Iterator<Item = (u16, &Tunnel)> {
        (tunnel::FIRST..).zip(&self.tunnels).filter_map(|(port, it)| Some((port, it.as_ref()?)))
    }

    /// The bond whose port has this number.
    pub fn bond(&self, port: u16) -> Option<&Bond> {
        let number = port.checked_sub(bond::FIRST)?;
        self.bonds.get(usize::from(number))?.as_ref()
    }

    /// All bonds, with the numbers of their ports.
    pub fn each_bond(&self) -> impl Iterator<Item = (u16, &Bond)> {
        (bond::FIRST..).zip(&self.bonds).filter_map(|(port, it)| Some((port, it.as_ref()?)))
    }

    /// The port that a switch takes `port` for: that of its bond, or itself.
    pub fn whole(&self, port: u16) -> u16 {
        self.each_bond().find(|(_, bond)| bond.has(port)).map_or(port, |(whole, _)| whole)
    }

    /// Where a switch sends what is for all: by all ports but [`LOCAL`] and that of the endpoint, by
    /// bonds with a link instead of their members, and by all tunnels whose other end is known.
    pub fn each_port(&self) -> impl Iterator<Item = u16> {
        let underlay = self.endpoint.map(|endpoint| endpoint.port);
        let own = (0..PORTS as u16).filter(move |port| {
            self.has(*port) && Some(*port) != underlay && self.whole(*port) == *port
        });
        let up = self.each_bond().filter(|(_, bond)| bond.enabled != 0);
        let bonds = up.map(|(port, _)| port);
        let known = self.each_tunnel().filter(|(_, tunnel)| tunnel.is_known());
        own.chain(bonds).chain(known.map(|(port, _)| port))
    }

    /// The address on Ethernet of the neighbor with this one.
    pub fn neighbor(&self, address: u128) -> Option<u64> {
        let is_it = |neighbor: &&Neighbor| neighbor.address == address;
        self.neighbors.iter().find(is_it).map(|neighbor| neighbor.mac)
    }
}

/// Whether frames for `mac` are for more than one station.
pub(crate) const fn is_multicast(mac: u64) -> bool {
    mac & MULTICAST != 0
}

/// What a switch has learned.
#[derive(Debug)]
pub struct Addresses(&'static mut [Station; ADDRESSES]);

impl Addresses {
    /// The port that `mac` of `vlan` was heard on.
    pub fn find(&self, mac: u64, vlan: u16) -> Option<u16> {
        let is_it = |place: usize| self.0[place].is(mac, vlan);
        choices(mac, vlan).find(|place| is_it(*place)).map(|place| self.0[place].port)
    }

    /// The place of `station`, if it is known to be behind its port.
    pub fn place(&self, station: Station) -> Option<usize> {
        choices(station.mac, station.vlan).find(|place| self.0[*place] == station)
    }

    /// Learns that `station` was heard, in the place of another where there is none left. Returns
    /// its place.
    pub fn learn(&mut self, station: Station) -> usize {
        let Station { mac, vlan, .. } = station;
        let mut places = choices(mac, vlan);
        let known = places.clone().find(|place| self.0[*place].is(mac, vlan));
        let free = || places.clone().find(|place| self.0[*place].mac == 0);
        let place = known.or_else(free).or_else(|| places.next()).unwrap_or(0);
        self.0[place] = station;
        place
    }

    /// Forgets who has the place.
    pub fn forget(&mut self, place: usize) {
        self.0[place % ADDRESSES] = Station::default();
    }

    /// Everyone who is known, and their places.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Station)> {
        self.0.iter().copied().enumerate().filter(|(_, station)| station.mac != 0)
    }
}

impl Station {
    fn is(&self, mac: u64, vlan: u16) -> bool {
        // An address of zeros is nobody's, and stands for a free place.
        (self.mac, self.vlan) == (mac, vlan) && mac != 0
    }
}

/// The places that an address can have.
fn choices(mac: u64, vlan: u16) -> impl Iterator<Item = usize> + Clone {
    // Fibonacci hashing (Knuth, 6.4). Whoever makes addresses meet has some of them forgotten.
    let hash = (mac | u64::from(vlan) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..CHOICES).map(move |offset| (hash as usize + offset) % ADDRESSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Addresses {
        Addresses(vec![Station::default(); ADDRESSES].leak().try_into().unwrap())
    }

    fn station(mac: u64, vlan: u16, port: u16) -> Station {
        Station { mac, vlan, port }
    }

    #[test]
    fn an_address_is_found_where_it_was_heard_last_and_in_its_vlan_only() {
        let mut addresses = nobody();
        addresses.learn(station(7, 0, 1));
        let place = addresses.learn(station(7, 5, 2));
        addresses.learn(station(7, 0, 3));
        let found = [0, 5, 6].map(|vlan| addresses.find(7, vlan));
        assert_eq!(found, [Some(3), Some(2), None]);
        addresses.forget(place);
        assert_eq!(addresses.find(7, 5), None);
        assert_eq!((addresses.iter().count(), addresses.find(0, 0)), (1, None));
    }

    #[test]
    fn too_many_addresses_push_each_other_out() {
        let mut addresses = nobody();
        for mac in 1..=2 * ADDRESSES as u64 {
            addresses.learn(station(mac, 0, 1));
            assert_eq!(addresses.find(mac, 0), Some(1));
        }
        assert!(addresses.iter().count() <= ADDRESSES);
    }
}
