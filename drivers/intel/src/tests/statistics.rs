//! What cards count.

use super::played::{Opened, Played};
use super::{igb, ixgbe};

const X520: u16 = 0x10f8;

/// What is counted under a name, by pair of queues.
fn counts(card: &Opened<'_>, wanted: &str) -> Vec<(Option<usize>, u64)> {
    let all = (0..).map_while(|index| card.counter(index));
    all.filter(|(name, ..)| *name == wanted).map(|(_, pair, count)| (pair, count)).collect()
}

#[test]
fn counters_start_from_nothing_and_are_added_up() {
    let played = ixgbe::card(X520).holds(0x4000, 1000).holds(0x3fa0, 1000);
    let check = |card: &Opened<'_>| {
        assert_eq!(counts(card, "CRCERRS"), [(None, 0)], "what was before is not counted");
        for round in 1..4 {
            played.holds(0x4000, 7);
            assert_eq!(counts(card, "CRCERRS"), [(None, 7 * round)]);
        }
        assert_eq!(counts(card, "CRCERRS"), [(None, 21)]);
    };
    played.open_with(1, check).0.unwrap();
}

#[test]
fn missed_are_those_without_room_and_those_without_a_descriptor() {
    let played = ixgbe::card(X520);
    let check = |card: &Opened<'_>| {
        played.holds(0x3fa0, 1).holds(0x3fbc, 10).holds(0x1430, 100).holds(0x1470, 1000);
        assert_eq!(card.missed(), 1111);
        assert_eq!(card.missed(), 1111);
        assert_eq!(counts(card, "MPC"), [(None, 11)]);
        assert_eq!(counts(card, "QPRDC"), [(Some(0), 100), (Some(1), 1000)]);
        played.holds(0x1470, 1);
        assert_eq!(counts(card, "QPRDC"), [(Some(0), 100), (Some(1), 1001)]);
        assert_eq!(card.missed(), 1112);
    };
    played.open_with(2, check).0.unwrap();
}

#[test]
fn bytes_are_counted_over_two_registers() {
    let played = ixgbe::card(X520);
    let check = |card: &Opened<'_>| {
        played.holds(0x4088, 5).holds(0x408c, 2);
        played.holds(0x1074, u32::MAX).holds(0x1078, 1);
        assert_eq!(counts(card, "GORC"), [(None, 0x2_0000_0005)]);
        assert_eq!(counts(card, "QBRC"), [(Some(0), 0), (Some(1), 0x1_ffff_ffff)]);
    };
    played.open_with(2, check).0.unwrap();
}

#[test]
fn a_card_that_is_gone_counts_nothing() {
    let gone = |played: Played| {
        let check = |card: &Opened<'_>| {
            let before = card.missed();
            played.gone_after(0);
            assert_eq!(card.missed(), before);
            for (name, _, count) in (0..).map_while(|index| card.counter(index)) {
                assert!(count <= before, "{name}: {count}");
            }
        };
        played.open_with(1, check).0.unwrap();
    };
    gone(ixgbe::card(X520));
    gone(igb::card(0x10d3));
    gone(igb::card(0x1533));
}

#[test]
fn a_counter_of_a_1g_card_that_reading_leaves_is_cleared() {
    let played = igb::card(0x1533);
    let check = |card: &Opened<'_>| {
        played.holds(0xc030, 3).holds(0x4010, 4);
        assert_eq!((card.missed(), card.missed()), (7, 7));
        assert_eq!(counts(card, "RQDPC"), [(Some(0), 3)]);
    };
    played.open_with(1, check).0.unwrap();
}
