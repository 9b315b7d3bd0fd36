//! VLAN tags (IEEE 802.1Q, 9.6), behind their type.

use zerocopy::byteorder::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::ethernet::{SERVICE_VLAN, VLAN};

/// The VLAN's number in a tag.
pub const ID: u16 = 0x0fff;
/// The bit that keys carry where there is a tag, as Open vSwitch's do: that of the drop-eligible
/// indicator.
pub const PRESENT: u16 = 0x1000;

/// A tag, and the type of what follows it.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Priority, drop-eligible indicator and number of the VLAN.
    pub control: U16,
    /// What follows, or how much.
    pub kind: U16,
}

/// Whether a tag follows this type.
#[inline]
pub const fn is_kind(kind: u16) -> bool {
    matches!(kind, VLAN | SERVICE_VLAN)
}

/// The tag of `bytes` and what follows; none if there is less than a tag.
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    Header::ref_from_prefix(bytes).ok()
}
