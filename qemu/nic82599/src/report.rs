//! What a receive descriptor says when it is written back (7.1.5, 7.1.6.2).

use super::bits;
use super::card::Card;
use super::faults::Lie;
use super::packet::{Headers, TCP, UDP};
use super::receive::Arrival;
use super::registers as regs;

/// Bits 27:25 of SRRCTL: kinds of descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Legacy,
    Advanced,
}

/// Status and error bits of the advanced descriptor (7.1.6.2); legacy ones are the same shifted.
pub(crate) mod status {
    pub(crate) const DONE: u32 = 1 << 0;
    pub(crate) const END: u32 = 1 << 1;
    pub(crate) const TAGGED: u32 = 1 << 3;
    pub(crate) const UDP_CHECKED: u32 = 1 << 4;
    pub(crate) const L4_CHECKED: u32 = 1 << 5;
    pub(crate) const IP_CHECKED: u32 = 1 << 6;
    pub(crate) const NOT_EXACT: u32 = 1 << 7;
    pub(crate) const MAC_ERROR: u32 = 1 << 29;
    pub(crate) const L4_ERROR: u32 = 1 << 30;
    pub(crate) const IP_ERROR: u32 = 1 << 31;
}

/// Packet types of the advanced descriptor, in bits 16:4 of its first word (7.1.6.2).
mod kinds {
    pub(crate) const V4: u32 = 1 << 4;
    pub(crate) const V6: u32 = 1 << 6;
    pub(crate) const TCP: u32 = 1 << 8;
    pub(crate) const UDP: u32 = 1 << 9;
}

impl Card {
    /// The words of the last descriptor of a frame, without its length.
    pub(super) fn reports(&self, arrival: &Arrival, kind: Kind) -> [u32; 4] {
        let checks = checks(&arrival.bytes);
        let is_exact = self.is_own(&arrival.bytes[..6]);
        let tagged = if arrival.tag.is_some() { status::TAGGED } else { 0 };
        let passed = if is_exact { 0 } else { status::NOT_EXACT };
        let status = checks | tagged | passed;
        let tag = u32::from(arrival.tag.unwrap_or(0)) << 16;
        if kind == Kind::Legacy {
            let errors = status >> 24 & 0xE0;
            return [0, 0, 0, status & 0xFF | errors << 8 | tag];
        }
        let has_hash = self.has(regs::RXCSUM, bits::RXCSUM_PCSD);
        let hash = if has_hash { arrival.hash.value } else { 0 };
        [packet_kind(&arrival.bytes) | u32::from(arrival.hash.kind), hash, status, tag]
    }
}

/// What a descriptor is to say.
pub(crate) struct Report {
    pub(crate) is_last: bool,
    pub(crate) length: usize,
    pub(crate) size: usize,
    pub(crate) kind: Kind,
    pub(crate) words: [u32; 4],
}

impl Report {
    /// The words of the descriptor. Only the last descriptor of a frame says more than its length.
    pub(crate) fn words(self, buffer: u64, lie: Option<Lie>) -> [u32; 4] {
        let mut words = if self.is_last { self.words } else { [0; 4] };
        let length = match lie {
            Some(Lie::LengthBeyondBuffer) => self.size as u32 + 64,
            Some(Lie::LengthZero) => 0,
            _ => self.length as u32,
        };
        let is_end = self.is_last && lie != Some(Lie::NoEndOfPacket);
        let end = if is_end { status::END } else { 0 };
        let error = if lie == Some(Lie::ErrorBits) { status::MAC_ERROR } else { 0 };
        if self.kind == Kind::Legacy {
            words[0] = buffer as u32;
            words[1] = (buffer >> 32) as u32;
            words[2] = length;
            words[3] |= status::DONE | end | error >> 29 << 8;
            return words;
        }
        words[2] |= status::DONE | end | error;
        words[3] |= length;
        words
    }
}

fn packet_kind(frame: &[u8]) -> u32 {
    let Some(headers) = Headers::of(frame) else { return 0 };
    let ip = if headers.is_v4 { kinds::V4 } else { kinds::V6 };
    let l4 = match headers.protocol {
        _ if headers.is_fragment => 0,
        TCP => kinds::TCP,
        UDP => kinds::UDP,
        _ => 0,
    };
    ip | l4
}

/// Which checksums were looked at and which of them are wrong.
fn checks(frame: &[u8]) -> u32 {
    let Some(headers) = Headers::of(frame) else { return 0 };
    let ip = match (headers.is_v4, headers.is_ip_right(frame)) {
        (false, _) => 0,
        (true, true) => status::IP_CHECKED,
        (true, false) => status::IP_CHECKED | status::IP_ERROR,
    };
    let udp = if headers.protocol == UDP { status::UDP_CHECKED } else { 0 };
    let l4 = match headers.is_l4_right(frame) {
        None => 0,
        Some(true) => status::L4_CHECKED | udp,
        Some(false) => status::L4_CHECKED | udp | status::L4_ERROR,
    };
    ip | l4
}
