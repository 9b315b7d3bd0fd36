use etherparse::{PacketBuilder, TcpHeader, VlanId, VlanPcp};
use proptest::prelude::*;

use super::*;
use crate::field::Id;

fn builder() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
}

fn key_of(bytes: &[u8]) -> Result<Key, Reason> {
    let mut key = Key::ZERO;
    extract(bytes, 3, &mut key);
    key.fault().map_or(Ok(key), Err)
}

/// The fields of the packet `bytes`, all others being 0.
fn told(bytes: &[u8]) -> std::vec::Vec<(&'static str, u128)> {
    let key = key_of(bytes).unwrap();
    let fields = Id::all().map(|id| (id, id.get(&key))).filter(|(_, value)| *value != 0);
    fields.map(|(id, value)| (id.name(), value)).collect()
}

fn bytes(write: impl FnOnce(&mut std::vec::Vec<u8>)) -> std::vec::Vec<u8> {
    let mut bytes = std::vec::Vec::new();
    write(&mut bytes);
    bytes
}

fn udp4(payload: &[u8]) -> std::vec::Vec<u8> {
    let built = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(1000, 53);
    bytes(|out| built.write(out, payload).unwrap())
}

#[test]
fn a_datagram_tells_addresses_and_ports() {
    assert_eq!(
        told(&udp4(b"hello")),
        [
            ("in_port", 3),
            ("dl_type", 0x800),
            ("dl_dst", 0x0200_0000_0002),
            ("dl_src", 0x0200_0000_0001),
            ("tp_src", 1000),
            ("tp_dst", 53),
            ("icmp_type", 1000 & 0xff),
            ("icmp_code", 53),
            ("nw_proto", 17),
            ("arp_op", 17),
            ("nw_ttl", 64),
            ("nw_src", 0x0a00_0001),
            ("nw_dst", 0x0a00_0002),
            ("arp_spa", 0x0a00_0001),
            ("arp_tpa", 0x0a00_0002),
        ]
    );
    let key = key_of(&udp4(b"hello")).unwrap();
    assert_eq!(key.layers, Layers { network: 14, transport: 34 });
}

#[test]
fn two_tags_are_looked_into_and_a_third_is_the_type() {
    let (outer, inner) = (VlanId::try_new(5).unwrap(), VlanId::try_new(6).unwrap());
    let built = builder().double_vlan(outer, inner).ipv6([1; 16], [2; 16], 9);
    let tcp = TcpHeader { syn: true, ack: true, ..TcpHeader::new(7, 8, 0, 0) };
    let mut frame = bytes(|out| built.tcp_header(tcp).write(out, &[]).unwrap());
    let key = key_of(&frame).unwrap();
    let get = |id: Id| id.get(&key);
    assert_eq!([Id::VlanTci, Id::InnerTci].map(get), [0x1005, 0x1006]);
    assert_eq!([Id::VlanTpid, Id::EthType, Id::NwTtl].map(get), [1, 0x86dd, 9]);
    assert_eq!([Id::Ipv6Src, Id::Ipv6Dst].map(get), [[1; 16], [2; 16]].map(u128::from_be_bytes));
    assert_eq!([Id::TpSrc, Id::TpDst, Id::TcpFlags].map(get), [7, 8, 0x12]);
    assert_eq!(key.layers, Layers { network: 22, transport: 62 });
    let tag: [u8; 4] = frame[12..16].try_into().unwrap();
    frame.splice(12..12, tag);
    let key = key_of(&frame).unwrap();
    assert_eq!((Id::EthType.get(&key), Id::NwTtl.get(&key)), (0x8100, 0));
}

#[test]
fn a_tag_of_vlan_0_is_a_tag() {
    let built = builder().single_vlan(VlanId::ZERO).ipv4([1; 4], [2; 4], 1).udp(1, 2);
    let key = key_of(&bytes(|out| built.write(out, &[]).unwrap())).unwrap();
    assert_eq!(Id::VlanTci.get(&key), 0x1000);
    let _unused = VlanPcp::try_new(1);
}

#[test]
fn fragments_are_told_apart_and_later_ones_have_no_ports() {
    let fragment = |field: u16| {
        let mut frame = udp4(b"12345678");
        frame[20..22].copy_from_slice(&field.to_be_bytes());
        let key = key_of(&frame).unwrap();
        (Id::NwFrag.get(&key), Id::TpSrc.get(&key), key.layers.transport)
    };
    assert_eq!(fragment(0x4000), (0, 1000, 34));
    assert_eq!(fragment(0x2000), (1, 1000, 34));
    assert_eq!(fragment(0x2001), (3, 0, 0));
    assert_eq!(fragment(0x0001), (3, 0, 0));
}

#[test]
fn arp_tells_who_asks_for_whom() {
    let mut frame = std::vec::Vec::from([0xff; 6]);
    frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend([2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]);
    let key = key_of(&frame).unwrap();
    let get = |id: Id| id.get(&key);
    assert_eq!([Id::ArpOp, Id::ArpSpa, Id::ArpTpa].map(get), [1, 0x0a00_0001, 0x0a00_0002]);
    assert_eq!([Id::ArpSha, Id::ArpTha].map(get), [0x0200_0000_0001, 0]);
    frame[18] = 8;
    assert_eq!(Id::ArpOp.get(&key_of(&frame).unwrap()), 0, "of other addresses");
}

#[test]
fn neighbors_are_told_with_their_options() {
    let built = builder().ipv6([1; 16], [2; 16], 255);
    let mut body = std::vec::Vec::from([9; 16]);
    body.extend([1, 1, 2, 0, 0, 0, 0, 7]);
    let built = built.icmpv6_raw(135, 0, [0; 4]);
    let key = key_of(&bytes(|out| built.write(out, &body).unwrap())).unwrap();
    let get = |id: Id| id.get(&key);
    assert_eq!([Id::IcmpType, Id::NdSll, Id::NdTll].map(get), [135, 0x0200_0000_0007, 0]);
    assert_eq!(get(Id::NdTarget), u128::from_be_bytes([9; 16]));
}

#[test]
fn what_cannot_be_true_is_refused_for_its_reason() {
    let frame = udp4(b"hello");
    let refused = |place: usize, value: u8| {
        let mut frame = frame.clone();
        frame[place] = value;
        key_of(&frame).err()
    };
    assert_eq!(refused(14, 0x44), Some(Reason::BadIpv4));
    assert_eq!(refused(17, 200), Some(Reason::BadIpv4));
    assert_eq!(refused(17, 27), Some(Reason::BadTransport));
    assert_eq!(refused(16, 0), None);
    assert_eq!(key_of(&frame[..13]).err(), Some(Reason::Runt));
    let tagged = [&frame[..12], &[0x81, 0, 0]].concat();
    assert_eq!(key_of(&tagged).err(), Some(Reason::BadVlan));
    let mut chain = bytes(|out| {
        builder().ipv6([1; 16], [2; 16], 9).udp(1, 2).write(out, &[0; 64]).unwrap();
    });
    chain[20] = 0;
    chain[54..].fill(0);
    assert_eq!(key_of(&chain).err(), Some(Reason::HeaderLimit));
    assert_eq!(key_of(&chain[..60]).err(), Some(Reason::BadIpv6));
}

#[test]
fn of_a_packet_that_cannot_be_no_more_is_known_than_ethernet() {
    let mut frame = udp4(b"hello");
    frame[14] = 0x44;
    let mut key = Key::ZERO;
    extract(&frame, 3, &mut key);
    let known = Id::all().filter(|id| id.get(&key) != 0).map(Id::name);
    let expected = ["in_port", "dl_type", "dl_dst", "dl_src", "fault"];
    assert_eq!(known.collect::<std::vec::Vec<_>>(), expected);
}

/// Frames of many kinds, cut and with some bytes changed.
fn damaged() -> impl Strategy<Value = std::vec::Vec<u8>> {
    let change = proptest::collection::vec((0_usize..80, any::<u8>()), 0..6);
    (0_usize..4, change, 0_usize..120).prop_map(|(kind, changes, len)| {
        let payload = [0x5a; 60];
        let mut frame = match kind {
            0 => udp4(&payload),
            1 => bytes(|out| {
                let built = builder().ipv6([1; 16], [2; 16], 9).tcp(1, 2, 3, 4);
                built.write(out, &payload).unwrap();
            }),
            2 => bytes(|out| {
                let vlan = VlanId::try_new(9).unwrap();
                let built = builder().single_vlan(vlan).ipv4([1; 4], [2; 4], 3);
                built.icmpv4_echo_request(1, 2).write(out, &payload).unwrap();
            }),
            _ => bytes(|out| {
                let built = builder().ipv6([1; 16], [2; 16], 9).icmpv6_raw(136, 0, [0; 4]);
                built.write(out, &payload).unwrap();
            }),
        };
        for (place, value) in changes {
            frame[place] = value;
        }
        frame.truncate(len);
        frame
    })
}

proptest! {
    #[test]
    fn a_key_is_the_same_whatever_the_key_before_was(first in damaged(), second in damaged()) {
        let mut key = Key::ZERO;
        extract(&first, 3, &mut key);
        extract(&second, 3, &mut key);
        let mut fresh = Key::ZERO;
        extract(&second, 3, &mut fresh);
        prop_assert_eq!((key, key.layers, key.deep()), (fresh, fresh.layers, fresh.deep()));
    }

    #[test]
    fn what_lies_behind_a_packet_does_not_matter(frame in damaged(), more in any::<[u8; 9]>()) {
        let longer = [&frame[..], &more].concat();
        // Only a packet that says how long it is can tell what lies behind it.
        if let Ok(key) = key_of(&frame) && key.kind() == ethernet::IPV4 {
            prop_assert_eq!(key_of(&longer), Ok(key));
        }
    }
}

proptest! {
    #[test]
    fn the_short_way_leads_to_the_same_key_as_the_long_one(
        payload in proptest::collection::vec(any::<u8>(), 0..60),
        is_tcp in any::<bool>(),
        cut in 0_usize..120,
        changes in proptest::collection::vec((0_usize..60, any::<u8>()), 0..4),
    ) {
        let built = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let mut bytes = std::vec::Vec::new();
        match is_tcp {
            true => built.tcp(1000, 80, 7, 8).syn().write(&mut bytes, &payload).unwrap(),
            false => built.udp(1000, 53).write(&mut bytes, &payload).unwrap(),
        }
        bytes.truncate(bytes.len().saturating_sub(cut % 80));
        for (place, value) in changes {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        if let Some((words, places)) = usual::usual(&bytes, 3) {
            let (mut short, mut long) = (Key::ZERO, Key::ZERO);
            short.set_usual(words, places);
            prop_assert_eq!(layers(&bytes, 3, &mut long), Ok(()));
            prop_assert_eq!((short, short.layers), (long, long.layers));
        }
    }
}

#[test]
fn the_short_way_is_taken_by_usual_packets_and_leaves_nothing_of_others() {
    let is_usual = |bytes: &[u8]| usual::usual(bytes, 3).is_some();
    assert!(is_usual(&udp4(b"hello")));
    let tcp = builder().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).tcp(1, 2, 3, 4);
    assert!(is_usual(&bytes(|out| tcp.write(out, b"").unwrap())));
    let tagged = builder().single_vlan(VlanId::ZERO).ipv4([1; 4], [2; 4], 64).udp(1, 2);
    assert!(!is_usual(&bytes(|out| tagged.write(out, b"").unwrap())));
    let mut key = Key::ZERO;
    (key[5], key[14], key[19]) = (7, 8, 9);
    extract(&udp4(b"hello"), 3, &mut key);
    assert_eq!((key, key.deep()), (key_of(&udp4(b"hello")).unwrap(), 0));
}
