//! VXLAN (RFC 7348, 5): Ethernet in UDP.

use zerocopy::byteorder::network_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The destination port that IANA gave it.
pub const PORT: u16 = 4789;
/// The flags of a header with a valid network identifier, and the only ones there are.
pub const VALID: u32 = 0x0800_0000;

/// The header.
///
/// ```text
///  flags (8) | reserved (24)
///  network identifier, VNI (24) | reserved (8)
/// ```
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Flags, and 24 bits of nothing.
    pub flags: U32,
    /// The network identifier, and 8 bits of nothing.
    pub vni: U32,
}

/// The network identifier in `bytes` and the frame that follows; none if the header is cut off or
/// has anything in it but a network identifier.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (header, rest) = Header::ref_from_prefix(bytes).ok()?;
    let vni = header.vni.get();
    (header.flags.get() == VALID && vni & 0xff == 0).then_some((vni >> 8, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_network_identifier_may_be_said() {
        assert_eq!(split(&[8, 0, 0, 0, 0, 1, 2, 0, 9]), Some((0x102, &[9][..])));
        assert_eq!(split(&[8, 0, 0, 0, 0, 1, 2, 1]), None);
        assert_eq!(split(&[0x88, 0, 0, 0, 0, 1, 2, 0]), None);
        assert_eq!(split(&[8, 0, 0, 0, 0, 1, 2]), None);
    }
}
