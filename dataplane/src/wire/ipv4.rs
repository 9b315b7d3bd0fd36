//! IPv4 (RFC 791, 3.1).

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// ICMP (RFC 792).
pub const ICMP: u8 = 1;
/// TCP (RFC 9293).
pub const TCP: u8 = 6;
/// UDP (RFC 768).
pub const UDP: u8 = 17;
/// SCTP (RFC 9260).
pub const SCTP: u8 = 132;

/// Where the fragment offset lies in [`Header::fragment`].
pub const OFFSET: u16 = 0x1fff;
/// The flag that says that more fragments follow.
pub const MORE: u16 = 0x2000;
/// The flag that forbids to make fragments.
pub const DONT_FRAGMENT: u16 = 0x4000;
/// Bytes of a header without options.
pub const SHORTEST: usize = size_of::<Header>();

/// The header without its options.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// 4, and the header's length in words of 32 bits.
    pub version: u8,
    /// Differentiated services and congestion (RFC 2474, RFC 3168).
    pub tos: u8,
    /// Bytes of the whole packet.
    pub length: U16,
    /// What fragments are put together by.
    pub id: U16,
    /// Flags and offset.
    pub fragment: U16,
    /// Time to live.
    pub ttl: u8,
    /// What follows.
    pub protocol: u8,
    /// Sum over the header.
    pub checksum: U16,
    /// Whom it is from.
    pub source: [u8; 4],
    /// Whom it is for.
    pub destination: [u8; 4],
}

impl Header {
    /// Bytes of the header with its options.
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.version & 0x0f) * 4
    }
}

/// The header of `bytes` and the payload, without options and without what Ethernet padded; none
/// if the header is cut off, not of IPv4, or says of lengths what cannot be true.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    let (header, _) = Header::ref_from_prefix(bytes).ok()?;
    let (start, end) = (header.len(), usize::from(header.length.get()));
    if header.version >> 4 != 4 || start < SHORTEST {
        return None;
    }
    Some((header, bytes.get(start..end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(version: u8, length: u8) -> [u8; 28] {
        let mut bytes = [0; 28];
        (bytes[0], bytes[3]) = (version, length);
        bytes
    }

    #[test]
    fn the_payload_ends_where_the_header_says() {
        assert_eq!(split(&header(0x45, 24)).map(|(_, rest)| rest.len()), Some(4));
        assert_eq!(split(&header(0x46, 28)).map(|(_, rest)| rest.len()), Some(4));
    }

    #[test]
    fn lengths_that_cannot_be_true_are_refused() {
        assert!(split(&header(0x65, 24)).is_none(), "another version");
        assert!(split(&header(0x44, 24)).is_none(), "a header shorter than a header");
        assert!(split(&header(0x45, 29)).is_none(), "a packet longer than what is there");
        assert!(split(&header(0x46, 23)).is_none(), "a packet shorter than its header");
        assert!(split(&header(0x45, 20)[..19]).is_none(), "a header that is cut off");
    }
}
