//! SCTP (RFC 9260, 3.1).

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The common header.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Source port and destination port.
    pub ports: [U16; 2],
    /// What the association is known by.
    pub tag: U32,
    /// CRC32c over the packet.
    pub checksum: U32,
}

/// The header of `bytes` and what follows; none if there is less than a header.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}
