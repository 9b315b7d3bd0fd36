//! The frames that null ports bring: one of 64 bytes for each flow.

/// A frame of UDP over IPv4, without its check sequence.
pub(crate) type Flow = [u8; 64];

/// Bytes of an Ethernet header.
const ETHERNET: usize = 14;
/// Bytes of an IPv4 header without options.
const IPV4: usize = 20;

/// A flow's frame in a tunnel.
pub(crate) type Outer = [u8; 50 + size_of::<Flow>()];

/// Destination port of the first class of flows; the others follow.
pub const CLASS: u16 = 0x1000;

/// One frame for each of `count` flows of `port`, 1 at least, in so many classes. They differ in
/// source address, source port and, from class to class, in destination port; the addresses are
/// those that RFC 2544 sets apart for tests.
pub(crate) fn table(port: u8, count: u32, classes: u16) -> Vec<Flow> {
    (0..count.max(1)).map(|number| flow(port, number, number as u16 % classes.max(1))).collect()
}

fn flow(port: u8, number: u32, class: u16) -> Flow {
    let mut flow = [0; size_of::<Flow>()];
    let (ethernet, packet) = flow.split_at_mut(ETHERNET);
    ethernet.copy_from_slice(&[2, 0, 0, 0, 1, port, 2, 0, 0, 0, 0, port, 8, 0]);
    let (ip, datagram) = packet.split_at_mut(IPV4);
    let [_, high, middle, low] = number.to_be_bytes();
    let source = u16::from_be_bytes([middle, low]).wrapping_add(1024).to_be_bytes();
    let target = (CLASS + class).to_be_bytes();
    let (length, payload) = ((ip.len() + datagram.len()) as u8, datagram.len() as u8);
    ip[..4].copy_from_slice(&[0x45, 0, 0, length]);
    ip[8..10].copy_from_slice(&[64, 17]);
    ip[12..].copy_from_slice(&[198, 18, port, low ^ high, 198, 19, port, 1]);
    let sum = checksum(ip);
    ip[10..12].copy_from_slice(&sum);
    datagram[..6].copy_from_slice(&[source[0], source[1], target[0], target[1], 0, payload]);
    flow
}

/// `inner` in a tunnel from the second of `ends`, addresses of IPv4 mapped into IPv6, to the first.
pub(crate) fn outer(inner: &Flow, ends: [u128; 2], vni: u32) -> Outer {
    let mut outer = [0; size_of::<Outer>()];
    let (headers, payload) = outer.split_at_mut(size_of::<Outer>() - size_of::<Flow>());
    payload.copy_from_slice(inner);
    let (ethernet, rest) = headers.split_at_mut(ETHERNET);
    ethernet.copy_from_slice(&[2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 11, 8, 0]);
    let (ip, rest) = rest.split_at_mut(IPV4);
    let [own, other] = ends.map(|end| (end as u32).to_be_bytes());
    let length = (IPV4 + rest.len() + size_of::<Flow>()) as u8;
    ip[..4].copy_from_slice(&[0x45, 0, 0, length]);
    ip[8..10].copy_from_slice(&[64, 17]);
    ip[12..16].copy_from_slice(&other);
    ip[16..].copy_from_slice(&own);
    let sum = checksum(ip);
    ip[10..12].copy_from_slice(&sum);
    let (udp, vxlan) = rest.split_at_mut(8);
    // As tunnels do, a source port for each connection.
    let source = [0x80 | inner[34] & 0x3f, inner[35]];
    udp[..6].copy_from_slice(&[source[0], source[1], 0x12, 0xb5, 0, length - IPV4 as u8]);
    vxlan[0] = 8;
    vxlan[4..].copy_from_slice(&(vni << 8).to_be_bytes());
    outer
}

/// The checksum of `header` (RFC 791, 3.1), whose own field is 0.
fn checksum(header: &[u8]) -> [u8; 2] {
    let words = header.chunks_exact(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let sum: u32 = words.sum();
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    (!fold(fold(sum)) as u16).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_flow_is_of_its_own_kind() {
        let all: BTreeSet<_> = table(0, 4096, 3).into_iter().chain(table(1, 4096, 3)).collect();
        assert_eq!(all.len(), 2 * 4096);
    }

    #[test]
    fn a_header_adds_up_to_nothing() {
        for flow in table(1, 300, 1) {
            assert_eq!(checksum(&flow[ETHERNET..ETHERNET + IPV4]), [0, 0]);
        }
    }
}
