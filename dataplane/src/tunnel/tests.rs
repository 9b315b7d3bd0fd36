use etherparse::{PacketBuilder, SlicedPacket};
use frame::Buffer;
use proptest::prelude::*;

use super::*;
use crate::extract;
use crate::played::leak;

const V4: [u128; 2] = [0xffff_0a00_0001, 0xffff_0a00_0002];
const V6: [u128; 2] = [0xfd00 << 112 | 1, 0xfd00 << 112 | 2];

fn ends(addresses: [u128; 2]) -> Ends {
    Ends { macs: [0x0200_0000_0001, 0x0200_0000_0002], addresses, vni: 0x12_3456, port: 4789 }
}

fn loaded(bytes: &[u8]) -> Frame {
    let mut frame = Frame::new(leak(Buffer::new()));
    assert!(frame.copy_from(bytes));
    frame
}

fn inner(len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let built = PacketBuilder::ethernet2([4; 6], [6; 6]).ipv4([1; 4], [2; 4], 9).udp(1, 2);
    built.write(&mut bytes, &vec![0x5a; len]).unwrap();
    bytes
}

/// A frame in a tunnel between these addresses.
fn pushed(addresses: [u128; 2], payload: &[u8], hash: u32) -> Frame {
    let mut frame = loaded(payload);
    assert!(push(&mut frame, &Headers::new(&ends(addresses)), hash));
    frame
}

fn key(frame: &Frame) -> Key {
    let mut key = Key::ZERO;
    extract(frame.bytes(), 0, &mut key);
    key
}

/// The key of what comes out of the tunnel.
fn popped(frame: &mut Frame) -> Option<Key> {
    let outer = key(frame);
    assert_eq!(outer.fault(), None);
    let vni = pop(frame, outer.kind(), outer.layers)?;
    let mut inner = key(frame);
    tell(&mut inner, &outer, vni);
    Some(inner)
}

#[test]
fn headers_are_those_of_a_datagram_to_the_other_end() {
    for (addresses, bytes) in [(V4, 50), (V6, 70)] {
        let inner = inner(7);
        let frame = pushed(addresses, &inner, u32::MAX);
        assert_eq!(frame.len(), inner.len() + bytes);
        assert_eq!(frame.bytes()[bytes..], inner);
        let bytes = frame.bytes().to_vec();
        let packet = SlicedPacket::from_ethernet(&bytes).unwrap();
        let Some(etherparse::TransportSlice::Udp(udp)) = packet.transport else { panic!("no UDP") };
        assert_eq!((udp.source_port(), udp.destination_port()), (60999, 4789));
        assert_eq!(usize::from(udp.length()), inner.len() + 16);
        let key = key(&frame);
        let get = |id: Id| id.get(&key);
        assert_eq!([Id::NwTtl, Id::NwTos, Id::EthDst].map(get), [64, 0, 0x0200_0000_0002]);
        core::mem::forget(frame);
    }
    let frame = pushed(V4, &inner(7), 0);
    assert_eq!((frame.bytes()[20], frame.bytes()[34..36].to_vec()), (0x40, vec![0x80, 0]));
    core::mem::forget(frame);
}

#[test]
fn datagrams_without_a_checksum_take_the_short_way_and_others_do_not() {
    let frame = pushed(V4, &inner(7), 0);
    let mut bytes = frame.bytes().to_vec();
    core::mem::forget(frame);
    let layers = Layers { network: 14, transport: 34 };
    assert_eq!(usual::usual(&bytes, layers), Some((0x12_3456, inner(7).len())));
    assert_eq!(usual::usual(&bytes, Layers { network: 18, transport: 38 }), None, "a tag");
    bytes[40] = 1;
    assert_eq!(usual::usual(&bytes, layers), None, "a checksum");
}

#[test]
fn a_frame_without_headroom_is_left_as_it_is() {
    let mut frame = loaded(&inner(7));
    frame.grow_front(frame.headroom() - 49);
    let before = frame.bytes().to_vec();
    assert!(!push(&mut frame, &Headers::new(&ends(V4)), 0));
    assert_eq!(frame.bytes(), before);
    core::mem::forget(frame);
}

#[test]
fn the_next_hop_is_on_the_wire_or_a_gateway() {
    let endpoint = Endpoint {
        port: 0,
        mac: 1,
        addresses: [Some((V4[0], 120)), Some((V6[0], 64))],
        gateways: [Some(0xffff_0a00_00fe), None],
    };
    assert_eq!(endpoint.next_hop(V4[1]), Some(V4[1]));
    assert_eq!(endpoint.next_hop(0xffff_0b00_0001), Some(0xffff_0a00_00fe));
    assert_eq!(endpoint.next_hop(V6[1]), Some(V6[1]));
    assert_eq!(endpoint.next_hop(0xfd01 << 112), None);
    assert_eq!([V4[1], V6[1]].map(|remote| endpoint.source(remote)), [Some(V4[0]), Some(V6[0])]);
}

proptest! {
    #[test]
    fn what_goes_into_a_tunnel_comes_out_of_it(
        six in any::<bool>(), ends in any::<[u32; 2]>(), len in 0_usize..1400, hash in any::<u32>(),
        padding in 0_usize..9
    ) {
        let v4 = ends.map(|end| 0xffff << 32 | u128::from(end));
        let (addresses, inner) = (if six { V6 } else { v4 }, inner(len));
        let pushed = pushed(addresses, &inner, hash);
        let mut padded = pushed.bytes().to_vec();
        core::mem::forget(pushed);
        padded.resize(padded.len() + padding, 0xee);
        let mut frame = loaded(&padded);
        let key = popped(&mut frame).unwrap();
        prop_assert_eq!(frame.bytes(), &inner[..]);
        let get = |id: Id| id.get(&key);
        prop_assert_eq!([Id::TunSrc, Id::TunDst].map(get), addresses);
        prop_assert_eq!([Id::TunId, Id::TunTtl, Id::TunTpDst].map(get), [0x12_3456, 64, 4789]);
        core::mem::forget(frame);
    }

    #[test]
    fn the_short_way_out_and_the_long_way_agree(
        changes in proptest::collection::vec((14_usize..54, any::<u8>()), 0..3),
        resummed in any::<bool>(), cut in 0_usize..40, padding in 0_usize..9
    ) {
        let whole = pushed(V4, &inner(5), 7);
        let mut bytes = whole.bytes().to_vec();
        core::mem::forget(whole);
        changes.iter().for_each(|(place, value)| bytes[*place] = *value);
        if resummed {
            bytes[24..26].fill(0);
            let sum = checksum::finish(checksum::add(0, &bytes[14..34]));
            bytes[24..26].copy_from_slice(&sum.to_be_bytes());
        }
        bytes.truncate(bytes.len() - cut);
        bytes.resize(bytes.len() + padding, 0);
        let [mut short, mut long] = [loaded(&bytes), loaded(&bytes)];
        let layers = Layers { network: 14, transport: 34 };
        let told = usual::usual(&bytes, layers);
        let popped = pop_any(&mut long, ethernet::IPV4, layers);
        prop_assert!(told.is_none() || popped.is_some(), "{:02x?}", bytes);
        prop_assert_eq!(pop(&mut short, ethernet::IPV4, layers), popped);
        prop_assert_eq!(short.bytes(), long.bytes());
        core::mem::forget([short, long]);
    }

    #[test]
    fn no_damage_comes_out_of_a_tunnel_unnoticed(
        six in any::<bool>(), place in 14_usize..110, bit in 0_u8..8
    ) {
        let (addresses, start) = if six { (V6, 14) } else { (V4, 14) };
        let inner = inner(40);
        let whole = pushed(addresses, &inner, 7);
        let mut bytes = whole.bytes().to_vec();
        core::mem::forget(whole);
        let place = place.min(bytes.len() - 1).max(start);
        bytes[place] ^= 1 << bit;
        let mut frame = loaded(&bytes);
        let key = key(&frame);
        let udp = Id::NwProto.get(&key) == 17 && key.layers.transport > 0;
        if key.fault().is_none() && udp && pop(&mut frame, key.kind(), key.layers).is_some() {
            // IPv4 has a checksum over its header, and its datagrams here have none.
            let unsummed = if six { 18..18 } else { 34..110 };
            let label = six && ((15..18).contains(&place) || place == 21);
            prop_assert!(unsummed.contains(&place) || label || place == 14, "byte {}", place);
        }
        core::mem::forget(frame);
    }
}
