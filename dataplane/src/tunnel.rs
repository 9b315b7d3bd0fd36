//! VXLAN tunnels (RFC 7348): which there are, and the headers that packets get and lose.

use frame::Frame;

use crate::field::Id;
use crate::key::{Key, Layers};
use crate::program::{HEADERS, Headers};
use crate::wire::{checksum, ethernet, ipv4, ipv6, udp, vxlan};

/// Tunnels that there are at most.
pub const TUNNELS: usize = 16;
/// Number of the first tunnel's port; the others follow.
pub const FIRST: u16 = 32;
/// The port that packets seem to come in by that lost their tunnel's headers, until rules are asked
/// whose tunnel it was.
pub const UNKNOWN: u16 = 48;

/// Time to live of outer headers (RFC 1700), and source ports: those that a system may use at will
/// (RFC 6335 leaves this to it; the range is Open vSwitch's).
const TTL: u8 = 64;
const SOURCE_PORTS: (u16, u32) = (32768, 28232);
/// Bytes of Ethernet's header, which is in front of all others.
const ETHERNET: usize = size_of::<ethernet::Header>();
/// Bytes that a tunnel puts between network and payload.
const DATAGRAM: usize = size_of::<udp::Header>() + size_of::<vxlan::Header>();

/// A tunnel. What it does not say a rule has to: `set_field` of `tun_dst` or `tun_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Address of its other end, IPv4 mapped into IPv6.
    pub remote: Option<u128>,
    /// Network identifier.
    pub key: Option<u32>,
    /// Destination port of UDP.
    pub port: u16,
}

impl Tunnel {
    /// Whether it says all that there is to say, and no rule has to.
    pub const fn is_known(&self) -> bool {
        self.remote.is_some() && self.key.is_some()
    }

    /// Whether packets of this description came out of it.
    pub(crate) fn fits(&self, key: &Key) -> bool {
        let is = |id: Id, value: Option<u128>| value.is_none_or(|value| id.get(key) == value);
        is(Id::TunSrc, self.remote)
            && is(Id::TunId, self.key.map(u128::from))
            && is(Id::TunTpDst, Some(self.port.into()))
    }
}

/// This end of all tunnels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The port that tunnels leave by.
    pub port: u16,
    /// The address on Ethernet there.
    pub mac: u64,
    /// Addresses, IPv4 mapped into IPv6, and how many bits of them all on the same wire share.
    pub addresses: [Option<(u128, u8)>; 2],
    /// Who knows the way to those that are not on the same wire; of each family one.
    pub gateways: [Option<u128>; 2],
}

/// Whether `address` is one of IPv4, mapped into IPv6.
pub const fn is_ipv4(address: u128) -> bool {
    address >> 32 == 0xffff
}

impl Endpoint {
    /// The own address that packets to `remote` carry.
    pub fn source(&self, remote: u128) -> Option<u128> {
        let own = self.addresses.iter().flatten().map(|(address, _)| *address);
        own.into_iter().find(|own| is_ipv4(*own) == is_ipv4(remote))
    }

    /// Whether `address` is one of the own.
    pub fn is(&self, address: u128) -> bool {
        self.addresses.iter().flatten().any(|(own, _)| *own == address)
    }

    /// Who is next on the way to `remote`.
    pub fn next_hop(&self, remote: u128) -> Option<u128> {
        let same = |own: u128, bits: u8| (own ^ remote).leading_zeros() >= u32::from(bits);
        let mut wires = self.addresses.iter().flatten();
        if wires.any(|&(own, bits)| is_ipv4(own) == is_ipv4(remote) && same(own, bits)) {
            return Some(remote);
        }
        self.gateways.iter().flatten().copied().find(|it| is_ipv4(*it) == is_ipv4(remote))
    }
}

/// The two ends of a tunnel as headers say them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) macs: [u64; 2],
    pub(crate) addresses: [u128; 2],
    pub(crate) vni: u32,
    pub(crate) port: u16,
}

impl Headers {
    /// The headers of packets from the first to the second of `ends`, but for lengths, the source
    /// port and checksums.
    pub(crate) fn new(ends: &Ends) -> Self {
        let mut headers = Self { bytes: [0; HEADERS], len: 0 };
        let [source, destination] = ends.macs.map(u64::to_be_bytes);
        let (from, to) = (ends.addresses[0], ends.addresses[1]);
        let v4 = is_ipv4(to);
        headers.put(&destination[2..]);
        headers.put(&source[2..]);
        headers.put(&if v4 { ethernet::IPV4 } else { ethernet::IPV6 }.to_be_bytes());
        if v4 {
            let flags = ipv4::DONT_FRAGMENT.to_be_bytes();
            headers.put(&[0x45, 0, 0, 0, 0, 0, flags[0], flags[1], TTL, ipv4::UDP, 0, 0]);
            headers.put(&(from as u32).to_be_bytes());
            headers.put(&(to as u32).to_be_bytes());
        } else {
            headers.put(&[0x60, 0, 0, 0, 0, 0, ipv4::UDP, TTL]);
            headers.put(&from.to_be_bytes());
            headers.put(&to.to_be_bytes());
        }
        headers.put(&[0, 0]);
        headers.put(&ends.port.to_be_bytes());
        headers.put(&[0; 4]);
        headers.put(&vxlan::VALID.to_be_bytes());
        headers.put(&(ends.vni << 8).to_be_bytes());
        headers
    }

    fn put(&mut self, bytes: &[u8]) {
        let start = usize::from(self.len);
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }
}

/// Puts `headers` in front of `frame`, whose connection has this `hash`. False, and nothing is done,
/// if there is no room for them.
pub(crate) fn push(frame: &mut Frame, headers: &Headers, hash: u32) -> bool {
    let len = usize::from(headers.len);
    if !frame.grow_front(len) {
        return false;
    }
    let bytes = frame.bytes_mut();
    bytes[..len].copy_from_slice(&headers.bytes[..len]);
    let (outer, payload) = (len - DATAGRAM, bytes.len() - ETHERNET);
    let (first, count) = SOURCE_PORTS;
    let source = first + ((u64::from(hash) * u64::from(count)) >> 32) as u16;
    bytes[outer..outer + 2].copy_from_slice(&source.to_be_bytes());
    let datagram = (bytes.len() - outer) as u16;
    bytes[outer + 4..outer + 6].copy_from_slice(&datagram.to_be_bytes());
    if outer == ETHERNET + ipv4::SHORTEST {
        sum_ipv4(&mut bytes[ETHERNET..outer], payload as u16);
    } else {
        bytes[ETHERNET + 4..ETHERNET + 6].copy_from_slice(&datagram.to_be_bytes());
        sum_udp6(bytes, outer);
    }
    true
}

/// Gives a header of IPv4 its length and its checksum. A datagram in it needs none (RFC 768).
fn sum_ipv4(header: &mut [u8], length: u16) {
    header[2..4].copy_from_slice(&length.to_be_bytes());
    let sum = checksum::finish(checksum::add(0, header));
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// Gives the datagram at `outer` in a packet of IPv6 its checksum (RFC 8200, 8.1).
fn sum_udp6(bytes: &mut [u8], outer: usize) {
    let sum = match checksum::finish(pseudo6(bytes, outer)) {
        0 => 0xffff,
        sum => sum,
    };
    bytes[outer + 6..outer + 8].copy_from_slice(&sum.to_be_bytes());
}

/// The sum over the datagram at `outer` and the addresses of its packet of IPv6.
fn pseudo6(bytes: &[u8], outer: usize) -> u64 {
    let addresses = &bytes[outer - 32..outer];
    let length = (bytes.len() - outer) as u64;
    checksum::add(checksum::add(length + u64::from(ipv4::UDP), addresses), &bytes[outer..])
}

/// What was in front of a packet that came out of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outer {
    addresses: [u128; 2],
    ports: [u16; 2],
    vni: u32,
    tos: u8,
    ttl: u8,
}

impl Outer {
    /// Says it in `key`.
    pub(crate) fn tell(&self, key: &mut Key) {
        let Self { addresses: [source, destination], ports, vni, tos, ttl } = *self;
        key[14] = u64::from(vni) << 32 | u64::from(tos) << 8 | u64::from(ttl);
        Id::TunSrc.set(key, source, u128::MAX);
        Id::TunDst.set(key, destination, u128::MAX);
        key[19] = u64::from(ports[0]) << 48 | u64::from(ports[1]) << 32;
    }
}

/// Takes the headers of a tunnel, outermost of them a network's of this `kind`, off `frame`, and
/// returns what they said; none, and nothing is done, if they are not those of a tunnel or their
/// checksums are wrong.
pub(crate) fn pop(frame: &mut Frame, kind: u16, layers: Layers) -> Option<Outer> {
    let bytes = frame.bytes();
    let [network, transport] = [layers.network, layers.transport].map(usize::from);
    let (addresses, tos, ttl, packet) = match kind {
        ethernet::IPV4 => {
            let (header, packet) = ipv4::split(bytes.get(network..)?)?;
            let summed = bytes.get(network..transport)?;
            (checksum::finish(checksum::add(0, summed)) == 0).then_some(())?;
            let addresses = [header.source, header.destination].map(u32::from_be_bytes);
            (addresses.map(|it| 0xffff << 32 | u128::from(it)), header.tos, header.ttl, packet)
        }
        _ => {
            let (header, rest) = ipv6::split(bytes.get(network..)?)?;
            let packet = ipv6::walk(header.next, rest).ok()?.bytes;
            let addresses = [header.source, header.destination].map(u128::from_be_bytes);
            let class = (header.version.get() >> 20) as u8;
            (addresses, class, header.hop_limit, packet)
        }
    };
    let (header, _) = udp::split(packet)?;
    let datagram = packet.get(..usize::from(header.length.get()))?;
    is_summed(header, datagram, addresses).then_some(())?;
    let (vni, inner) = vxlan::split(datagram.get(size_of::<udp::Header>()..)?)?;
    let ports = header.ports.map(|port| port.get());
    let outer = Outer { addresses, ports, vni, tos, ttl };
    let (start, len) = (transport + DATAGRAM, inner.len());
    frame.shrink_front(start);
    // What Ethernet padded behind the datagram is no part of it.
    frame.fill(len);
    Some(outer)
}

/// Whether the checksum of a datagram is right, or there is none, as there may be (RFC 6935).
fn is_summed(header: &udp::Header, datagram: &[u8], addresses: [u128; 2]) -> bool {
    if header.checksum.get() == 0 {
        return true;
    }
    let bytes = addresses.map(u128::to_be_bytes);
    // An address of IPv4 is what is left of it without what maps it into IPv6.
    let from = if is_ipv4(addresses[0]) { 12 } else { 0 };
    let sum = bytes.iter().fold(0, |sum, address| checksum::add(sum, &address[from..]));
    let sum = sum + u64::from(ipv4::UDP) + datagram.len() as u64;
    checksum::finish(checksum::add(sum, datagram)) == 0
}

#[cfg(test)]
mod tests;
