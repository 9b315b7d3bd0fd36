//! ICMP (RFC 792), as far as every message is alike; ICMPv6 is too (RFC 4443, 2.1).

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The header.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// What it is about.
    pub kind: u8,
    /// And what about that.
    pub code: u8,
    /// Sum over the message, and for ICMPv6 over addresses.
    pub checksum: U16,
    /// Of each kind its own.
    pub rest: U32,
}

/// The header of `bytes` and what follows; none if there is less than a header.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}
