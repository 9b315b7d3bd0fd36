//! The 82599 and what came of it: how its link is made, and what it is.

use super::ixgbe::card;
use super::module::{plug, store};
use super::played::{Played, Step};
use crate::Link;

const ESDP: usize = 0x20;
const AUTOC: usize = 0x42a0;
const LINKS: usize = 0x42a4;
const AUTOC2: usize = 0x42a8;
const ANLP1: usize = 0x42b0;
const CORECTL: usize = 0x1_4f00;

const SFP: u16 = 0x10fb;
const BACKPLANE: u16 = 0x10f8;
const X540: u16 = 0x1528;
const X550: u16 = 0x1563;

const RESTART: u32 = 1 << 12;
/// AUTOC as an NVM may have it: 1 Gb/s without autonegotiation, and bits that are none of our business.
const AUTOC_BEFORE: u32 = 0xc09c_0201;

/// Bytes of a module, the number of its sequence, the mode of its link.
type Case = (&'static [(u8, u8)], u32, u32);

/// An NVM with sequences for modules 3, 4, 5 and 6, each of which begins with its number.
fn stored(card: &Played) {
    let list = [(0x2b, 0x100), (0x2c, 0x80), (0x100, 0x1234), (0x109, 0xffff)];
    let entries = (3..7_u16).flat_map(|id| {
        let at = 0x101 + 2 * (id - 3);
        let sequence = 0x200 + 0x10 * id;
        let words = [0x9999, id, 0x0abc, 0xffff];
        let words = words.into_iter().enumerate().map(move |(i, word)| (sequence + i as u16, word));
        [(at, id), (at + 1, sequence)].into_iter().chain(words)
    });
    store(card, &list.into_iter().chain(entries).collect::<Vec<_>>());
}

fn with_module(bytes: &[(u8, u8)]) -> Played {
    let card = card(SFP).holds(AUTOC, AUTOC_BEFORE).holds(AUTOC2, 0x7001_0000).holds(ESDP, 0xc);
    stored(&card);
    plug(&card, bytes);
    card
}

fn opened(card: Played) -> Played {
    card.open_with(1, |_| ()).0.unwrap();
    card
}

#[test]
fn a_module_gets_its_sequence_and_the_mode_that_it_needs() {
    let cases: [Case; 8] = [
        (&[(0, 3), (8, 0x04)], 3, 3),
        (&[(0, 3), (8, 0x08), (0x3c, 0x04)], 5, 3),
        (&[(0, 3), (3, 0x10)], 5, 3),
        (&[(0, 3), (3, 0x20)], 5, 3),
        (&[(0, 3), (3, 0x10), (6, 0x01)], 5, 3),
        (&[(0, 3), (6, 0x08)], 5, 2),
        (&[(0, 3), (6, 0x01)], 5, 2),
        (&[(0, 3), (6, 0x02)], 5, 2),
    ];
    for (bytes, number, mode) in cases {
        let card = opened(with_module(bytes));
        assert_eq!(card.written(CORECTL), [number, 0x0abc], "{bytes:?}");
        let expected = AUTOC_BEFORE & !(7 << 13) | mode << 13 | RESTART;
        assert_eq!(card.written(AUTOC), [expected ^ 1 << 15, expected], "{bytes:?}");
        assert_eq!(card.word(AUTOC2), 2 << 16, "SFI, and the link is not disabled");
        assert_eq!(card.word(ESDP), 1 << 2, "the laser is on, and nothing else is touched");
    }
}

#[test]
fn the_other_port_of_a_card_has_sequences_of_its_own() {
    let card = opened(with_module(&[(0, 3), (3, 0x10)]).stuck(0x08, 0, 1 << 2));
    assert_eq!(card.written(CORECTL), [6, 0x0abc]);
}

#[test]
fn a_sequence_is_played_while_firmware_keeps_off() {
    let card = opened(with_module(&[(0, 3), (3, 0x10)]));
    let sync = |bits: u32| move |step| step == Step::Write(0x1_0160, bits);
    let writes = |offset| move |step| matches!(step, Step::Write(at, _) if at == offset);
    let (taken, given) = (card.first(sync(1 << 3)), card.last(sync(0)));
    assert!(taken < card.first(writes(CORECTL)) && card.last(writes(AUTOC)) < given);
}

#[test]
fn a_module_that_is_not_known_or_not_there_leaves_the_link_as_it_was() {
    let unknown: [&[(u8, u8)]; 4] =
        [&[(0, 0x0d)], &[(0, 3)], &[(0, 3), (8, 0x08)], &[(0, 3), (3, 0x40)]];
    for bytes in unknown {
        let card = opened(with_module(bytes));
        assert_eq!((card.written(CORECTL), card.written(AUTOC)), (vec![], vec![]), "{bytes:?}");
        assert_eq!(card.word(ESDP), 1 << 2, "a cage that is filled later is lit");
    }
    let empty = card(SFP).holds(AUTOC, AUTOC_BEFORE);
    let (outcome, time) = empty.open_with(1, |card| card.link());
    assert_eq!((outcome, empty.written(AUTOC)), (Ok(Link::default()), vec![]));
    assert!(time < 300, "{time} ms");
}

#[test]
fn an_nvm_without_sequences_or_with_an_endless_list_leaves_the_link_as_it_was() {
    let endless: Vec<(u16, u16)> = (0..0x4000).map(|address| (address, 0x100)).collect();
    for words in [&[][..], &[(0x2b, 0)], &[(0x2b, 0x100), (0x101, 0xffff)], &endless] {
        let card = card(SFP).holds(AUTOC, AUTOC_BEFORE);
        store(&card, words);
        plug(&card, &[(0, 3), (3, 0x10)]);
        let card = opened(card);
        assert_eq!((card.written(CORECTL), card.written(AUTOC)), (vec![], vec![]));
    }
}

#[test]
fn a_backplane_starts_over_with_the_mode_that_it_has() {
    let autoc = 4 << 13 | 0xc000_0001;
    let card = opened(card(BACKPLANE).holds(AUTOC, autoc).holds(AUTOC2, 0x7000_0000));
    assert_eq!(card.written(AUTOC), [(autoc | RESTART) ^ 1 << 15, autoc | RESTART]);
    assert_eq!(card.word(AUTOC2), 0);
    assert!(card.written(CORECTL).is_empty());
}

#[test]
fn a_backplane_on_which_nobody_answers_is_not_waited_for() {
    let (outcome, time) = card(BACKPLANE).stuck(ANLP1, u32::MAX, 0).open_with(1, |_| ());
    assert_eq!(outcome, Ok(()));
    assert!(time < 300, "{time} ms");
}

#[test]
fn twisted_pair_is_left_to_firmware_and_so_is_any_link_that_firmware_wants() {
    for card in [card(X540), card(X550), card(BACKPLANE).holds(0x42d0, 1)] {
        let card = opened(card);
        assert_eq!((card.written(AUTOC), card.written(ESDP)), (vec![], vec![]));
    }
    let module = with_module(&[(0, 3), (3, 0x10)]).holds(0x42d0, 1);
    assert!(opened(module).written(AUTOC).is_empty());
}

#[test]
fn the_speed_of_a_link_is_told() {
    let up = |links: u32| links << 27 | 1 << 30;
    let cases = [
        (BACKPLANE, up(0b110), 10_000),
        (BACKPLANE, up(0b100), 1000),
        (BACKPLANE, up(0b010), 100),
        (BACKPLANE, up(0b111), 10_000),
        (X540, up(0b110), 10_000),
        (X540, up(0b100), 1000),
        (X540, up(0b010), 100),
        (X540, up(0b011), 100),
        (X550, up(0b110), 10_000),
        (X550, up(0b111), 2500),
        (X550, up(0b100), 1000),
        (X550, up(0b011), 5000),
        (X550, up(0b010), 100),
        (X550, up(0b000), 0),
    ];
    for (device, links, speed) in cases {
        let link = card(device).holds(LINKS, links).link();
        assert_eq!(link, Link { is_up: true, speed }, "{device:x}, {links:x}");
        let down = card(device).holds(LINKS, links & !(1 << 30)).link();
        assert_eq!(down, Link::default());
    }
}

#[test]
fn what_the_link_was_before_is_not_what_it_is() {
    let card = card(X540).holds(LINKS, 0).sets(LINKS, 0x7000_0000);
    assert_eq!(card.link(), Link { is_up: true, speed: 10_000 });
    let fallen = card.holds(LINKS, 0x7000_0000).clears(LINKS);
    assert_eq!(fallen.link(), Link::default());
}

#[test]
fn without_a_module_noise_is_no_link_unless_the_board_knows_better() {
    const UP: u32 = 0x7000_0000;
    assert_eq!(card(SFP).holds(LINKS, UP).link(), Link { is_up: true, speed: 10_000 });
    let noisy = || {
        let card = card(SFP).holds(LINKS, UP);
        store(&card, &[(0x2c, 0)]);
        card
    };
    assert_eq!(noisy().link(), Link::default());
    assert!(noisy().holds(ESDP, 1 << 2).link().is_up);
}

#[test]
fn a_card_that_is_gone_has_no_link() {
    for device in [SFP, BACKPLANE, X550] {
        let card = card(device).holds(LINKS, 0x7000_0000);
        let (link, _) = card.open_with(1, |opened| {
            card.gone_after(0);
            opened.link()
        });
        assert_eq!(link, Ok(Link::default()));
    }
}
