//! The 1G cards: how one is brought up, and what its link is.

use super::played::{Access, CTRL, Played, STATUS, Step};
use crate::{Error, Link};

const EECD: usize = 0x10;
const MDIC: usize = 0x20;
const RCTL: usize = 0x100;
const TCTL: usize = 0x400;
const SWSM: usize = 0x5b50;
const SW_FW_SYNC: usize = 0x5b5c;

const RST: u32 = 1 << 26;
const ENABLE: u32 = 1 << 25;

const M82574: u16 = 0x10d3;
const M82576: u16 = 0x10c9;
const I350: u16 = 0x1521;
const I210: u16 = 0x1533;

/// A card with all that bring-up waits for, and a transceiver at address 1.
pub(super) fn card(device: u16) -> Played {
    let card = Played::new(device).stuck(EECD, 0, 1 << 9).sets(SWSM, 1);
    card.holds(0xe04, 1 << 21).on(MDIC, |words, access| {
        let Access::Written(value) = access else { return };
        let error = if value >> 21 & 0x1f == 1 { 0 } else { 1 << 30 };
        let answer = if value & 1 << 27 != 0 { value & !0xffff | 0x0940 } else { value };
        words.insert(MDIC, answer | 1 << 28 | error);
    });
    for counter in (0x4000..0x4140).step_by(4) {
        card.clears(counter);
    }
    card
}

fn opened(device: u16, pairs: usize) -> Played {
    let card = card(device);
    card.open_with(pairs, |_| ()).0.unwrap();
    card
}

fn writes(offset: usize, bits: u32) -> impl Fn(Step) -> bool {
    move |step| matches!(step, Step::Write(at, value) if at == offset && value & bits == bits)
}

#[test]
fn a_card_masters_the_bus_only_after_its_reset_and_before_its_queues() {
    for device in [M82574, M82576, I350, I210] {
        let card = opened(device, 1);
        let masters = card.first(|step| step == Step::Masters(true));
        assert!(card.last(writes(CTRL, RST)) < masters, "{device:x}");
        assert!(masters < card.first(writes(RCTL, 2)) && masters < card.first(writes(TCTL, 2)));
    }
}

#[test]
fn the_82574_has_one_pair_of_queues_and_the_others_what_their_datasheets_say() {
    for (device, pairs) in [(M82574, 1), (M82576, 16), (I350, 8), (I210, 4)] {
        assert_eq!(card(device).open_with(16, |card| card.pairs()).0, Ok(pairs), "{device:x}");
    }
}

#[test]
fn queues_start_before_anything_is_let_in_and_tails_are_left_to_the_rings() {
    let card = opened(M82576, 4);
    let open = card.first(writes(RCTL, 2));
    for queue in 0..4 {
        let (receive, transmit) = (0xc000 + 0x40 * queue, 0xe000 + 0x40 * queue);
        assert!(card.first(writes(receive + 0x28, ENABLE)) < open);
        assert_eq!(card.word(receive + 0x0c), 0x8200_0002, "SRRCTL");
        assert_eq!(card.word(receive + 0x28), ENABLE | 0x1_0808, "RXDCTL");
        assert_eq!(
            card.word(transmit + 0x28),
            ENABLE | 0x108,
            "TXDCTL: nothing written back unasked"
        );
        for block in [receive, transmit] {
            assert_eq!(card.written(block + 0x18), [0]);
            assert!(card.last(writes(block + 0x18, 0)) < card.first(writes(block + 0x28, ENABLE)));
        }
    }
    assert_eq!(card.word(RCTL), 0x0400_801a, "all is received, checksums are stripped");
}

#[test]
fn the_newer_ones_are_told_for_each_queue_that_checksums_are_stripped() {
    assert_eq!(opened(I350, 2).word(0xc078), 1 << 31);
    assert_eq!(opened(I210, 1).word(0xc038), 1 << 31);
    assert!(opened(M82576, 1).written(0xc038).is_empty());
}

#[test]
fn frames_are_spread_once_there_are_several_queues() {
    let card = opened(M82576, 3);
    assert_eq!(card.word(0x5818), 0x00f3_0002, "MRQC");
    assert_eq!([card.word(0x5c00), card.word(0x5c04)], [0x0002_0100, 0x0100_0201]);
    assert_eq!(card.word(0x5000) & 1 << 13, 1 << 13, "RXCSUM");
    assert_eq!(opened(M82576, 1).word(0x5818), 0);
}

#[test]
fn the_transceiver_negotiates_anew() {
    for device in [M82576, I350, I210] {
        let card = opened(device, 1);
        let last = *card.written(MDIC).last().unwrap();
        assert_eq!(last, 1 << 26 | 1 << 21 | 0x1340, "power is on, the rest as before");
        assert_eq!(card.word(CTRL) & (1 << 6 | 3 << 11), 1 << 6, "SLU, nothing forced");
        let taken = card.first(writes(SW_FW_SYNC, 1 << 1));
        assert!(taken < card.first(writes(MDIC, 0)));
        assert_eq!((card.word(SW_FW_SYNC), card.word(SWSM)), (0, 0));
    }
}

#[test]
fn each_port_has_a_transceiver_of_its_own() {
    for (port, bit) in [(0, 1 << 1), (1, 1 << 2), (2, 1 << 5), (3, 1 << 6)] {
        let card = card(I350).stuck(STATUS, 3 << 2, port << 2);
        card.open_with(1, |_| ()).0.unwrap();
        assert!(card.written(SW_FW_SYNC).contains(&bit), "{port}");
    }
}

#[test]
fn a_card_opens_without_a_transceiver_that_answers_and_without_an_nvm() {
    let silent = card(M82576).stuck(MDIC, 1 << 28, 0);
    let held = card(M82576).stuck(SWSM, 0, 1);
    let fibre = card(M82576).holds(0x18, 3 << 22);
    let blank = card(M82576).stuck(EECD, 1 << 9, 0);
    for card in [silent, held, fibre.clone(), blank] {
        let (outcome, time) = card.open_with(1, |_| ());
        assert_eq!(outcome, Ok(()));
        assert!(time < 500, "{time} ms");
    }
    assert!(fibre.written(MDIC).is_empty());
}

#[test]
fn every_wait_that_never_ends_has_its_error_within_its_limit() {
    let cases = [
        (card(M82574).stuck(CTRL, 0, RST), Error::StuckInReset, 120),
        (card(M82576).stuck(CTRL, 0, RST), Error::StuckInReset, 120),
        (card(M82574).stuck(EECD, 1 << 9, 0), Error::NoSettings, 120),
        (card(M82576).stuck(0xc028, ENABLE, 0), Error::StuckQueue, 30),
        (card(M82576).stuck(0xe028, ENABLE, 0), Error::StuckQueue, 30),
    ];
    for (card, error, limit) in cases {
        let (found, time) = card.error();
        assert_eq!(found, Some(error));
        assert!(time <= limit, "{error:?}: {time} ms");
    }
}

#[test]
fn a_card_that_is_gone_is_an_error_at_any_moment() {
    for device in [M82574, M82576, I350] {
        let total = opened(device, 1).steps().len() - 2;
        for accesses in 0..total {
            let (error, _) = card(device).gone_after(accesses).error();
            assert_eq!(error, Some(Error::Gone), "after {accesses} of {total}");
        }
    }
}

#[test]
fn the_speed_of_a_link_is_told() {
    for (status, speed) in [(0x02, 10), (0x42, 100), (0x82, 1000), (0xc2, 1000)] {
        for device in [M82574, M82576] {
            let card = card(device);
            assert_eq!(card.stuck(STATUS, 0xc2, status).link(), Link { is_up: true, speed });
            assert_eq!(card.stuck(STATUS, 0xc2, status & !2).link(), Link::default());
        }
    }
}
