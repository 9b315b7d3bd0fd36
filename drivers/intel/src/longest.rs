//! How long frames may be, and so what a card is told of buffers.

/// Bytes of a checksum on the wire, and of a VLAN tag.
const CHECKSUM: usize = 4;
const VLAN_TAG: usize = 4;
/// Bytes of the longest frame of ordinary length: an Ethernet header and an MTU of 1500.
const ORDINARY: usize = 1514;
/// The same for an MTU of 9000: no family carries less where long frames are allowed at all.
const MOST: usize = 9014;

/// The longest frame that is received, without checksum and VLAN tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Longest(usize);

impl Longest {
    /// So many bytes, from those of an MTU of 1500 up to those of one of 9000.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(bytes.clamp(ORDINARY, MOST))
    }

    /// Whether the card has to be told that frames are longer than ordinary ones.
    pub(crate) fn is_jumbo(self) -> bool {
        self.0 > ORDINARY
    }

    /// Its bytes on the wire, with the checksum.
    pub(crate) fn on_wire(self) -> u32 {
        (self.0 + CHECKSUM) as u32
    }

    /// The same with a VLAN tag.
    pub(crate) fn tagged(self) -> u32 {
        (self.0 + CHECKSUM + VLAN_TAG) as u32
    }

    /// KB of a buffer, as the card is told. It fills no more than [`room`](Self::room).
    pub(crate) fn kilobytes(self) -> u32 {
        if self.is_jumbo() { self.tagged().div_ceil(1024) } else { 2 }
    }

    /// Bytes that a frame has to have room for. A card that is not to receive jumbo frames does not
    /// fill the 2 KB that it is told of: headroom is a part of those.
    pub(crate) fn room(self) -> usize {
        if self.is_jumbo() { self.kilobytes() as usize * 1024 } else { self.0 + VLAN_TAG }
    }
}

#[cfg(test)]
mod tests {
    use frame::{BUFFER, HEADROOM, ROOM};

    use super::*;

    #[test]
    fn ordinary_frames_fit_one_buffer() {
        let longest = Longest::new(0);
        assert!(!longest.is_jumbo() && longest.room() <= ROOM);
        assert_eq!((longest.on_wire(), longest.tagged(), longest.kilobytes()), (1518, 1522, 2));
    }

    #[test]
    fn the_longest_frames_fit_five_buffers_with_all_that_the_card_is_told_of() {
        let longest = Longest::new(usize::MAX);
        assert!(longest.is_jumbo() && longest.room() <= 5 * BUFFER - HEADROOM);
        assert_eq!((longest.on_wire(), longest.tagged(), longest.kilobytes()), (9018, 9022, 9));
    }

    #[test]
    fn a_frame_that_is_a_little_longer_makes_the_whole_card_one_of_jumbo_frames() {
        let longest = Longest::new(1515);
        assert_eq!((longest.is_jumbo(), longest.kilobytes(), longest.room()), (true, 2, 2048));
    }
}
