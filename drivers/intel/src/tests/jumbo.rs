//! What cards are told of frames that are longer than ordinary ones.

use super::played::Played;

/// An Ethernet header and an MTU of 9000.
const JUMBO: usize = 9014;

/// A card with this device number that was opened for frames of so many bytes.
fn opened(played: Played, longest: usize) -> Played {
    let card = played.for_frames_of(longest);
    assert_eq!(card.error().0, None);
    card
}

#[test]
fn an_82599_takes_jumbo_frames_into_buffers_of_9_kb() {
    let card = opened(super::ixgbe::card(0x10fb), JUMBO);
    assert_eq!(card.word(0x4240) & 1 << 2, 1 << 2, "HLREG0.JUMBOEN");
    assert_eq!(card.word(0x4268) >> 16, 9018, "MAXFRS");
    assert_eq!(card.word(0x1014), 0x1200_0009, "SRRCTL");
}

#[test]
fn an_82576_takes_jumbo_frames_into_buffers_of_9_kb_and_no_longer_ones() {
    let card = opened(super::igb::card(0x10c9), JUMBO);
    assert_eq!(card.word(0x0100) & 1 << 5, 1 << 5, "RCTL.LPE");
    assert_eq!(card.word(0x5004), 9022, "RLPML");
    assert_eq!(card.word(0xc00c), 0x8200_0009, "SRRCTL");
}

#[test]
fn an_82574_takes_jumbo_frames_into_buffers_of_9_kb() {
    let card = opened(super::igb::card(0x10d3), JUMBO);
    assert_eq!(card.word(0x0100) & (1 << 5 | 0xf << 27), 1 << 5 | 9 << 27, "RCTL.LPE, FLXBUF");
}

#[test]
fn an_82574_is_told_of_2_kb_where_frames_are_ordinary() {
    let card = opened(super::igb::card(0x10d3), 1514);
    assert_eq!(card.word(0x0100) & (1 << 5 | 0xf << 27 | 3 << 16 | 1 << 25), 0, "RCTL");
}
