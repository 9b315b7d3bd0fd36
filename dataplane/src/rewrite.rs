//! Changing packets: fields where they stand, with checksums kept right, and VLAN tags.

use crc::{CRC_32_ISCSI, Crc};
use frame::Frame;

use crate::field::Id;
use crate::key::Layers;
use crate::wire::ethernet::{IPV4, IPV6};
use crate::wire::{checksum, icmpv6, ipv4, ipv6};

/// Bytes of both addresses of Ethernet, and of a VLAN tag.
const MACS: usize = 12;
const TAG: usize = 4;
/// The checksum of SCTP (RFC 9260, appendix A).
static CRC32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Where a field stands.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    bytes: usize,
    /// Bits of the last byte that are not the field's.
    shift: u32,
    sums: Sums,
}

/// Which checksums are over a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sums {
    None,
    /// That of the IPv4 header.
    Header,
    /// That of the transport, whose pseudo-header has the field.
    Pseudo,
    /// Both.
    HeaderAndPseudo,
    /// That of the transport, whose header has the field.
    Transport,
}

/// What must be known of a packet to change it.
struct Packet<'a> {
    bytes: &'a mut [u8],
    network: usize,
    /// Where the transport's header is; none if it has none, as later fragments.
    transport: Option<usize>,
    kind: u16,
    protocol: u8,
}

/// Gives `field` of `frame` a new `value` where `mask` has ones. Does nothing to packets without
/// that field.
pub(crate) fn set(frame: &mut Frame, layers: Layers, field: Id, value: u128, mask: u128) {
    let Some(mut packet) = Packet::new(frame.bytes_mut(), layers) else { return };
    if let Some(place) = packet.place(field) {
        packet.write(place, value, mask);
    }
}

/// Puts a VLAN tag into `frame`, in front of those that it has. False, and nothing is done, if
/// there is no room for it.
pub(crate) fn push_vlan(frame: &mut Frame, layers: &mut Layers, kind: u16, control: u16) -> bool {
    if frame.len() < MACS || !frame.grow_front(TAG) {
        return false;
    }
    let bytes = frame.bytes_mut();
    bytes.copy_within(TAG..TAG + MACS, 0);
    bytes[MACS..MACS + 2].copy_from_slice(&kind.to_be_bytes());
    bytes[MACS + 2..MACS + TAG].copy_from_slice(&control.to_be_bytes());
    layers.network += TAG as u16;
    if layers.transport > 0 {
        layers.transport += TAG as u16;
    }
    true
}

/// Takes the outer VLAN tag off `frame`, which has one.
pub(crate) fn pop_vlan(frame: &mut Frame, layers: &mut Layers) {
    if frame.len() < MACS + TAG {
        return;
    }
    frame.bytes_mut().copy_within(..MACS, TAG);
    frame.shrink_front(TAG);
    layers.network = layers.network.saturating_sub(TAG as u16);
    layers.transport = layers.transport.saturating_sub(TAG as u16);
}

impl<'a> Packet<'a> {
    fn new(bytes: &'a mut [u8], layers: Layers) -> Option<Self> {
        let network = usize::from(layers.network);
        let kind = bytes.get(network.checked_sub(2)?..network)?;
        let kind = u16::from_be_bytes([kind[0], kind[1]]);
        let transport = (layers.transport > 0).then_some(usize::from(layers.transport));
        let protocol = match kind {
            IPV4 => bytes.get(network + 9).copied(),
            IPV6 => transport.and_then(|at| upper_protocol(bytes, network, at)),
            _ => None,
        };
        Some(Self { bytes, network, transport, kind, protocol: protocol.unwrap_or(0) })
    }

    fn place(&self, field: Id) -> Option<Place> {
        let (ip, ip6) = (self.kind == IPV4, self.kind == IPV6);
        let any = |at, bytes, shift, sums| Some(Place { at, bytes, shift, sums });
        let network = |at, bytes, shift, sums| any(self.network + at, bytes, shift, sums);
        let transport = |at: usize, bytes, sums| any(self.transport? + at, bytes, 0, sums);
        match field {
            Id::EthDst => any(0, 6, 0, Sums::None),
            Id::EthSrc => any(6, 6, 0, Sums::None),
            Id::VlanTci | Id::VlanVid => any(MACS + 2, 2, 0, Sums::None),
            Id::VlanPcp => any(MACS + 2, 1, 5, Sums::None),
            Id::NwTos | Id::NwEcn if ip => network(1, 1, 0, Sums::Header),
            Id::NwTos | Id::NwEcn if ip6 => network(0, 2, 4, Sums::None),
            Id::NwDscp if ip => network(1, 1, 2, Sums::Header),
            Id::NwDscp if ip6 => network(0, 2, 6, Sums::None),
            Id::NwTtl if ip => network(8, 1, 0, Sums::Header),
            Id::NwTtl if ip6 => network(7, 1, 0, Sums::None),
            Id::NwSrc if ip => network(12, 4, 0, Sums::HeaderAndPseudo),
            Id::NwDst if ip => network(16, 4, 0, Sums::HeaderAndPseudo),
            Id::Ipv6Label if ip6 => network(1, 3, 0, Sums::None),
            Id::Ipv6Src if ip6 => network(8, 16, 0, Sums::Pseudo),
            Id::Ipv6Dst if ip6 => network(24, 16, 0, Sums::Pseudo),
            Id::ArpOp => network(6, 2, 0, Sums::None),
            Id::ArpSha => network(8, 6, 0, Sums::None),
            Id::ArpSpa => network(14, 4, 0, Sums::None),
            Id::ArpTha => network(18, 6, 0, Sums::None),
            Id::ArpTpa => network(24, 4, 0, Sums::None),
            Id::TpSrc => transport(0, 2, Sums::Transport),
            Id::TpDst => transport(2, 2, Sums::Transport),
            Id::IcmpType => transport(0, 1, Sums::Transport),
            Id::IcmpCode => transport(1, 1, Sums::Transport),
            Id::NdTarget => transport(8, 16, Sums::Transport),
            Id::NdSll => self.option(icmpv6::SOURCE),
            Id::NdTll => self.option(icmpv6::TARGET),
            _ => None,
        }
    }

    /// Where the address is that the option `kind` of neighbor discovery tells.
    fn option(&self, kind: u8) -> Option<Place> {
        let options = self.transport? + size_of::<icmpv6::Header>() + 16;
        let at = options + icmpv6::find(self.bytes.get(options..)?, kind)?;
        Some(Place { at: at + 2, bytes: 6, shift: 0, sums: Sums::Transport })
    }

    /// Writes `value` where `mask` has ones.
    fn write(&mut self, place: Place, value: u128, mask: u128) {
        let Place { at, bytes, shift, sums } = place;
        // Checksums are over words, and headers begin at even places.
        let start = at & !1;
        let end = start + (at + bytes - start).next_multiple_of(2);
        let Some(target) = self.bytes.get(at..at + bytes) else { return };
        let mut old = [0; 18];
        let covered = start..end.min(self.bytes.len());
        let count = covered.len().min(old.len());
        old[..count].copy_from_slice(&self.bytes[covered.start..covered.start + count]);
        let before = target.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        let after = before & !(mask << shift) | (value & mask) << shift;
        self.bytes[at..at + bytes].copy_from_slice(&after.to_be_bytes()[16 - bytes..]);
        let mut new = [0; 18];
        new[..count].copy_from_slice(&self.bytes[covered.start..covered.start + count]);
        self.keep_sums(sums, &old[..count], &new[..count]);
    }

    fn keep_sums(&mut self, sums: Sums, old: &[u8], new: &[u8]) {
        if matches!(sums, Sums::Header | Sums::HeaderAndPseudo) {
            self.update(self.network + 10, old, new);
        }
        let Some(transport) = self.transport else { return };
        let pseudo = matches!(sums, Sums::Pseudo | Sums::HeaderAndPseudo);
        let own = sums == Sums::Transport;
        match self.protocol {
            ipv4::TCP if pseudo || own => self.update(transport + 16, old, new),
            ipv4::UDP if pseudo || own => self.update_udp(transport + 6, old, new),
            ipv6::ICMPV6 if pseudo || own => self.update(transport + 2, old, new),
            ipv4::ICMP if own => self.update(transport + 2, old, new),
            ipv4::SCTP if own => self.sum_sctp(transport),
            _ => {}
        }
    }

    fn update(&mut self, at: usize, old: &[u8], new: &[u8]) {
        let Some(place) = self.bytes.get_mut(at..at + 2) else { return };
        let sum = checksum::update(u16::from_be_bytes([place[0], place[1]]), old, new);
        place.copy_from_slice(&sum.to_be_bytes());
    }

    /// A sum of 0 says that there is none (RFC 768).
    fn update_udp(&mut self, at: usize, old: &[u8], new: &[u8]) {
        if self.bytes.get(at..at + 2).is_none_or(|sum| sum == [0, 0]) {
            return;
        }
        self.update(at, old, new);
        if self.bytes[at..at + 2] == [0, 0] {
            self.bytes[at..at + 2].fill(0xff);
        }
    }

    fn sum_sctp(&mut self, transport: usize) {
        let network = &self.bytes[self.network..];
        let len = match self.kind {
            IPV4 => ipv4::split(network).map(|(header, _)| usize::from(header.length.get())),
            _ => ipv6::split(network).map(|(_, rest)| size_of::<ipv6::Header>() + rest.len()),
        };
        let Some(end) = len.map(|len| self.network + len) else { return };
        let Some(packet) = self.bytes.get_mut(transport..end) else { return };
        if packet.len() >= 12 {
            packet[8..12].fill(0);
            let sum = CRC32C.checksum(packet);
            packet[8..12].copy_from_slice(&sum.to_le_bytes());
        }
    }
}

/// What the headers of IPv6 at `network` lead to at `transport`.
fn upper_protocol(bytes: &[u8], network: usize, transport: usize) -> Option<u8> {
    let (header, payload) = ipv6::split(bytes.get(network..)?)?;
    let upper = ipv6::walk(header.next, payload).ok()?;
    (transport > network).then_some(upper.protocol)
}

#[cfg(test)]
mod tests;
