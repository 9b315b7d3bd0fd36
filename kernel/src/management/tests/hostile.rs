//! Frames that nobody sends who means well.

use proptest::collection::vec;
use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, IpProtocol, Ipv4Packet, Ipv4Repr, TcpPacket};

use super::*;

/// A frame to the port, of this type and with these bytes in it.
fn framed(ethertype: [u8; 2], payload: &[u8]) -> Bytes {
    let ends = [2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 2];
    [&ends[..], &ethertype, payload].concat()
}

/// A segment of TCP to where listeners connect, whose checksums are right and nothing else is sure to be.
fn segment(mut bytes: Bytes) -> Bytes {
    let ends = [2, 1].map(|last| core::net::Ipv4Addr::new(10, 0, 0, last));
    bytes[2..4].copy_from_slice(&PORT.to_be_bytes());
    if let Ok(mut tcp) = TcpPacket::new_checked(&mut bytes[..]) {
        let [from, to] = ends.map(IpAddress::from);
        tcp.fill_checksum(&from, &to);
    }
    let ip = Ipv4Repr {
        src_addr: ends[0],
        dst_addr: ends[1],
        next_header: IpProtocol::Tcp,
        payload_len: bytes.len(),
        hop_limit: 64,
    };
    let mut packet = vec![0; 20];
    packet.extend(bytes);
    let mut view = Ipv4Packet::new_unchecked(&mut packet[..]);
    ip.emit(&mut view, &ChecksumCapabilities::default());
    framed([8, 0], &packet)
}

proptest! {
    #[test]
    fn no_frame_upsets_it_and_each_is_in_one_bucket(
        frames in vec((0_usize..4, vec(any::<u8>(), 20..120)), 1..40),
    ) {
        let mut bench = Bench::new(256);
        bench.talker.until = 10;
        let types = [[8, 0], [8, 6], [0x86, 0xdd]];
        let made = frames.into_iter().map(|(kind, bytes)| match types.get(kind) {
            Some(ethertype) => framed(*ethertype, &bytes),
            None => segment(bytes),
        });
        let made: Vec<Bytes> = made.collect();
        let count = made.len() as u64;
        made.iter().for_each(|frame| drop(bench.says(&[frame])));
        prop_assert_eq!(bench.management.tally().consumed, count);
        // It answers as before.
        prop_assert!(!bench.says(&[&question(1)]).is_empty());
    }
}
