//! Looks at a cage while the card runs. What comes of them is tried on the model of the 82599
//! (`qemu/tests/drivers/modules.rs`); here is what that cannot do.

use super::ixgbe::card;
use super::module::{plug, store};
use super::played::{Played, Ticks};
use crate::Cause;

const ESDP: usize = 0x20;
const AUTOC: usize = 0x42a0;
const EERD: usize = 0x1_0014;
const SW_FW_SYNC: usize = 0x1_0160;
const CORECTL: usize = 0x1_4f00;

const SFP: u16 = 0x10fb;
const BACKPLANE: u16 = 0x10f8;
const X540: u16 = 0x1528;

/// The bit of ESDP that says that a module is there.
const FULL: u32 = 1 << 2;
/// What a look may take, in ms.
const LOOK: u64 = 50;

/// The list of the NVM leads to one sequence.
const WORDS: [(u16, u16); 6] =
    [(0x2b, 0x100), (0x101, 5), (0x102, 0x200), (0x103, 0xffff), (0x201, 0x0abc), (0x202, 0xffff)];

/// A card whose cage is filled after it was opened, with `then` happening to it: what its report says after
/// 30 looks, none of which takes too long.
fn filled(bytes: &[(u8, u8)], then: impl FnOnce(&Played)) -> (Played, Option<Cause>) {
    let card = card(SFP);
    store(&card, &WORDS);
    let opened = card.open_with(1, |opened| {
        let clock = Ticks::default();
        plug(&card, bytes);
        then(&card.holds(ESDP, FULL));
        for _ in 0..30 {
            clock.pass(100);
            let before = clock.milliseconds();
            opened.tend(&clock);
            let took = clock.milliseconds() - before;
            assert!(took <= LOOK, "a look took {took} ms");
        }
        opened.link_report(&clock).cause
    });
    (card, opened.0.unwrap())
}

#[test]
fn a_module_that_comes_later_gets_the_mode_that_it_needs() {
    for (bytes, mode) in [([(0, 3), (3, 0x10)], 3), ([(0, 3), (6, 0x08)], 2)] {
        let (card, _) = filled(&bytes, |_| ());
        assert_eq!(card.written(CORECTL), [0x0abc]);
        let expected = mode << 13 | 1 << 12;
        assert_eq!(card.written(AUTOC), [expected ^ 1 << 15, expected], "{bytes:?}");
        assert_eq!((card.word(ESDP), card.word(SW_FW_SYNC)), (FULL, 0), "nothing is kept");
    }
}

#[test]
fn a_module_without_a_sequence_is_left_alone() {
    let (card, _) = filled(&[(0, 3), (8, 0x04)], |_| ());
    assert_eq!((card.written(CORECTL), card.written(AUTOC)), (vec![], vec![]));
}

#[test]
fn firmware_or_an_nvm_that_does_not_do_its_part_holds_no_look_up() {
    let module = [(0, 3), (3, 0x10)];
    let (_, kept) = filled(&module, |card| drop(card.stuck(SW_FW_SYNC, 0, 1 << 8)));
    assert_eq!(kept, Some(Cause::NotReady));
    let (card, cause) = filled(&module, |card| drop(card.stuck(EERD, 2, 0)));
    assert_eq!((card.written(CORECTL), cause), (vec![], Some(Cause::NoSignal)));
    let (card, _) = filled(&module, |card| {
        store(card, &(0..0x4000).map(|place| (place, 0x100)).collect::<Vec<_>>());
    });
    assert!(card.written(CORECTL).is_empty());
}

#[test]
fn a_card_without_a_cage_is_not_looked_at() {
    for device in [BACKPLANE, X540] {
        let card = card(device);
        let accesses = card.open_with(1, |opened| {
            let before = card.steps().len();
            opened.tend(&Ticks::default());
            card.steps().len() - before
        });
        assert_eq!(accesses.0, Ok(0), "{device:x}");
    }
}
