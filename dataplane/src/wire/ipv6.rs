//! IPv6 and its extension headers (RFC 8200, 3 and 4).

use zerocopy::byteorder::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// ICMPv6 (RFC 4443).
pub const ICMPV6: u8 = 58;
/// Extension headers that are walked over at most.
pub const EXTENSIONS: usize = 8;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// The header without its extensions.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Header {
    /// 6, traffic class and flow label.
    pub version: U32,
    /// Bytes that follow this header.
    pub length: U16,
    /// What follows.
    pub next: u8,
    /// Hops that are left.
    pub hop_limit: u8,
    /// Whom it is from.
    pub source: [u8; 16],
    /// Whom it is for.
    pub destination: [u8; 16],
}

/// A fragment header (4.5).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Fragment {
    next: u8,
    reserved: u8,
    /// Offset in units of 8 bytes, two bits of nothing, and whether more follow.
    offset: U16,
    id: U32,
}

/// Why a chain of headers cannot be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is cut off.
    Short,
    /// It has more than [`EXTENSIONS`] headers.
    Long,
}

/// What lies behind all extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upper<'a> {
    /// What it is.
    pub protocol: u8,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Whether it is a fragment.
    pub fragment: bool,
    /// Whether that is not the first.
    pub later: bool,
}

/// The header of `bytes` and what the header says is its payload; none if it is cut off, not of
/// IPv6, or says of its length what cannot be true. A length of 0 stands for all there is, as it
/// does for jumbograms (RFC 2675).
#[inline]
pub fn split(bytes: &[u8]) -> Option<(&Header, &[u8])> {
    let (header, rest) = Header::ref_from_prefix(bytes).ok()?;
    if header.version.get() >> 28 != 6 {
        return None;
    }
    match usize::from(header.length.get()) {
        0 => Some((header, rest)),
        length => Some((header, rest.get(..length)?)),
    }
}

/// Walks over the extension headers of `bytes`, the first of which is `next`. Behind the header of
/// a later fragment nothing is looked at.
///
/// # Errors
///
/// Where the chain ends too early or too late.
#[inline]
pub fn walk(next: u8, bytes: &[u8]) -> Result<Upper<'_>, Fault> {
    let mut upper = Upper { protocol: next, bytes, fragment: false, later: false };
    for _ in 0..=EXTENSIONS {
        let bytes = upper.bytes;
        let (next, length) = match upper.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY | HOST_IDENTITY | SHIM6 => {
                let &[next, units] = bytes.first_chunk().ok_or(Fault::Short)?;
                (next, (usize::from(units) + 1) * 8)
            }
            AUTHENTICATION => {
                let &[next, words] = bytes.first_chunk().ok_or(Fault::Short)?;
                (next, (usize::from(words) + 2) * 4)
            }
            FRAGMENT => {
                let (header, _) = Fragment::ref_from_prefix(bytes).map_err(|_| Fault::Short)?;
                let offset = header.offset.get();
                upper.fragment |= offset & !6 != 0;
                upper.later |= offset >> 3 != 0;
                (header.next, size_of::<Fragment>())
            }
            _ => return Ok(upper),
        };
        upper.protocol = next;
        upper.bytes = bytes.get(length..).ok_or(Fault::Short)?;
        if upper.later {
            return Ok(upper);
        }
    }
    Err(Fault::Long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_ends_with_the_first_header_that_is_no_extension() {
        let bytes = [60, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 7];
        let upper = walk(HOP_BY_HOP, &bytes).unwrap();
        assert_eq!((upper.protocol, upper.bytes), (17, &[7][..]));
    }

    #[test]
    fn fragments_are_told_apart() {
        let kinds = |offset: u8| {
            let bytes = [6, 0, 0, offset, 0, 0, 0, 0, 1];
            let upper = walk(FRAGMENT, &bytes).unwrap();
            (upper.fragment, upper.later)
        };
        assert_eq!(kinds(0), (false, false), "the only one");
        assert_eq!(kinds(1), (true, false), "the first");
        assert_eq!(kinds(8), (true, true), "a later one");
    }

    #[test]
    fn eight_extensions_are_walked_over_and_no_more() {
        let chain = |count: usize| {
            let mut bytes = vec![0; count * 8];
            bytes.chunks_exact_mut(8).for_each(|header| header[0] = DESTINATION_OPTIONS);
            bytes[(count - 1) * 8] = 59;
            bytes
        };
        assert_eq!(walk(DESTINATION_OPTIONS, &chain(8)).map(|upper| upper.protocol), Ok(59));
        assert_eq!(walk(DESTINATION_OPTIONS, &chain(9)), Err(Fault::Long));
        assert_eq!(walk(DESTINATION_OPTIONS, &chain(8)[..63]), Err(Fault::Short));
    }
}
