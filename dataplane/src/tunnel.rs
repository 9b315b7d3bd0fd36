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
/// Bytes of all headers over IPv4; over IPv6 it is [`HEADERS`].
const OVER_IPV4: usize = ETHERNET + ipv4::SHORTEST + DATAGRAM;
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
        self.marks().iter().all(|(id, value)| value.is_none_or(|value| id.get(key) == value))
    }

    /// What is known of packets that came out of it.
    pub(crate) fn marks(&self) -> [(Id, Option<u128>); 3] {
        let key = self.key.map(u128::from);
        [(Id::TunSrc, self.remote), (Id::TunId, key), (Id::TunTpDst, Some(self.port.into()))]
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
        let mut headers = Self { bytes: [0; HEADERS], len: 0, checksum: 0 };
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
        let network = &headers.bytes[ETHERNET..usize::from(headers.len)];
        headers.checksum = if v4 { checksum::finish(checksum::add(0, network)) } else { 0 };
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
#[inline]
pub(crate) fn push(frame: &mut Frame, headers: &Headers, hash: u32) -> bool {
    let len = usize::from(headers.len);
    if !frame.grow_front(len) {
        return false;
    }
    let (first, count) = SOURCE_PORTS;
    let source = first + ((u64::from(hash) * u64::from(count)) >> 32) as u16;
    if len == OVER_IPV4 {
        over_ipv4(frame.bytes_mut(), headers, source);
    } else {
        over_ipv6(frame.bytes_mut(), headers, source);
    }
    true
}

/// Fills in headers of IPv4. A datagram in it needs no checksum (RFC 768).
#[inline]
fn over_ipv4(bytes: &mut [u8], headers: &Headers, source: u16) {
    let len = bytes.len();
    let (Some(front), Some((template, _))) =
        (bytes.first_chunk_mut::<OVER_IPV4>(), headers.bytes.split_first_chunk::<OVER_IPV4>())
    else {
        return;
    };
    const UDP: usize = OVER_IPV4 - DATAGRAM;
    let length = (len - ETHERNET) as u16;
    let datagram = (len - UDP) as u16;
    let sum = checksum::with(headers.checksum, length);
    *front = *template;
    front[ETHERNET + 2..ETHERNET + 4].copy_from_slice(&length.to_be_bytes());
    front[ETHERNET + 10..ETHERNET + 12].copy_from_slice(&sum.to_be_bytes());
    front[UDP..UDP + 2].copy_from_slice(&source.to_be_bytes());
    front[UDP + 4..UDP + 6].copy_from_slice(&datagram.to_be_bytes());
}

/// Fills in headers of IPv6, whose datagrams need a checksum (RFC 8200, 8.1). Apart, so that [`push`] is
/// small enough to be no function of its own.
#[inline(never)]
fn over_ipv6(bytes: &mut [u8], headers: &Headers, source: u16) {
    const UDP: usize = HEADERS - DATAGRAM;
    let datagram = ((bytes.len() - UDP) as u16).to_be_bytes();
    bytes[..HEADERS].copy_from_slice(&headers.bytes);
    bytes[ETHERNET + 4..ETHERNET + 6].copy_from_slice(&datagram);
    bytes[UDP..UDP + 2].copy_from_slice(&source.to_be_bytes());
    bytes[UDP + 4..UDP + 6].copy_from_slice(&datagram);
    sum_udp6(bytes, UDP);
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

/// Takes the headers of a tunnel off `frame`, a datagram of this `key` whose headers are at `layers`
/// by now, and returns the network identifier that they said; none, and nothing is done, if they
/// are not those of a tunnel or their checksums are wrong.
#[inline]
pub(crate) fn pop(frame: &mut Frame, kind: u16, layers: Layers) -> Option<u32> {
    let bytes = frame.bytes();
    if let Some((vni, len)) = usual::usual(bytes, layers) {
        frame.shrink_front(OVER_IPV4);
        // What Ethernet padded behind the datagram is no part of it.
        frame.fill(len);
        return Some(vni);
    }
    pop_any(frame, kind, layers)
}

/// The same by the long way.
#[cold]
#[inline(never)]
fn pop_any(frame: &mut Frame, kind: u16, layers: Layers) -> Option<u32> {
    let bytes = frame.bytes();
    let [network, transport] = [layers.network, layers.transport].map(usize::from);
    let end = match kind {
        ethernet::IPV4 => {
            let header = bytes.get(network..transport)?;
            (checksum::finish(checksum::add(0, header)) == 0).then_some(())?;
            network + usize::from(ipv4::split(&bytes[network..])?.0.length.get())
        }
        _ => {
            let (_, payload) = ipv6::split(bytes.get(network..)?)?;
            network + size_of::<ipv6::Header>() + payload.len()
        }
    };
    let packet = bytes.get(transport..end)?;
    let (header, _) = udp::split(packet)?;
    let datagram = packet.get(..usize::from(header.length.get()))?;
    if header.checksum.get() != 0 && !is_summed(datagram, &bytes[..transport], kind, network) {
        return None;
    }
    let (vni, inner) = vxlan::split(datagram.get(size_of::<udp::Header>()..)?)?;
    let len = inner.len();
    frame.shrink_front(transport + DATAGRAM);
    frame.fill(len);
    Some(vni)
}

/// Whether the checksum of `datagram`, behind these `headers`, is right.
fn is_summed(datagram: &[u8], headers: &[u8], kind: u16, network: usize) -> bool {
    let addresses = match kind {
        ethernet::IPV4 => headers.get(network + 12..network + 20),
        _ => headers.get(network + 8..network + 40),
    };
    let sum = checksum::add(u64::from(ipv4::UDP), addresses.unwrap_or_default());
    checksum::finish(checksum::add(sum + datagram.len() as u64, datagram)) == 0
}

/// Says in `key` what was in front of its packet in the tunnel `vni`: a packet of the key `outer`.
#[inline]
pub(crate) fn tell(key: &mut Key, outer: &Key, vni: u32) {
    let first = u64::from(vni) << 32 | outer[3] >> 8 & 0xffff;
    let [source, destination] = match outer.kind() {
        ethernet::IPV4 => [outer[4] >> 32, outer[4] & 0xffff_ffff].map(|it| [0, 0xffff << 32 | it]),
        _ => [[outer[6], outer[7]], [outer[8], outer[9]]],
    };
    let last = outer[3] & 0xffff_ffff_0000_0000;
    key.set_tunnel([first, source[0], source[1], destination[0], destination[1], last], outer.hash);
}

mod usual;

#[cfg(test)]
mod tests;
