//! ARP for IPv4 over Ethernet (RFC 826), and RARP (RFC 903).

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::ethernet::{IPV4, Mac};

/// Operation of an answer.
pub const REPLY: u16 = 2;

/// A packet.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Kind of the hardware addresses: 1 for Ethernet.
    pub hardware: U16,
    /// Kind of the protocol addresses, as an EtherType.
    pub protocol: U16,
    /// Bytes of a hardware address and of a protocol address.
    pub lengths: [u8; 2],
    /// 1 asks, 2 answers.
    pub operation: U16,
    /// Who asks or answers.
    pub sender_mac: Mac,
    /// Its address.
    pub sender: [u8; 4],
    /// Who is answered.
    pub target_mac: Mac,
    /// Whose address is asked for.
    pub target: [u8; 4],
}

/// The packet in `bytes`; none if it is cut off or about other kinds of addresses.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    let (header, rest) = Header::ref_from_prefix(bytes).ok()?;
    let kinds = (header.hardware.get(), header.protocol.get(), header.lengths);
    (kinds == (1, IPV4, [6, 4])).then_some((header, rest))
}
