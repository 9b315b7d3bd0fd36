//! Ethernet (IEEE 802.3, 3.1.1), and what follows it where no type does (IEEE 802.2, RFC 1042).

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// An address of Ethernet.
pub type Mac = [u8; 6];

/// IPv4 (RFC 894).
pub const IPV4: u16 = 0x0800;
/// ARP (RFC 826).
pub const ARP: u16 = 0x0806;
/// RARP (RFC 903), which looks like ARP.
pub const RARP: u16 = 0x8035;
/// A customer's VLAN tag (IEEE 802.1Q, 9.5).
pub const VLAN: u16 = 0x8100;
/// A provider's VLAN tag (IEEE 802.1Q, 9.5).
pub const SERVICE_VLAN: u16 = 0x88a8;
/// IPv6 (RFC 2464, 3).
pub const IPV6: u16 = 0x86dd;
/// What stands for the type of frames that have a length in its place and no SNAP header: Open
/// vSwitch's number for them.
pub const NO_TYPE: u16 = 0x05ff;

/// The least type. Smaller numbers are lengths (IEEE 802.3, 3.2.6).
const LEAST_TYPE: u16 = 0x0600;
/// Bytes of a SNAP header, whose last two are a type (RFC 1042).
const SNAP: usize = 8;

/// The header of every frame.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Whom it is for.
    pub destination: Mac,
    /// Whom it is from.
    pub source: Mac,
    /// What follows, or how much.
    pub kind: U16,
}

impl Header {
    /// Destination and source, each in the upper 48 bits of a number.
    #[inline]
    pub fn addresses(&self) -> [u64; 2] {
        let bytes: &[u8; size_of::<Self>()] = zerocopy::transmute_ref!(self);
        // Eight bytes at once: taken apart, they are loaded one by one.
        let both = [bytes.first_chunk(), bytes.last_chunk()];
        both.map(|bytes| u64::from_be_bytes(*bytes.unwrap_or(&[0; 8])) & !0xffff)
    }
}

/// The header of `bytes` and what follows; none if there is less than a header.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}

/// The type of `payload`, before which `kind` stands, and how many bytes lie before what the type
/// is about.
#[inline]
pub fn kind(kind: u16, payload: &[u8]) -> (u16, usize) {
    if kind >= LEAST_TYPE { (kind, 0) } else { snap(payload) }
}

#[cold]
fn snap(payload: &[u8]) -> (u16, usize) {
    match payload.first_chunk::<SNAP>() {
        Some(&[0xaa, 0xaa, 3, 0, 0, 0, high, low]) => {
            let kind = u16::from_be_bytes([high, low]);
            if kind >= LEAST_TYPE { (kind, SNAP) } else { (NO_TYPE, 0) }
        }
        _ => (NO_TYPE, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_no_type_unless_snap_gives_one() {
        assert_eq!(kind(0x0800, &[]), (IPV4, 0));
        assert_eq!(kind(46, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 1]), (IPV4, 8));
        assert_eq!(kind(46, &[0xaa, 0xaa, 3, 0, 0, 1, 8, 0]), (NO_TYPE, 0));
        assert_eq!(kind(46, &[0x42, 0x42, 3]), (NO_TYPE, 0));
    }

    #[test]
    fn addresses_stand_in_the_upper_bits() {
        let bytes = [2, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 9, 8, 0];
        let (header, _) = split(&bytes).unwrap();
        assert_eq!(header.addresses(), [0x0200_0000_0001_0000, 0x0400_0000_0009_0000]);
    }

    #[test]
    fn less_than_a_header_is_none() {
        assert!(split(&[0; 13]).is_none());
        assert_eq!(split(&[7; 15]).map(|(_, rest)| rest.len()), Some(1));
    }
}
