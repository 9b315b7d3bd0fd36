//! Receive side scaling: which fields are hashed, and Toeplitz' hash over them (7.1.2.8).

use super::packet::{Headers, TCP, UDP};

/// Bytes of the key.
pub(crate) const KEY: usize = 40;

/// Bits of MRQC that have a field hashed, and RSS types in descriptors (7.1.6.2).
mod fields {
    pub(super) const TCP4: (u32, u8) = (1 << 16, 1);
    pub(super) const IP4: (u32, u8) = (1 << 17, 2);
    pub(super) const IP6: (u32, u8) = (1 << 20, 5);
    pub(super) const TCP6: (u32, u8) = (1 << 21, 3);
    pub(super) const UDP4: (u32, u8) = (1 << 22, 7);
    pub(super) const UDP6: (u32, u8) = (1 << 23, 8);
}

/// The hash of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hash {
    /// The hash itself; 0 if nothing was hashed.
    pub(crate) value: u32,
    /// What was hashed, as descriptors say it; 0 for nothing.
    pub(crate) kind: u8,
}

impl Hash {
    /// The hash of `frame` with the fields that `mrqc` names.
    pub(crate) fn of(frame: &[u8], mrqc: u32, key: &[u8; KEY]) -> Self {
        let Some(headers) = Headers::of(frame) else { return Self::default() };
        let ports = headers.ports(frame);
        let (with_ports, alone) = match (headers.is_v4, headers.protocol) {
            (true, TCP) => (Some(fields::TCP4), fields::IP4),
            (true, UDP) => (Some(fields::UDP4), fields::IP4),
            (true, _) => (None, fields::IP4),
            (false, TCP) => (Some(fields::TCP6), fields::IP6),
            (false, UDP) => (Some(fields::UDP6), fields::IP6),
            (false, _) => (None, fields::IP6),
        };
        let mut input = headers.addresses(frame).to_vec();
        if let (Some(ports), Some((bit, kind))) = (ports, with_ports)
            && mrqc & bit != 0
        {
            input.extend(ports);
            return Self { value: toeplitz(key, &input), kind };
        }
        let (bit, kind) = alone;
        if mrqc & bit == 0 {
            return Self::default();
        }
        Self { value: toeplitz(key, &input), kind }
    }
}

/// The exclusive or of the 32 bits of `key` that begin where `input` has a one.
fn toeplitz(key: &[u8; KEY], input: &[u8]) -> u32 {
    let window = |bit: usize| {
        let bytes: [u8; 8] = std::array::from_fn(|i| key.get(bit / 8 + i).copied().unwrap_or(0));
        (u64::from_be_bytes(bytes) << (bit % 8) >> 32) as u32
    };
    let is_set = |bit: &usize| input[bit / 8] << (bit % 8) & 0x80 != 0;
    (0..input.len() * 8).filter(is_set).fold(0, |hash, bit| hash ^ window(bit))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use etherparse::PacketBuilder;

    use super::*;

    /// The key of Microsoft's "Verifying the RSS Hash Calculation".
    const MICROSOFT: [u8; KEY] = [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f,
        0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];

    /// Source, its port, destination, its port, hash of addresses, hash with TCP ports.
    const VECTORS: [(&str, u16, &str, u16, u32, u32); 8] = [
        ("66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e_8fc2, 0x51cc_c178),
        ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718_262a, 0xc626_b0ea),
        ("24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0_a5de, 0x5c2b_394a),
        ("38.27.205.30", 48228, "209.142.163.6", 2217, 0x8298_9176, 0xafc7_327f),
        ("153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d18_09c5, 0x10e8_28a2),
        ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc1_8cd5, 0x4020_7d3d),
        ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c_461c, 0xdde5_1bbf),
        (
            "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
            44251,
            "fe80::200:f8ff:fe21:67cf",
            38024,
            0x4b61_e985,
            0x02d1_feef,
        ),
    ];

    fn tcp(source: (&str, u16), destination: (&str, u16)) -> Vec<u8> {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let ips = (source.0.parse().unwrap(), destination.0.parse().unwrap());
        let builder = match ips {
            (IpAddr::V4(a), IpAddr::V4(b)) => builder.ipv4(a.octets(), b.octets(), 64),
            (IpAddr::V6(a), IpAddr::V6(b)) => builder.ipv6(a.octets(), b.octets(), 64),
            _ => panic!("mixed families"),
        };
        let mut frame = Vec::new();
        builder.tcp(source.1, destination.1, 0, 0).write(&mut frame, &[]).unwrap();
        frame
    }

    #[test]
    fn the_hashes_are_those_that_microsoft_publishes() {
        for (source, from, destination, to, alone, with_ports) in VECTORS {
            let frame = tcp((source, from), (destination, to));
            let all = Hash::of(&frame, u32::MAX, &MICROSOFT);
            assert_eq!(all.value, with_ports, "{source}");
            let mrqc = fields::IP4.0 | fields::IP6.0;
            assert_eq!(Hash::of(&frame, mrqc, &MICROSOFT).value, alone, "{source}");
            assert_eq!(Hash::of(&frame, 1, &MICROSOFT), Hash::default());
        }
    }

    #[test]
    fn a_key_of_6d5a_gives_both_directions_one_hash() {
        let key = std::array::from_fn(|i| if i % 2 == 0 { 0x6d } else { 0x5a });
        let there = tcp(("10.0.0.1", 1000), ("10.0.0.2", 80));
        let back = tcp(("10.0.0.2", 80), ("10.0.0.1", 1000));
        assert_eq!(Hash::of(&there, u32::MAX, &key), Hash::of(&back, u32::MAX, &key));
    }
}
