//! From the bytes of a frame to its key: each header once, and never past the frame.

use crate::key::{FRAGMENT, Key, LATER, Layers};
use crate::ledger::Reason;
use crate::wire::{arp, ethernet, icmp, icmpv6, ipv4, ipv6, sctp, tcp, udp, vlan};

/// VLAN tags that are looked into at most.
const TAGS: usize = 2;

/// Makes `key` the key of the frame `bytes` that came in by `port`. If the frame cannot be what it
/// says, the key says why, and nothing beyond Ethernet.
// As a function it costs a packet by an exact match 3 % more.
#[inline(always)]
pub fn extract(bytes: &[u8], port: u16, key: &mut Key) {
    if let Some((words, layers)) = usual::usual(bytes, port) {
        return key.set_usual(words, layers);
    }
    key.clear();
    if let Err(reason) = layers(bytes, port, key) {
        key.spoil(reason);
    }
}

/// The long way: header by header.
#[inline(never)]
fn layers(bytes: &[u8], port: u16, key: &mut Key) -> Result<(), Reason> {
    // Until the type behind tags is known, it is the port alone.
    key[0] = u64::from(port) << 48;
    let (header, payload) = ethernet::split(bytes).ok_or(Reason::Runt)?;
    [key[1], key[2]] = header.addresses();
    let (mut kind, mut payload) = (header.kind.get(), payload);
    if vlan::is_kind(kind) {
        (kind, payload) = tags(kind, payload, key)?;
    }
    let (kind, skipped) = ethernet::kind(kind, payload);
    key[0] = u64::from(port) << 48 | u64::from(kind) << 32;
    let payload = payload.get(skipped..).unwrap_or_default();
    key.layers = Layers { network: (bytes.len() - payload.len()) as u16, transport: 0 };
    match kind {
        ethernet::IPV4 => internet(payload, key),
        ethernet::IPV6 => internet6(payload, key),
        ethernet::ARP | ethernet::RARP => {
            resolution(payload, key);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// An address as the number that keys hold.
#[inline]
pub(crate) fn mac(mac: &ethernet::Mac) -> u64 {
    let [a, b, c, d, e, f] = *mac;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

fn tags<'a>(
    mut kind: u16,
    mut payload: &'a [u8],
    key: &mut Key,
) -> Result<(u16, &'a [u8]), Reason> {
    for tag in 0..TAGS {
        if !vlan::is_kind(kind) {
            break;
        }
        let (header, rest) = vlan::split(payload).ok_or(Reason::BadVlan)?;
        key[1 + tag] |= u64::from(header.control.get() | vlan::PRESENT);
        key[5] |= u64::from(kind == ethernet::SERVICE_VLAN) << tag;
        (kind, payload) = (header.kind.get(), rest);
    }
    Ok((kind, payload))
}

#[inline]
fn internet(bytes: &[u8], key: &mut Key) -> Result<(), Reason> {
    let (header, payload) = ipv4::split(bytes).ok_or(Reason::BadIpv4)?;
    let fragment = header.fragment.get();
    let mut bits = 0;
    if fragment & (ipv4::MORE | ipv4::OFFSET) != 0 {
        bits = if fragment & ipv4::OFFSET != 0 { FRAGMENT | LATER } else { FRAGMENT };
    }
    key[3] = u64::from(header.protocol) << 24
        | u64::from(header.tos) << 16
        | u64::from(header.ttl) << 8
        | bits;
    let [source, destination] = [header.source, header.destination].map(u32::from_be_bytes);
    key[4] = u64::from(source) << 32 | u64::from(destination);
    if bits & LATER != 0 {
        return Ok(());
    }
    key.layers.transport = key.layers.network + header.len() as u16;
    transport(header.protocol, payload, key)
}

fn internet6(bytes: &[u8], key: &mut Key) -> Result<(), Reason> {
    let (header, payload) = ipv6::split(bytes).ok_or(Reason::BadIpv6)?;
    let upper = ipv6::walk(header.next, payload).map_err(|fault| match fault {
        ipv6::Fault::Short => Reason::BadIpv6,
        ipv6::Fault::Long => Reason::HeaderLimit,
    })?;
    let version = header.version.get();
    let bits = if upper.fragment { FRAGMENT } else { 0 } | if upper.later { LATER } else { 0 };
    key[3] = u64::from(upper.protocol) << 24
        | u64::from(version >> 20 & 0xff) << 16
        | u64::from(header.hop_limit) << 8
        | bits;
    key[5] |= u64::from(version & 0xf_ffff) << 16;
    key.set_address(6, &header.source);
    key.set_address(8, &header.destination);
    if upper.later {
        return Ok(());
    }
    let skipped = payload.len() - upper.bytes.len();
    let headers = size_of::<ipv6::Header>() + skipped;
    key.layers.transport = key.layers.network + headers as u16;
    match upper.protocol {
        ipv6::ICMPV6 => message6(upper.bytes, key),
        // What is ICMP there is none here (RFC 4443, 1).
        ipv4::ICMP => Ok(()),
        protocol => transport(protocol, upper.bytes, key),
    }
}

/// What has ports, or a type and a code in their place.
#[inline]
fn transport(protocol: u8, bytes: &[u8], key: &mut Key) -> Result<(), Reason> {
    let [source, destination] = match protocol {
        ipv4::TCP => {
            let (header, _) = tcp::split(bytes).ok_or(Reason::BadTransport)?;
            key[5] |= u64::from(header.flags.get() & tcp::FLAGS) << 48;
            header.ports.map(|port| port.get())
        }
        ipv4::UDP => {
            let (header, _) = udp::split(bytes).ok_or(Reason::BadTransport)?;
            header.ports.map(|port| port.get())
        }
        ipv4::SCTP => {
            let (header, _) = sctp::split(bytes).ok_or(Reason::BadTransport)?;
            header.ports.map(|port| port.get())
        }
        ipv4::ICMP => {
            let (header, _) = icmp::split(bytes).ok_or(Reason::BadTransport)?;
            [header.kind, header.code].map(u16::from)
        }
        _ => return Ok(()),
    };
    key[3] |= u64::from(source) << 48 | u64::from(destination) << 32;
    Ok(())
}

fn message6(bytes: &[u8], key: &mut Key) -> Result<(), Reason> {
    let (header, body) = icmpv6::split(bytes).ok_or(Reason::BadTransport)?;
    key[3] |= u64::from(header.kind) << 48 | u64::from(header.code) << 32;
    if matches!(header.kind, icmpv6::SOLICITATION | icmpv6::ADVERTISEMENT)
        && let Some(told) = icmpv6::neighbor(body)
    {
        key.set_address(12, &told.target);
        key[10] = mac(&told.source_mac) << 16;
        key[11] = mac(&told.target_mac) << 16;
    }
    Ok(())
}

/// ARP between other addresses than those of Ethernet and IPv4 has no fields.
fn resolution(bytes: &[u8], key: &mut Key) {
    let Some((packet, _)) = arp::split(bytes) else { return };
    let operation = packet.operation.get();
    // As in Open vSwitch, whose field has 8 bits.
    key[3] = if operation <= 0xff { u64::from(operation) << 24 } else { 0 };
    let [sender, target] = [packet.sender, packet.target].map(u32::from_be_bytes);
    key[4] = u64::from(sender) << 32 | u64::from(target);
    key[10] = mac(&packet.sender_mac) << 16;
    key[11] = mac(&packet.target_mac) << 16;
}

mod usual;

#[cfg(test)]
mod tests;
