//! Neighbor discovery, a part of ICMPv6 (RFC 4861, 4.3 to 4.6).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::ethernet::Mac;
pub use super::icmp::{Header, split};

/// Neighbor solicitation: who has an address?
pub const SOLICITATION: u8 = 135;
/// Neighbor advertisement: I have.
pub const ADVERTISEMENT: u8 = 136;

/// The option with the link-layer address of who asks, and of who answers.
pub const SOURCE: u8 = 1;
/// See [`SOURCE`].
pub const TARGET: u8 = 2;
/// Options that are looked at, at most.
const OPTIONS: usize = 4;

/// An option of neighbor discovery that holds an address of Ethernet.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct LinkLayer {
    kind: u8,
    /// In units of 8 bytes.
    length: u8,
    mac: Mac,
}

/// What a solicitation or an advertisement tells.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, PartialEq, Eq)]
#[repr(C)]
pub struct Neighbor {
    /// Whose address it is about.
    pub target: [u8; 16],
    /// The address on Ethernet of who asks; zeros if it is not told.
    pub source_mac: Mac,
    /// And of whom it is about; zeros if it is not told.
    pub target_mac: Mac,
}

/// What the message tells that begins behind its header with `body`; none if it is cut off, or an
/// option has a length that cannot be true.
pub fn neighbor(body: &[u8]) -> Option<Neighbor> {
    let (&target, mut options) = body.split_first_chunk()?;
    let mut told = Neighbor { target, source_mac: [0; 6], target_mac: [0; 6] };
    for _ in 0..OPTIONS {
        if options.is_empty() {
            break;
        }
        let (option, _) = LinkLayer::ref_from_prefix(options).ok()?;
        match (option.kind, option.length) {
            (_, 0) => return None,
            (SOURCE, 1) => told.source_mac = option.mac,
            (TARGET, 1) => told.target_mac = option.mac,
            _ => {}
        }
        options = options.get(usize::from(option.length) * 8..)?;
    }
    Some(told)
}

/// Where in `options` the option `kind` with an address begins.
pub fn find(options: &[u8], kind: u8) -> Option<usize> {
    let mut at = 0;
    for _ in 0..OPTIONS {
        let (option, _) = LinkLayer::ref_from_prefix(options.get(at..)?).ok()?;
        match (option.kind, option.length) {
            (_, 0) => return None,
            (found, 1) if found == kind => return Some(at),
            (_, length) => at += usize::from(length) * 8,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_tell_addresses() {
        let mut body = [9; 32];
        body[16..18].copy_from_slice(&[SOURCE, 1]);
        body[24..26].copy_from_slice(&[TARGET, 1]);
        let told = Neighbor { target: [9; 16], source_mac: [9; 6], target_mac: [9; 6] };
        assert_eq!(neighbor(&body), Some(told));
    }

    #[test]
    fn options_that_cannot_be_true_tell_nothing() {
        let mut body = [0; 24];
        assert_eq!(neighbor(&body[..15]), None);
        assert_eq!(neighbor(&body), None, "an option of no length");
        body[17] = 2;
        assert_eq!(neighbor(&body), None, "an option that is cut off");
    }
}
