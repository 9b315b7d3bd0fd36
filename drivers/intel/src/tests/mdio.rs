//! The transceiver of the X540 and X550: that it has power.

use super::ixgbe::card;
use super::played::{Access, Played, Step};

const MSCA: usize = 0x425c;
const MSRWD: usize = 0x4260;
const SW_FW_SYNC: usize = 0x1_0160;
const COMMAND: u32 = 1 << 30;

const X540: u16 = 0x1528;
const X550: u16 = 0x1563;
/// What control holds beside the bit for low power.
const OTHERS: u32 = 0x2040;
const LOW_POWER: u32 = 1 << 11;

/// A card with a transceiver at `address` whose control register holds this; there is nobody elsewhere.
fn with_phy(device: u16, address: u32, control: u32) -> Played {
    let latched = std::cell::Cell::new(0);
    let control = std::cell::Cell::new(control);
    card(device).on(MSCA, move |words, access| {
        let Access::Written(command) = access else { return };
        assert_eq!(command & (COMMAND | 3 << 28), COMMAND, "a command by clause 45");
        words.insert(MSCA, command & !COMMAND);
        let (operation, place) = (command >> 26 & 3, command & 0x03ff_ffff);
        let word = words.get(&MSRWD).copied().unwrap_or_default();
        let of_phy = |within: u32, register: u32| address << 21 | within << 16 | register;
        match operation {
            0 => latched.set(place),
            1 if place == of_phy(30, 0) => control.set(word & 0xffff),
            3 => {
                let answer = match place {
                    _ if place == of_phy(1, 2) => 0x0154,
                    _ if place == of_phy(30, 0) => control.get(),
                    _ => 0xffff,
                };
                words.insert(MSRWD, answer << 16 | word & 0xffff);
            }
            other => panic!("operation {other} at {place:#x}"),
        }
        assert_eq!(latched.get(), place, "the place was told before");
    })
}

/// What was written to the transceiver.
fn written(card: &Played) -> Vec<(u32, u32)> {
    let (mut word, mut written) = (0, Vec::new());
    for step in card.steps() {
        match step {
            Step::Write(MSRWD, value) => word = value,
            Step::Write(MSCA, command) if command >> 26 & 3 == 1 => {
                written.push((command & 0x03ff_ffff, word));
            }
            _ => {}
        }
    }
    written
}

fn opened(card: Played) -> Played {
    let (outcome, time) = card.open_with(1, |_| ());
    assert_eq!(outcome, Ok(()));
    assert!(time < 500, "{time} ms");
    card
}

#[test]
fn a_transceiver_in_low_power_is_woken_wherever_it_is_and_nothing_else_of_it_changes() {
    for (device, address) in [(X540, 0), (X540, 1), (X540, 31), (X550, 0)] {
        let card = opened(with_phy(device, address, OTHERS | LOW_POWER));
        assert_eq!(written(&card), [(address << 21 | 30 << 16, OTHERS)], "{device:x}, {address}");
    }
}

#[test]
fn a_transceiver_that_has_power_is_left_alone() {
    assert_eq!(written(&opened(with_phy(X540, 0, OTHERS))), []);
}

#[test]
fn a_transceiver_is_woken_while_firmware_keeps_off() {
    let card = opened(with_phy(X540, 0, LOW_POWER));
    let first = card.first(|step| matches!(step, Step::Write(MSCA, _)));
    let last = card.last(|step| matches!(step, Step::Write(MSCA, _)));
    let holds = |at: usize| {
        let steps = card.steps();
        let values = steps[..at].iter().rev().filter_map(|step| match step {
            Step::Write(SW_FW_SYNC, value) => Some(*value),
            _ => None,
        });
        values.map(|value| value & 1 << 1 != 0).next()
    };
    assert_eq!((holds(first), holds(last)), (Some(true), Some(true)));
    assert_eq!(card.word(SW_FW_SYNC) & 0x7fff_ffff, 0, "it was given back");
}

#[test]
fn a_transceiver_that_is_not_there_or_does_not_answer_holds_nothing_up() {
    assert_eq!(written(&opened(with_phy(X540, 32, 0))), []);
    assert_eq!(written(&opened(card(X540).stuck(MSCA, 0, COMMAND))), []);
}
