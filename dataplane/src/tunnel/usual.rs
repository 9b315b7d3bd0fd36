//! The short way out of a tunnel for what most packets are: VXLAN over IPv4, untagged, with no options
//! and no checksum over the datagram (RFC 7348, 4.1). The answer is the same as by the long way.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{DATAGRAM, OVER_IPV4};
use crate::key::Layers;
use crate::wire::{ethernet, ipv4, udp, vxlan};

/// All headers in front of the inner frame.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
struct Headers {
    ethernet: ethernet::Header,
    network: ipv4::Header,
    datagram: udp::Header,
    tunnel: vxlan::Header,
}

const _: () = assert!(size_of::<Headers>() == OVER_IPV4);

/// Where the layers of such packets begin.
const LAYERS: Layers = Layers {
    network: size_of::<ethernet::Header>() as u16,
    transport: (OVER_IPV4 - DATAGRAM) as u16,
};
/// Version 4, and a header of five words.
const PLAIN: u8 = 0x45;

/// The network identifier that the packet `bytes` of these `layers` was in, and the length of its
/// inner frame, if it is usual and right.
#[inline]
pub(super) fn usual(bytes: &[u8], layers: Layers) -> Option<(u32, usize)> {
    let (headers, inner) = Headers::ref_from_prefix(bytes).ok()?;
    let Headers { network, datagram, tunnel, .. } = headers;
    let packet = usize::from(network.length.get());
    let length = usize::from(datagram.length.get());
    let is_usual = layers == LAYERS && network.version == PLAIN && datagram.checksum.get() == 0;
    let len = length.checked_sub(DATAGRAM)?;
    let is_there = len <= inner.len() && packet <= bytes.len() - size_of::<ethernet::Header>();
    let is_told = length + ipv4::SHORTEST <= packet && is_right(network);
    let vni = tunnel.vni.get();
    let is_vxlan = tunnel.flags.get() == vxlan::VALID && vni & 0xff == 0;
    (is_usual && is_there && is_told && is_vxlan).then_some((vni >> 8, len))
}

/// Whether the checksum of `header` is right: words add up to a multiple of 0xffff, in whatever order
/// their bytes are (RFC 1071, 2 (B)), and one of them is not 0.
#[inline]
fn is_right(header: &ipv4::Header) -> bool {
    let (words, _) = header.as_bytes().as_chunks::<4>();
    let sum = words.iter().fold(0, |sum, word| sum + u64::from(u32::from_ne_bytes(*word)));
    sum.is_multiple_of(0xffff)
}
