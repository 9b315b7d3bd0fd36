//! The room that looks at frames: each once, and only at what verdicts depend on.

use frame::Frame;

use crate::batch::{Batch, Verdict, Way};
use crate::extract::extract;
use crate::ledger::Reason;

/// Bytes of an Ethernet header (IEEE 802.3, 3.1.1): anything shorter is a runt.
pub const SMALLEST: usize = 14;
/// Bytes of the largest frame of ordinary length, without its checksum: an Ethernet header and an MTU of
/// 1500.
pub const LARGEST: usize = 1514;
/// Bytes that a VLAN tag (IEEE 802.1Q, 9.3) adds to what is allowed.
pub const VLAN_TAG: usize = 4;

/// Gives those that are no proper frames of at most `largest` bytes their verdict. All others are open afterwards, and have a
/// key unless all meet one flow anyway.
#[inline(never)]
pub(crate) fn parse(batch: &mut Batch, port: u16, largest: usize) {
    let mut bytes = 0;
    (batch.port, batch.largest) = (port, largest);
    batch.open_all();
    for (i, frame) in batch.frames.iter_mut().enumerate() {
        frame.port = port;
        bytes += frame.len() as u64;
        if let Some(reason) = fault(frame.len(), largest, || is_tagged(frame.bytes())) {
            batch.verdicts[i] = Verdict::Drop(reason);
            batch.open &= !(1 << i);
        }
    }
    batch.bytes = bytes;
    if !matches!(batch.way, Way::Whole(..)) {
        extract_all(batch, port);
    }
}

/// Makes the key of each frame, whether it is open or not.
pub(crate) fn key_all(batch: &mut Batch) {
    for (frame, key) in batch.frames.iter().zip(&mut batch.keys) {
        extract(frame.bytes(), batch.port, key);
    }
}

/// Makes the key of each frame that is open. Apart from frames that need none.
#[inline(never)]
fn extract_all(batch: &mut Batch, port: u16) {
    for i in batch.each_open() {
        extract(batch.frames[i].bytes(), port, &mut batch.keys[i]);
    }
}

/// Whether `frame` is longer than `largest`, and not because of a VLAN tag.
#[inline]
pub(crate) fn is_too_long(frame: &Frame, largest: usize) -> bool {
    fault(frame.len(), largest, || is_tagged(frame.bytes())) == Some(Reason::Oversize)
}

#[inline]
fn fault(len: usize, largest: usize, is_tagged: impl FnOnce() -> bool) -> Option<Reason> {
    match len {
        ..SMALLEST => Some(Reason::Runt),
        _ if len <= largest => None,
        _ if len <= largest + VLAN_TAG && is_tagged() => None,
        _ => Some(Reason::Oversize),
    }
}

/// Whether the EtherType is that of a customer's or a provider's VLAN tag (IEEE 802.1Q, 9.5).
#[cold]
fn is_tagged(bytes: &[u8]) -> bool {
    matches!(bytes.get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_judged_at_their_borders() {
        let judged = |len, tagged| fault(len, LARGEST, || tagged);
        assert_eq!(judged(0, false), Some(Reason::Runt));
        assert_eq!(judged(13, false), Some(Reason::Runt));
        assert_eq!(judged(14, false), None);
        assert_eq!(judged(1514, false), None);
        assert_eq!(judged(1515, false), Some(Reason::Oversize));
        assert_eq!(judged(1518, true), None);
        assert_eq!(judged(1519, true), Some(Reason::Oversize));
    }

    #[test]
    fn only_vlan_tags_make_a_frame_tagged() {
        let mut header = [0; 14];
        assert!(!is_tagged(&header));
        header[12..].copy_from_slice(&[0x81, 0x00]);
        assert!(is_tagged(&header));
        assert!(!is_tagged(&header[..13]));
    }
}
