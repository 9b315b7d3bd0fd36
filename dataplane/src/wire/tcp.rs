//! TCP (RFC 9293, 3.1).

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The flags in [`Header::flags`], all twelve bits of them.
pub const FLAGS: u16 = 0x0fff;

/// The header without its options.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Source port and destination port.
    pub ports: [U16; 2],
    /// Sequence number and the number acknowledged.
    pub numbers: [U32; 2],
    /// Length of the header in words of 32 bits, and flags.
    pub flags: U16,
    /// Bytes that may be sent.
    pub window: U16,
    /// Sum over packet and addresses.
    pub checksum: U16,
    /// Where urgent bytes end.
    pub urgent: U16,
}

/// The header of `bytes` and what follows; none if there is less than a header.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}
