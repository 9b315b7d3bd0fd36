//! Whether an NVM is as it was written.

use super::module::{store, store_at};
use super::played::Played;
use super::{igb, ixgbe};
use crate::Checksum;

const STATUS: usize = 0x08;
const EECD: usize = 0x10;
const EERD_1G: usize = 0x14;

const X520: u16 = 0x10fb;
const X540: u16 = 0x1528;
const X550: u16 = 0x1563;
const M82574: u16 = 0x10d3;
const M82576: u16 = 0x10c9;
const I350: u16 = 0x1521;
const I210: u16 = 0x1533;

/// The bits of the control register that say that there is an NVM, and that it is flash.
const PRESENT: u32 = 1 << 8 | 1 << 9;
const FLASH: u32 = 1 << 19;

type Words = [(u16, u16)];

/// 64 words from `first` on, all of which are zero but these and the checksum.
fn region(first: u16, words: &Words, checksum: u16) -> Vec<(u16, u16)> {
    let zeros = (first..first + 0x3f).map(|place| (place, 0));
    zeros.chain(words.iter().copied()).chain([(first + 0x3f, checksum)]).collect()
}

/// What a card of 10 Gb/s says of an NVM with these words, and after how many ms it is open.
fn found(device: u16, words: &Words) -> (Checksum, u64) {
    let card = ixgbe::card(device);
    store(&card, words);
    opened(&card)
}

/// The same of 1 Gb/s.
fn found_1g(card: Played, words: &Words) -> Checksum {
    let card = card.stuck(EECD, 0, PRESENT);
    store_at(&card, EERD_1G, words);
    opened(&card).0
}

fn opened(card: &Played) -> (Checksum, u64) {
    let (checksum, time) = card.open_with(1, |card| card.nvm_checksum());
    (checksum.unwrap(), time)
}

#[test]
fn the_first_words_add_up_to_baba() {
    let right = region(0, &[(0, 0x1111), (0x3e, 0x2222)], 0xbaba - 0x3333);
    let wrong = region(0, &[(0, 0x1111), (0x3e, 0x2223)], 0xbaba - 0x3333);
    let told = Checksum::Wrong { stored: 0x8787, computed: 0x8786 };
    for device in [X520, X540] {
        assert_eq!(found(device, &right).0, Checksum::Right, "{device:x}");
        assert_eq!(found(device, &wrong).0, told, "{device:x}");
    }
    for device in [M82574, M82576, I350] {
        assert_eq!(found_1g(igb::card(device), &right), Checksum::Right, "{device:x}");
        assert_eq!(found_1g(igb::card(device), &wrong), told, "{device:x}");
    }
}

#[test]
fn a_sum_runs_over_what_16_bits_hold() {
    let words = region(0, &[(1, 0xffff), (2, 0xbabb)], 0);
    assert_eq!(found(X520, &words).0, Checksum::Right);
}

#[test]
fn sections_count_without_their_length_and_some_not_on_the_x540() {
    let section = |at: u16| [(at, 2), (at + 1, 0x100), (at + 2, 0x20)];
    for pointer in 0..0x3f_u16 {
        let words = [&section(0x200)[..], &region(0, &[(pointer, 0x200)], 0xbaba - 0x200)].concat();
        for (device, counted) in [(X520, 3..0xf), (X540, 3..0xf)] {
            let is_skipped = device == X540 && [4, 5].contains(&pointer);
            let expected = match counted.contains(&pointer) && !is_skipped {
                false => Checksum::Right,
                true => Checksum::Wrong { stored: 0xb8ba, computed: 0xb8ba - 0x120 },
            };
            assert_eq!(found(device, &words).0, expected, "{device:x}, word {pointer:#x}");
        }
    }
}

#[test]
fn a_pointer_into_nothing_or_to_what_has_no_end_does_not_count() {
    let endless = [(0x300, 0xffff), (0x301, 0), (0x3fff, 1), (0x302, 0x3fff)];
    for pointer in [0, 0xffff, 0x4000, 0xfffe, 0x300, 0x301, 0x302, 0x3fff] {
        let checksum = 0xbaba_u16.wrapping_sub(pointer);
        let words = [&endless[..], &region(0, &[(9, pointer)], checksum)].concat();
        assert_eq!(found(X520, &words).0, Checksum::Right, "{pointer:#x}");
    }
}

#[test]
fn each_port_of_an_i350_has_words_of_its_own_and_an_i210_only_with_flash() {
    let words: Vec<_> = [0, 0x80, 0xc0, 0x100]
        .into_iter()
        .flat_map(|first| region(first, &[(first + 1, first)], 0xbaba - first))
        .collect();
    for port in 0..4 {
        let card = || igb::card(I350).stuck(STATUS, 3 << 2, port << 2);
        assert_eq!(found_1g(card(), &words), Checksum::Right, "{port}");
        let damaged = [&words[..], &[(0x102, 1)]].concat();
        let is_right = found_1g(card(), &damaged) == Checksum::Right;
        assert_eq!(is_right, port < 3, "{port}");
    }
    assert_eq!(found_1g(igb::card(I210), &words), Checksum::Unread);
    let flash = igb::card(I210);
    store_at(&flash, EERD_1G, &words);
    assert_eq!(opened(&flash.stuck(EECD, 0, PRESENT | FLASH)).0, Checksum::Right);
}

#[test]
fn an_nvm_that_is_not_there_is_slow_or_is_read_otherwise_holds_nothing_up() {
    let words = region(0, &[], 0xbaba);
    assert_eq!(found(X550, &words).0, Checksum::Unread);
    let absent = ixgbe::card(X520).stuck(0x1_0010, 1 << 8, 1 << 9);
    assert_eq!(opened(&absent).0, Checksum::Unread);
    let silent = ixgbe::card(X520).stuck(0x1_0014, 2, 0);
    let (checksum, time) = opened(&silent);
    assert!(checksum == Checksum::Unread && time < 300, "{checksum:?}, {time} ms");
    // All twelve pointers lead to 16,000 words.
    let vast: Vec<_> = (0..0x4000).map(|place| (place, 0x100)).chain([(0x100, 0x3e80)]).collect();
    let (checksum, time) = found(X520, &vast);
    assert!(checksum == Checksum::Unread && time < 1300, "{checksum:?}, {time} ms");
}
