use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};
use frame::Buffer;
use proptest::prelude::*;

use super::*;
use crate::extract;
use crate::key::Key;
use crate::played::leak;

const KINDS: usize = 6;

/// A packet of each kind that has checksums.
fn packet(kind: usize, payload: &[u8]) -> Vec<u8> {
    let ethernet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let (v4, v6) = (([10, 0, 0, 1], [10, 0, 0, 2], 64), ([7; 16], [8; 16], 64));
    let mut out = Vec::new();
    let built = match kind {
        0 => ethernet.ipv4(v4.0, v4.1, v4.2).udp(1, 2).write(&mut out, payload),
        1 => ethernet.ipv4(v4.0, v4.1, v4.2).tcp(1, 2, 3, 4).write(&mut out, payload),
        2 => ethernet.ipv6(v6.0, v6.1, v6.2).udp(1, 2).write(&mut out, payload),
        3 => ethernet.ipv6(v6.0, v6.1, v6.2).tcp(1, 2, 3, 4).write(&mut out, payload),
        4 => ethernet.ipv4(v4.0, v4.1, v4.2).icmpv4_echo_request(1, 2).write(&mut out, payload),
        _ => ethernet.ipv6(v6.0, v6.1, v6.2).icmpv6_raw(135, 0, [0; 4]).write(&mut out, &{
            let mut body = vec![9; 16];
            body.extend([1, 1, 2, 0, 0, 0, 0, 7]);
            body
        }),
    };
    built.unwrap();
    out
}

fn loaded(bytes: &[u8]) -> Frame {
    let mut frame = Frame::new(leak(Buffer::new()));
    assert!(frame.copy_from(bytes));
    frame
}

fn key(frame: &Frame) -> Key {
    let mut key = Key::ZERO;
    extract(frame.bytes(), 0, &mut key);
    assert_eq!(key.fault(), None);
    key
}

/// Whether all checksums of the packet are right.
fn is_summed(bytes: &[u8]) -> bool {
    let packet = SlicedPacket::from_ethernet(bytes).unwrap();
    let header_is = match &packet.net {
        Some(NetSlice::Ipv4(ip)) => {
            let header = ip.header().to_header();
            header.calc_header_checksum() == header.header_checksum
        }
        _ => true,
    };
    let net = packet.net.unwrap();
    let sum_is = match packet.transport.unwrap() {
        TransportSlice::Udp(udp) => {
            let header = udp.to_header();
            let sum = match &net {
                NetSlice::Ipv4(ip) => {
                    header.calc_checksum_ipv4(&ip.header().to_header(), udp.payload())
                }
                NetSlice::Ipv6(ip) => {
                    header.calc_checksum_ipv6(&ip.header().to_header(), udp.payload())
                }
                _ => panic!("another network"),
            };
            sum.unwrap() == header.checksum
        }
        TransportSlice::Tcp(tcp) => {
            let header = tcp.to_header();
            let sum = match &net {
                NetSlice::Ipv4(ip) => {
                    header.calc_checksum_ipv4(&ip.header().to_header(), tcp.payload())
                }
                NetSlice::Ipv6(ip) => {
                    header.calc_checksum_ipv6(&ip.header().to_header(), tcp.payload())
                }
                _ => panic!("another network"),
            };
            sum.unwrap() == header.checksum
        }
        TransportSlice::Igmp(_) => panic!("another transport"),
        TransportSlice::Icmpv4(icmp) => checksum::finish(checksum::add(0, icmp.slice())) == 0,
        TransportSlice::Icmpv6(icmp) => match &net {
            NetSlice::Ipv6(ip) => {
                let header = ip.header().to_header();
                icmp.is_checksum_valid(header.source, header.destination)
            }
            _ => panic!("another network"),
        },
    };
    header_is && sum_is
}

fn has(kind: usize, field: Id) -> bool {
    let v4 = matches!(kind, 0 | 1 | 4);
    match field {
        Id::EthDst | Id::EthSrc | Id::NwTos | Id::NwDscp | Id::NwEcn | Id::NwTtl => true,
        Id::NwSrc | Id::NwDst => v4,
        Id::Ipv6Src | Id::Ipv6Dst | Id::Ipv6Label => !v4,
        Id::TpSrc | Id::TpDst => kind < 4,
        Id::IcmpCode => kind >= 4,
        Id::NdTarget | Id::NdSll => kind == 5,
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_changed_field_is_all_that_changes_and_checksums_stay_right(
        kind in 0..KINDS, value in any::<u128>(), mask in any::<u128>(),
        payload in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for field in Id::all().filter(|field| has(kind, *field)) {
            let mut frame = loaded(&packet(kind, &payload));
            let before = key(&frame);
            set(&mut frame, before.layers, field, value & field.most(), mask & field.most());
            let mut expected = before;
            field.set(&mut expected, value, mask);
            prop_assert_eq!(key(&frame), expected, "{}", field.name());
            prop_assert!(is_summed(frame.bytes()), "{}", field.name());
            core::mem::forget(frame);
        }
    }

    #[test]
    fn tags_come_and_go_and_leave_the_rest(kind in 0..KINDS, control in any::<u16>()) {
        let whole = packet(kind, b"payload");
        let mut frame = loaded(&whole);
        let before = key(&frame);
        let mut layers = before.layers;
        prop_assert!(push_vlan(&mut frame, &mut layers, 0x88a8, control));
        let tagged = key(&frame);
        prop_assert_eq!(tagged.layers, layers);
        prop_assert_eq!(Id::VlanTci.get(&tagged), u128::from(control | 0x1000));
        set(&mut frame, layers, Id::NwTtl, 3, 0xff);
        prop_assert!(push_vlan(&mut frame, &mut layers, 0x8100, 7));
        set(&mut frame, layers, Id::VlanVid, 9, 0xfff);
        prop_assert_eq!(Id::VlanTci.get(&key(&frame)), 0x1009);
        pop_vlan(&mut frame, &mut layers);
        pop_vlan(&mut frame, &mut layers);
        set(&mut frame, layers, Id::NwTtl, 64, 0xff);
        prop_assert_eq!((frame.bytes(), layers), (&whole[..], before.layers));
        core::mem::forget(frame);
    }
}

#[test]
fn a_datagram_without_a_checksum_gets_none() {
    let mut bytes = packet(0, b"hello");
    bytes[40..42].fill(0);
    let mut frame = loaded(&bytes);
    let layers = key(&frame).layers;
    set(&mut frame, layers, Id::NwSrc, 0x0102_0304, u128::MAX);
    set(&mut frame, layers, Id::TpDst, 99, u128::MAX);
    assert_eq!(frame.bytes()[40..42], [0, 0]);
    core::mem::forget(frame);
}

#[test]
fn the_checksum_of_sctp_is_made_again() {
    let ethernet = PacketBuilder::ethernet2([2; 6], [4; 6]);
    let mut bytes = Vec::new();
    let payload = [0, 1, 0, 2, 9, 9, 9, 9, 0, 0, 0, 0, 1, 2, 3, 4];
    let built = ethernet.ipv4([1; 4], [2; 4], 9);
    built.write(&mut bytes, etherparse::IpNumber::SCTP, &payload).unwrap();
    let mut frame = loaded(&bytes);
    let layers = key(&frame).layers;
    set(&mut frame, layers, Id::TpDst, 7, 0xffff);
    let packet = &frame.bytes()[34..];
    let mut zeroed = packet.to_vec();
    zeroed[8..12].fill(0);
    assert_eq!(packet[2..4], [0, 7]);
    assert_eq!(packet[8..12], CRC32C.checksum(&zeroed).to_le_bytes());
    core::mem::forget(frame);
}
