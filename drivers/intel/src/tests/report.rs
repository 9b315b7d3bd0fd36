//! What cards tell of a link that is down, and that none of that holds up boot.

use std::cell::Cell;

use super::module::{plug, store, unplug};
use super::played::{Access, Played};
use super::{igb, ixgbe};
use crate::{Cause, Link, Medium, Signal};

const MDIC: usize = 0x20;
const ESDP: usize = 0x20;
const I2CCTL: usize = 0x28;
const LINKS: usize = 0x42a4;
const PCS_LSTS: usize = 0x420c;
const SWSM: usize = 0x5b50;
const SW_FW_SYNC: usize = 0x5b5c;
/// Its bit for the transceiver of port 0; that of firmware is five higher.
const SHARED: u32 = 1 << 1;

const SFP: u16 = 0x10fb;
const BACKPLANE: u16 = 0x10f8;
const X540: u16 = 0x1528;
const M82574: u16 = 0x10d3;
const M82576: u16 = 0x10c9;

/// LINKS: the modes, and what is received in the serial one.
const SERIAL: u32 = 2 << 26;
const NEGOTIATED: u32 = 3 << 26;
const LIGHT: u32 = 1 << 12;
const LOCK: u32 = 1 << 4;
const ERRORS: u32 = 1 << 3;

/// How many ms a report may take.
const LOOK: u64 = 50;

/// A module for light over short ways, and one that no link is made over.
const SR: [(u8, u8); 2] = [(0, 3), (3, 0x10)];
const QSFP: [(u8, u8); 1] = [(0, 0x0d)];

/// A card with a module of these bytes.
fn with_module(bytes: &[(u8, u8)]) -> Played {
    let card = ixgbe::card(SFP).holds(ESDP, 1 << 2);
    plug(&card, bytes);
    card
}

fn cause(card: &Played) -> Option<Cause> {
    card.report().cause
}

#[test]
fn a_link_over_light_tells_why_it_is_down() {
    let empty = ixgbe::card(SFP).holds(LINKS, SERIAL | LIGHT);
    assert_eq!(cause(&empty), Some(Cause::NoModule), "noise is no light");
    assert_eq!(cause(&with_module(&QSFP)), Some(Cause::NotSupported));
    let silent = ixgbe::card(SFP).holds(ESDP, 1 << 2).holds(LINKS, SERIAL);
    unplug(&silent);
    assert_eq!(cause(&silent), Some(Cause::NoSignal), "a module whose memory does not answer");
    let cases = [
        (SERIAL, Cause::NoSignal),
        (SERIAL | LOCK, Cause::NoSignal),
        (SERIAL | LIGHT, Cause::NoLock),
        (SERIAL | LIGHT | LOCK | ERRORS, Cause::Errors),
        (SERIAL | LIGHT | LOCK, Cause::NotHeard),
        // 1 Gb/s: signal, synchronization, negotiation and its end.
        (0, Cause::NoSignal),
        (1, Cause::NoLock),
        (1 | 1 << 18, Cause::NotHeard),
        (1 | 1 << 18 | 1 << 20, Cause::Negotiating),
        (1 | 1 << 18 | 1 << 20 | 1 << 31, Cause::NotHeard),
    ];
    for (links, expected) in cases {
        assert_eq!(cause(&with_module(&SR).holds(LINKS, links)), Some(expected), "{links:#x}");
    }
}

#[test]
fn a_backplane_tells_of_its_lanes_and_of_negotiation() {
    let report = |links| ixgbe::card(BACKPLANE).holds(LINKS, links).report();
    let cases = [
        (NEGOTIATED, 0, Cause::NoSignal),
        (NEGOTIATED | 0x300, 0b0011, Cause::Negotiating),
        (NEGOTIATED | 1 << 31 | 0xf00, 0b1111, Cause::NoLock),
        (1 << 26 | 0xf00 | 1 << 17, 0b1111, Cause::NotHeard),
    ];
    for (links, lanes, expected) in cases {
        let report = report(links);
        let signal = Signal { lanes, most: 4, is_locked: links & 1 << 17 != 0 };
        assert_eq!((report.signal, report.cause), (Some(signal), Some(expected)), "{links:#x}");
        assert_eq!((report.medium, report.module), (Medium::Backplane, None));
    }
}

#[test]
fn a_link_that_is_up_has_no_cause_to_be_down() {
    let up = with_module(&SR).holds(LINKS, 7 << 28 | SERIAL | LIGHT | LOCK).report();
    assert_eq!((up.link, up.cause), (Link { is_up: true, speed: 10_000 }, None));
    assert_eq!(up.signal, Some(Signal { lanes: 1, most: 1, is_locked: true }));
    let twisted = ixgbe::card(X540).holds(LINKS, 7 << 28).report();
    assert_eq!((twisted.medium, twisted.cause, twisted.signal), (Medium::TwistedPair, None, None));
    assert_eq!(cause(&ixgbe::card(X540)), Some(Cause::NoCarrier));
}

#[test]
fn a_module_tells_its_kind_its_maker_and_its_part() {
    let named = |codes: &[(u8, u8)]| {
        let vendor = (20..).zip(*b"Intel Corp      ");
        let part = (40..).zip(*b"FTLX8571D3BCV-IT");
        let bytes: Vec<_> = codes.iter().copied().chain(vendor).chain(part).collect();
        let module = with_module(&bytes).report().module.unwrap();
        assert_eq!((module.vendor(), module.part()), ("Intel Corp", "FTLX8571D3BCV-IT"));
        (module.kind, module.is_supported)
    };
    assert_eq!(named(&SR), ("10GBASE-SR", true));
    assert_eq!(named(&[(0, 3), (3, 0x20)]), ("10GBASE-LR", true));
    assert_eq!(named(&[(0, 3), (3, 0x80)]), ("10GBASE-ER", false));
    assert_eq!(named(&[(0, 3), (8, 0x04)]), ("passive cable", true));
    assert_eq!(named(&[(0, 3), (8, 0x08)]), ("active cable", false));
    assert_eq!(named(&[(0, 3), (6, 0x08)]), ("1000BASE-T", true));
    assert_eq!(named(&QSFP), ("no SFP+", false));
}

#[test]
fn the_transceiver_of_a_1g_card_tells_whether_anybody_is_heard() {
    // What it holds: status, and what is known of the other end.
    let with_phy = |device, status: u32, expansion: u32| {
        igb::card(device).on(MDIC, move |words, access| {
            let Access::Written(value) = access else { return };
            let held = [0x1140, status, 0, 0, 0, 0, expansion][(value >> 16 & 0x1f) as usize];
            words.insert(MDIC, value & !0xffff | 1 << 28 | held);
        })
    };
    for device in [M82574, M82576] {
        let cases =
            [(0, 0, Cause::NoCarrier), (0, 1, Cause::Negotiating), (1 << 5, 1, Cause::NoCarrier)];
        for (status, expansion, expected) in cases {
            let report = with_phy(device, status, expansion).report();
            assert_eq!((report.medium, report.cause), (Medium::TwistedPair, Some(expected)));
        }
        let silent = igb::card(device).on(MDIC, |words, access| {
            if access == Access::Reading {
                words.insert(MDIC, 0);
            }
        });
        assert_eq!(cause(&silent), Some(Cause::NoCarrier));
    }
    let serdes = |status| igb::card(M82576).stuck(0x18, 0, 3 << 22).holds(PCS_LSTS, status);
    assert_eq!(serdes(0).report().medium, Medium::Serdes);
    let causes = [0, 1 << 4, 1 << 4 | 1 << 16].map(|status| cause(&serdes(status)).unwrap());
    assert_eq!(causes, [Cause::NoSignal, Cause::Negotiating, Cause::NotHeard]);
}

/// The card's lock is free only at each 90th look, which is after 4.5 ms.
fn late(card: Played) -> Played {
    let looks = Cell::new(0);
    card.on(SWSM, move |words, access| {
        if access == Access::Reading {
            looks.set((looks.get() + 1) % 90);
            let word = words.entry(SWSM).or_default();
            *word = *word & !1 | u32::from(looks.get() != 0);
        }
    })
}

#[test]
fn firmware_that_keeps_the_transceiver_holds_no_report_up() {
    let firmware = SHARED << 5;
    type Fault = fn(&Played);
    let cases: [(u16, Fault); 5] = [
        (M82574, |card| drop(card.stuck(0xf00, 1 << 5, 0))),
        (M82576, |card| drop(card.stuck(SWSM, 0, 1))),
        (M82576, |card| drop(card.stuck(SWSM, 1 << 1, 0))),
        (M82576, |card| drop(card.stuck(SW_FW_SYNC, 0, SHARED << 5))),
        // Each lock is had, but late.
        (M82576, |card| drop(late(card.stuck(SW_FW_SYNC, 0, SHARED << 5)))),
    ];
    for (device, keep) in cases {
        let card = igb::card(device);
        let (report, time) = card.report_with(keep);
        assert_eq!(report.cause, Some(Cause::Kept), "{device:x}");
        assert!(time <= LOOK, "{device:x}: {time} ms");
        assert_eq!(card.word(SW_FW_SYNC) & !firmware, 0, "nothing is kept");
    }
}

#[test]
fn a_transceiver_is_asked_though_what_the_driver_held_could_not_be_given_back() {
    let card = igb::card(M82576);
    let (report, time) = card.report_with(|card| drop(card.holds(SW_FW_SYNC, SHARED)));
    assert_eq!((report.cause, card.word(SW_FW_SYNC)), (Some(Cause::NoCarrier), 0));
    assert!(time < 10, "{time} ms");
}

#[test]
fn no_cage_holds_up_boot_whatever_is_in_it() {
    let empty = ixgbe::card(SFP);
    let stuck = with_module(&SR).stuck(I2CCTL, 1, 0);
    let unlit = with_module(&SR).holds(LINKS, SERIAL);
    for (what, card) in
        [("empty", empty), ("unknown", with_module(&QSFP)), ("stuck", stuck), ("unlit", unlit)]
    {
        let (outcome, time) = card.open_with(1, |card| card.link().is_up);
        assert_eq!(outcome, Ok(false), "{what}");
        assert!(time < 300, "{what}: {time} ms");
    }
}

#[test]
fn a_card_that_is_gone_says_so_and_is_not_waited_for() {
    for card in [ixgbe::card(SFP), ixgbe::card(X540), igb::card(M82574), igb::card(M82576)] {
        store(&card, &[]);
        let (report, time) = card.report_with(|card| drop(card.gone_after(0)));
        assert_eq!((report.link, report.cause), (Link::default(), Some(Cause::Gone)));
        assert!(time <= LOOK, "{time} ms");
    }
}
