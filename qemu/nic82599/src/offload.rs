//! What the card does to a frame before it sends it: checksums, segments, a tag (7.2.3 to 7.2.6).

use super::packet::{TCP, UDP, folded, sum, word};

/// Segments with less payload are a driver's mistake.
const LEAST_MSS: usize = 64;

/// A context descriptor (7.2.3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// Bytes of the Ethernet header, with tag if it has one already.
    pub(crate) mac: usize,
    /// Bytes of the IP header.
    pub(crate) ip: usize,
    /// Bytes of the TCP header; only for segments.
    pub(crate) l4: usize,
    /// Most bytes of payload in a segment.
    pub(crate) mss: usize,
    /// The tag to be inserted.
    pub(crate) tag: u16,
    /// Whether the IP header is one of IPv4.
    pub(crate) is_v4: bool,
    /// TCP, UDP, or something that is not modelled.
    pub(crate) protocol: Option<u8>,
}

impl Context {
    /// The context in a descriptor's words.
    pub(crate) fn of(words: [u32; 4]) -> Self {
        let [lengths, _, command, sizes] = words;
        Self {
            ip: (lengths & 0x1FF) as usize,
            mac: (lengths >> 9 & 0x7F) as usize,
            tag: (lengths >> 16) as u16,
            is_v4: command & 1 << 10 != 0,
            protocol: match command >> 11 & 3 {
                0 => Some(UDP),
                1 => Some(TCP),
                _ => None,
            },
            l4: (sizes >> 8 & 0xFF) as usize,
            mss: (sizes >> 16) as usize,
        }
    }

    /// Bytes of all headers of a frame that is cut into segments.
    pub(crate) fn headers(&self) -> usize {
        self.mac + self.ip + self.l4
    }

    /// Whether frames can be cut into segments by it.
    pub(crate) fn can_cut(&self) -> bool {
        let is_whole = self.mac >= 14 && self.ip >= 20 && self.l4 >= 20;
        is_whole && self.mss >= LEAST_MSS && self.protocol == Some(TCP)
    }

    /// Puts the checksum of the IP header in its place.
    pub(crate) fn insert_ip_checksum(&self, frame: &mut [u8]) {
        let Some(header) = frame.get_mut(self.mac..self.mac + self.ip) else { return };
        if header.len() >= 20 && self.is_v4 {
            put(header, 10, 0);
            let checksum = !folded(sum(header));
            put(header, 10, checksum);
        }
    }

    /// Puts the checksum of TCP or UDP in its place, where the sum of the pseudo-header stands.
    pub(crate) fn insert_l4_checksum(&self, frame: &mut [u8]) {
        let at = match self.protocol {
            Some(TCP) => 16,
            Some(UDP) => 6,
            _ => return,
        };
        let Some(segment) = frame.get_mut(self.mac + self.ip..) else { return };
        if segment.len() < at + 2 {
            return;
        }
        let checksum = !folded(sum(segment));
        // In UDP a zero would say that there is no checksum.
        let is_zero = checksum == 0 && self.protocol == Some(UDP);
        put(segment, at, if is_zero { 0xFFFF } else { checksum });
    }

    /// Cuts `frame`, headers and a long payload, into frames of at most MSS bytes each.
    pub(crate) fn segments(&self, frame: &[u8]) -> Vec<Vec<u8>> {
        let Some((headers, payload)) = frame.split_at_checked(self.headers()) else {
            return Vec::new();
        };
        if !self.can_cut() {
            return Vec::new();
        }
        let mss = self.mss;
        let count = payload.len().div_ceil(mss);
        let pieces = payload.chunks(mss).enumerate();
        pieces
            .map(|(index, piece)| {
                let mut segment = [headers, piece].concat();
                self.adapt(&mut segment, index * mss, index, index + 1 == count);
                segment
            })
            .collect()
    }

    /// Makes the headers of segment number `index`, whose payload begins at `position`, right.
    fn adapt(&self, segment: &mut [u8], position: usize, index: usize, is_last: bool) {
        let (ip, tcp) = (self.mac, self.mac + self.ip);
        if self.is_v4 {
            let number = word(segment, ip + 4).unwrap_or(0);
            put(segment, ip + 2, (segment.len() - ip) as u16);
            put(segment, ip + 4, number.wrapping_add(index as u16));
            self.insert_ip_checksum(segment);
        } else {
            put(segment, ip + 4, (segment.len() - tcp) as u16);
        }
        let high = word(segment, tcp + 4).unwrap_or(0);
        let low = word(segment, tcp + 6).unwrap_or(0);
        let sequence = u32::from(high) << 16 | u32::from(low);
        let sequence = sequence.wrapping_add(position as u32);
        put(segment, tcp + 4, (sequence >> 16) as u16);
        put(segment, tcp + 6, sequence as u16);
        if !is_last {
            // FIN and PSH belong to the end.
            segment[tcp + 13] &= !0x09;
        }
        if index > 0 {
            // CWR belongs to the beginning.
            segment[tcp + 13] &= !0x80;
        }
        // The driver has left the length out of the pseudo-header's sum.
        let partial = u64::from(word(segment, tcp + 16).unwrap_or(0));
        let with_length = folded(partial + (segment.len() - tcp) as u64);
        put(segment, tcp + 16, with_length);
        self.insert_l4_checksum(segment);
    }
}

/// Puts a number of two bytes to `at`.
pub(crate) fn put(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(slot) = bytes.get_mut(at..at + 2) {
        slot.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use super::super::packet::Headers;
    use super::*;

    const CONTEXT: Context =
        Context { mac: 14, ip: 20, l4: 20, mss: 100, tag: 0, is_v4: true, protocol: Some(TCP) };

    /// A frame whose checksum field holds the sum of the pseudo-header, with `length` in it.
    fn prepared(payload: &[u8], length: u16) -> Vec<u8> {
        let mut frame = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp(1000, 80, 0xFFFF_FFF0, 1000)
            .fin()
            .write(&mut frame, payload)
            .unwrap();
        let pseudo = sum(&frame[26..34]) + u64::from(TCP) + u64::from(length);
        put(&mut frame, 34 + 16, folded(pseudo));
        put(&mut frame, 14 + 10, 0);
        frame
    }

    fn is_right(frame: &[u8]) -> bool {
        let headers = Headers::of(frame).unwrap();
        headers.is_ip_right(frame) && headers.is_l4_right(frame) == Some(true)
    }

    #[test]
    fn both_checksums_are_made_from_what_the_driver_prepared() {
        let mut frame = prepared(b"payload", 27);
        CONTEXT.insert_ip_checksum(&mut frame);
        CONTEXT.insert_l4_checksum(&mut frame);
        assert!(is_right(&frame));
    }

    #[test]
    fn segments_are_right_frames_that_add_up_to_the_payload() {
        let payload: Vec<u8> = (0..250).map(|byte| byte as u8).collect();
        let segments = CONTEXT.segments(&prepared(&payload, 0));
        assert_eq!(segments.len(), 3);
        assert!(segments.iter().all(|it| is_right(it)));
        let joined: Vec<u8> = segments.iter().flat_map(|it| it[54..].to_vec()).collect();
        assert_eq!(joined, payload);
        let ends: Vec<_> = segments.iter().map(|it| it[34 + 13] & 1).collect();
        assert_eq!(ends, [0, 0, 1]);
        assert_eq!(segments[2][34 + 4..34 + 8], 0xB8_u32.to_be_bytes());
    }
}
