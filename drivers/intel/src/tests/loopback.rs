//! Cards that receive what they send, and what their NVM says of itself.

use super::module::store;
use super::played::{Access, Opened, Played, Step};
use super::{igb, ixgbe};

const MDIC: usize = 0x20;
const CTRL: usize = 0x00;
const EERD: usize = 0x14;
const HLREG0: usize = 0x4240;
const MACC: usize = 0x4330;
const AUTOC: usize = 0x42a0;

const LPBK: u32 = 1 << 15;
const FLU: u32 = 1;

/// Has a card loop back and stop that, with a look at it in between and one after.
fn looped(played: &Played, mut look: impl FnMut(bool)) -> [bool; 2] {
    let check = |card: &Opened<'_>| {
        [true, false].map(|is_on| {
            let is_done = played.timed(|clock| card.set_loopback(is_on, clock));
            look(is_on);
            is_done
        })
    };
    played.open_with(1, check).0.unwrap()
}

#[test]
fn the_82599_loops_in_its_mac_with_the_link_forced_up_and_starts_it_over_afterwards() {
    let card = ixgbe::card(0x10f8).holds(AUTOC, 0xc000_6000);
    let look = |is_on| {
        assert_eq!(card.word(HLREG0) & LPBK != 0, is_on);
        assert_eq!(card.word(AUTOC) & FLU != 0, is_on);
    };
    assert_eq!(looped(&card, look), [true; 2]);
    assert_eq!(card.word(AUTOC) & 0xe000, 0x6000, "of the same mode as before");
    assert!(card.written(AUTOC).last().is_some_and(|value| value & 1 << 12 != 0));
}

#[test]
fn the_newer_ones_leave_autoc_alone() {
    for device in [0x1528, 0x1563] {
        let card = ixgbe::card(device).holds(MACC, 0x70);
        let look = |is_on| assert_eq!(card.word(MACC), if is_on { 0x71 } else { 0x70 });
        assert_eq!(looped(&card, look), [true; 2]);
        assert!(card.written(AUTOC).is_empty());
    }
}

#[test]
fn cards_of_1g_loop_in_their_transceiver_and_negotiate_afterwards() {
    for device in [0x10d3, 0x10c9] {
        let card = igb::card(device);
        let look = |is_on| {
            // Speed of 1 Gb/s and full duplex, both forced; the link is looked for in any case.
            let expected = if is_on { 1 << 11 | 1 << 12 | 2 << 8 | 1 << 6 | 1 } else { 1 << 6 };
            assert_eq!(card.word(CTRL) & 0x1b41, expected);
        };
        assert_eq!(looped(&card, look), [true; 2]);
        let told = |value: u32| move |step| matches!(step, Step::Write(MDIC, it) if it & 0x0fff_ffff == 1 << 21 | 1 << 26 | value);
        assert!(card.first(told(0x4140)) < card.last(told(0x1200)), "{device:x}");
    }
}

#[test]
fn a_transceiver_that_does_not_answer_loops_nothing_and_says_so() {
    let card = igb::card(0x10d3).on(MDIC, |words, access| {
        if access == Access::Reading {
            words.insert(MDIC, 0);
        }
    });
    assert_eq!(looped(&card, |_| ()), [false; 2]);
    assert_eq!(card.word(CTRL) & 3 << 11, 0, "nothing is forced");
}

#[test]
fn the_version_of_the_nvm_is_told_if_there_is_one() {
    let version = |played: &Played| {
        played.open_with(1, |card| played.timed(|clock| card.nvm_version(clock))).0.unwrap()
    };
    let card = ixgbe::card(0x10fb);
    assert_eq!(version(&card), None, "all ones");
    store(&card, &[(0x2d, 0x1234), (0x2e, 0x8000)]);
    assert_eq!(version(&card), Some(0x8000_1234));
    let small = igb::card(0x10d3).on(EERD, |words, access| {
        if let Access::Written(value) = access {
            words.insert(EERD, if value >> 2 == 5 { 0x0121 << 16 | 2 } else { 2 });
        }
    });
    assert_eq!(version(&small), None, "there is none");
    assert_eq!(version(&small.stuck(0x10, 0, 1 << 8 | 1 << 9)), Some(0x0121));
}
