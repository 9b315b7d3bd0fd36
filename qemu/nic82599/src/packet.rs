//! Where the headers of a frame begin, and the sums over them.

const VLAN: u16 = 0x8100;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86DD;

/// IP protocol numbers.
pub(crate) const TCP: u8 = 6;
/// User datagrams.
pub(crate) const UDP: u8 = 17;

/// The headers of a frame that holds IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    /// First byte of the IP header.
    pub(crate) ip: usize,
    /// First byte behind the IP header.
    pub(crate) l4: usize,
    /// First byte behind the IP packet.
    pub(crate) end: usize,
    /// Whether it is IPv4; else it is IPv6.
    pub(crate) is_v4: bool,
    /// Whether it is a fragment, so that what follows need not be a header.
    pub(crate) is_fragment: bool,
    /// What follows the IP header.
    pub(crate) protocol: u8,
}

impl Headers {
    /// The headers of `frame`, behind at most one VLAN tag, if they are whole.
    pub(crate) fn of(frame: &[u8]) -> Option<Self> {
        let ethertype = word(frame, 12)?;
        let (ethertype, ip) =
            if ethertype == VLAN { (word(frame, 16)?, 18) } else { (ethertype, 14) };
        match ethertype {
            IPV4 => Self::v4(frame, ip),
            IPV6 => Self::v6(frame, ip),
            _ => None,
        }
    }

    fn v4(frame: &[u8], ip: usize) -> Option<Self> {
        let l4 = ip + usize::from(frame.get(ip)? & 0xF) * 4;
        let end = ip + usize::from(word(frame, ip + 2)?);
        let is_whole = l4 >= ip + 20 && l4 <= end && end <= frame.len();
        is_whole.then_some(Self {
            ip,
            l4,
            end,
            is_v4: true,
            is_fragment: word(frame, ip + 6)? & 0x3FFF != 0,
            protocol: *frame.get(ip + 9)?,
        })
    }

    fn v6(frame: &[u8], ip: usize) -> Option<Self> {
        let l4 = ip + 40;
        let end = l4 + usize::from(word(frame, ip + 4)?);
        let protocol = *frame.get(ip + 6)?;
        (end <= frame.len()).then_some(Self {
            ip,
            l4,
            end,
            is_v4: false,
            is_fragment: protocol == 44,
            protocol,
        })
    }

    /// Source and destination address, as they follow each other in the header.
    pub(crate) fn addresses<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        if self.is_v4 { &frame[self.ip + 12..self.ip + 20] } else { &frame[self.ip + 8..self.l4] }
    }

    /// Source and destination port, if this is whole TCP or UDP.
    pub(crate) fn ports<'a>(&self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let has_ports = !self.is_fragment && matches!(self.protocol, TCP | UDP);
        frame.get(self.l4..self.l4 + 4).filter(|_| has_ports && self.l4 + 4 <= self.end)
    }

    /// Whether the checksum of the IP header is right; IPv6 has none.
    pub(crate) fn is_ip_right(&self, frame: &[u8]) -> bool {
        !self.is_v4 || folded(sum(&frame[self.ip..self.l4])) == 0xFFFF
    }

    /// Whether the checksum of TCP or UDP is right; nothing where it was not looked at.
    pub(crate) fn is_l4_right(&self, frame: &[u8]) -> Option<bool> {
        self.ports(frame)?;
        if self.protocol == UDP && word(frame, self.l4 + 6)? == 0 {
            return None;
        }
        let length = (self.end - self.l4) as u64;
        let pseudo = sum(self.addresses(frame)) + u64::from(self.protocol) + length;
        Some(folded(pseudo + sum(&frame[self.l4..self.end])) == 0xFFFF)
    }
}

/// Two bytes of `frame` as a number.
pub(crate) fn word(frame: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]))
}

/// The sum of all 16-bit words, the last one filled up with zero (RFC 1071).
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
        rest => u64::from(rest[0]) << 8,
    });
    words.sum()
}

/// `sum` with its carries added until 16 bits are left.
pub(crate) fn folded(sum: u64) -> u16 {
    let mut sum = sum;
    while sum > 0xFFFF {
        sum = (sum >> 16) + (sum & 0xFFFF);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use qemu::frames::Frames;

    use super::*;

    #[test]
    fn a_right_frame_is_right_and_one_bit_makes_it_wrong() {
        let mut frame = Frames::sized(0, 101).next().unwrap();
        let headers = Headers::of(&frame).unwrap();
        assert_eq!((headers.ip, headers.l4, headers.end), (14, 34, 101));
        assert!(headers.is_ip_right(&frame));
        assert_eq!(headers.is_l4_right(&frame), Some(true));
        frame[100] ^= 1;
        assert_eq!(headers.is_l4_right(&frame), Some(false));
        frame[22] ^= 1;
        assert!(!headers.is_ip_right(&frame));
    }

    #[test]
    fn a_frame_that_is_cut_off_has_no_headers() {
        let frame = Frames::sized(0, 64).next().unwrap();
        assert!((0..64).all(|length| Headers::of(&frame[..length]).is_none()));
    }
}
