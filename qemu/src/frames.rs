//! Frames to feed an image with: UDP over IPv4 in a mix of sizes, each one of its kind.
//!
//! The payload names the side that sent the frame and its number there, so a capture can be
//! read by eye, and no two frames of a run are equal:
//!
//! ```text
//!  0      4      5                   13
//! +------+------+-------------------+------------------------------+
//! | BARE | side | number, 8 bytes   | a pattern that the number    |
//! |      |      | big-endian        | shifts, to the frame's end   |
//! +------+------+-------------------+------------------------------+
//! ```

use etherparse::PacketBuilder;

/// The shortest frame that carries an Ethernet header. Shorter ones are runts to the image.
pub const SHORTEST: usize = 14;

/// The longest frame on an Ethernet with an MTU of 1500, without check sequence.
pub const LONGEST: usize = 1514;

/// Sizes in bytes that follow each other for ever: both ends of what is allowed, what is next
/// to them, and short frames in the majority, as on real links.
const SIZES: [usize; 12] = [64, 64, 570, 64, 65, 1514, 64, 128, 64, 1513, 256, 1024];

const HEADERS: usize = 14 + 20 + 8;

/// An endless supply of frames from one side.
#[derive(Clone, Debug)]
pub struct Frames {
    side: u8,
    number: u64,
    size: Option<usize>,
    flows: u16,
}

impl Frames {
    /// Frames from `side` in a mix of sizes from 64 to 1514 bytes.
    #[must_use]
    pub fn mixed(side: u8) -> Self {
        Self { side, number: 0, size: None, flows: 1 }
    }

    /// Frames from `side` of `size` bytes each; at least 64, at most [`LONGEST`].
    #[must_use]
    pub fn sized(side: u8, size: usize) -> Self {
        Self { size: Some(size.clamp(64, LONGEST)), ..Self::mixed(side) }
    }

    /// The same, of so many flows in turn, which differ in the port they come from.
    #[must_use]
    pub fn in_flows(self, flows: u16) -> Self {
        Self { flows: flows.max(1), ..self }
    }

    fn next_size(&self) -> usize {
        let turn = (self.number % SIZES.len() as u64) as usize;
        self.size.unwrap_or(SIZES[turn])
    }
}

impl Iterator for Frames {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let payload = payload(self.side, self.number, self.next_size() - HEADERS);
        let flow = (self.number % u64::from(self.flows)) as u16;
        self.number += 1;
        let other = self.side ^ 1;
        let mut frame = Vec::with_capacity(LONGEST);
        PacketBuilder::ethernet2(mac(self.side), mac(other))
            .ipv4(ip(self.side), ip(other), 64)
            .udp(4000 + u16::from(self.side) + 8 * flow, 4000 + u16::from(other))
            .write(&mut frame, &payload)
            .ok()?;
        Some(frame)
    }
}

/// The Ethernet address of the host on `side`.
#[must_use]
pub fn mac(side: u8) -> [u8; 6] {
    [0x02, 0xba, 0x5e, 0x00, 0x00, side]
}

/// The IPv4 address of the host on `side`; RFC 2544 sets this network apart for tests.
#[must_use]
pub fn ip(side: u8) -> [u8; 4] {
    [198, 18, 0, 1 + side]
}

fn payload(side: u8, number: u64, length: usize) -> Vec<u8> {
    let mut bytes = b"BARE".to_vec();
    bytes.push(side);
    bytes.extend(number.to_be_bytes());
    bytes.extend((bytes.len()..length).map(|position| (position as u64 ^ number) as u8));
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use etherparse::PacketHeaders;

    use super::*;

    #[test]
    fn sizes_run_from_the_shortest_to_the_longest_frame_of_the_mix() {
        let sizes: HashSet<_> = Frames::mixed(0).take(24).map(|frame| frame.len()).collect();
        assert_eq!(sizes.iter().min(), Some(&64));
        assert_eq!(sizes.iter().max(), Some(&LONGEST));
        assert!(Frames::sized(1, 0).take(3).all(|frame| frame.len() == 64));
    }

    #[test]
    fn flows_take_turns_and_are_known_by_their_ports() {
        let port = |frame: Vec<u8>| PacketHeaders::from_ethernet_slice(&frame).unwrap().transport;
        let ports = |flows| Frames::sized(0, 64).in_flows(flows).take(6).map(port);
        let of = |flows| ports(flows).map(|it| it.unwrap().udp().unwrap().source_port);
        assert_eq!(of(1).collect::<Vec<_>>(), [4000; 6]);
        assert_eq!(of(3).collect::<Vec<_>>(), [4000, 4008, 4016, 4000, 4008, 4016]);
    }

    #[test]
    fn every_frame_is_whole_udp_and_no_two_are_equal() {
        let frames: Vec<_> =
            Frames::mixed(0).chain(Frames::mixed(1).take(500)).take(1000).collect();
        for frame in &frames {
            let headers = PacketHeaders::from_ethernet_slice(frame).unwrap();
            let udp = headers.transport.unwrap().udp().unwrap();
            assert_eq!(usize::from(udp.length), frame.len() - 34);
        }
        assert_eq!(frames.iter().collect::<HashSet<_>>().len(), frames.len());
    }
}
