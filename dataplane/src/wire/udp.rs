//! UDP (RFC 768).

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The header.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Source port and destination port.
    pub ports: [U16; 2],
    /// Bytes of the datagram.
    pub length: U16,
    /// Sum over datagram and addresses; 0 if there is none.
    pub checksum: U16,
}

/// The header of `bytes` and what follows; none if there is less than a header.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}
