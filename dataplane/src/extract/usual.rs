//! The short way to the key of what most packets are: TCP or UDP over IPv4, untagged, with no options
//! and in one piece. The key is the same as by the long way, which takes three times as long.

use zerocopy::byteorder::network_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::key::{DEEP, Layers};
use crate::wire::{ethernet, ipv4, tcp, udp};

/// Their headers up to the ports, in words as keys have them.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
struct Headers {
    ethernet: ethernet::Header,
    /// 4, the header's length, and type of service.
    version: u8,
    tos: u8,
    length: U16,
    id: U16,
    fragment: U16,
    ttl: u8,
    protocol: u8,
    checksum: U16,
    /// Source and destination.
    addresses: U64,
    ports: U32,
    rest: [u8; 4],
}

const ETHERNET: usize = size_of::<ethernet::Header>();
const NETWORK: usize = ETHERNET + ipv4::SHORTEST;
const _: () = assert!(size_of::<Headers>() == NETWORK + size_of::<udp::Header>());

/// Version 4, and a header of five words.
const PLAIN: u8 = 0x45;
/// Where TCP's flags are.
const FLAGS: usize = NETWORK + 12;

/// The words of the key of the frame `bytes` that came in by `port`, and where its layers begin, if
/// it is usual.
#[inline]
pub(super) fn usual(bytes: &[u8], port: u16) -> Option<([u64; DEEP], Layers)> {
    let (headers, _) = Headers::ref_from_prefix(bytes).ok()?;
    let length = usize::from(headers.length.get());
    let is_whole = headers.fragment.get() & (ipv4::MORE | ipv4::OFFSET) == 0;
    let is_plain = headers.ethernet.kind.get() == ethernet::IPV4 && headers.version == PLAIN;
    if !is_plain || !is_whole || length > bytes.len() - ETHERNET {
        return None;
    }
    let (least, flags) = match headers.protocol {
        ipv4::UDP => (size_of::<udp::Header>(), 0),
        ipv4::TCP => (size_of::<tcp::Header>(), tcp_flags(bytes)?),
        _ => return None,
    };
    if length < ipv4::SHORTEST + least {
        return None;
    }
    let [destination, source] = headers.ethernet.addresses();
    let words = [
        u64::from(port) << 48 | u64::from(ethernet::IPV4) << 32,
        destination,
        source,
        u64::from(headers.ports.get()) << 32
            | u64::from(headers.protocol) << 24
            | u64::from(headers.tos) << 16
            | u64::from(headers.ttl) << 8,
        headers.addresses.get(),
        u64::from(flags) << 48,
    ];
    Some((words, Layers { network: ETHERNET as u16, transport: NETWORK as u16 }))
}

/// The flags of TCP, if they are there.
#[inline]
fn tcp_flags(bytes: &[u8]) -> Option<u16> {
    let flags = bytes.get(FLAGS..)?.first_chunk()?;
    Some(u16::from_be_bytes(*flags) & tcp::FLAGS)
}
