//! The 82599 and what came of it: how a card is brought up.

use super::module::{plug, store, unplug};
use super::played::{Access, CTRL, Played, STATUS, Step};
use crate::Error;

const RDRXCTL: usize = 0x2f00;
const RXCTRL: usize = 0x3000;
const LINKS: usize = 0x42a4;
const ANLP1: usize = 0x42b0;
const DMATXCTL: usize = 0x4a80;
const SECRXCTRL: usize = 0x8d00;
const SECRXSTAT: usize = 0x8d04;
const EEC: usize = 0x1_0010;
const SWSM: usize = 0x1_0140;
const SW_FW_SYNC: usize = 0x1_0160;
const GCR_EXT: usize = 0x1_1050;

const RST: u32 = 1 << 26;
const LRST: u32 = 1 << 3;
const ENABLE: u32 = 1 << 25;

const SFP: u16 = 0x10fb;
const BACKPLANE: u16 = 0x10f8;
const X540: u16 = 0x1528;
const X550: u16 = 0x1563;

/// A card with all that bring-up waits for.
pub(super) fn card(device: u16) -> Played {
    let card = Played::new(device);
    card.holds(EEC, 1 << 8 | 1 << 9).holds(RDRXCTL, 1 << 3).holds(ANLP1, 1 << 16);
    card.stuck(RDRXCTL, 0, 1 << 3).sets(SWSM, 1);
    card.on(SECRXCTRL, |words, access| {
        if let Access::Written(value) = access {
            words.insert(SECRXSTAT, value >> 1 & 1);
        }
    });
    if device == X540 || device == X550 {
        card.sets(SW_FW_SYNC, 1 << 31);
    }
    for counter in (0x3fa0..0x3fc0).chain(0x4000..0x4140).step_by(4) {
        card.clears(counter);
    }
    for queue in 0..16 {
        card.clears(0x1430 + 0x40 * queue).clears(0x1030 + 0x40 * queue);
        card.clears(0x1034 + 0x40 * queue).clears(0x1038 + 0x40 * queue);
        card.clears(0x6030 + 0x40 * queue).clears(0x8700 + 8 * queue).clears(0x8704 + 8 * queue);
    }
    store(&card, &[]);
    unplug(&card);
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

fn reads(offset: usize, bits: u32) -> impl Fn(Step) -> bool {
    move |step| matches!(step, Step::Read(at, value) if at == offset && value & bits == bits)
}

#[test]
fn a_card_masters_the_bus_only_after_its_reset_and_before_its_queues() {
    for device in [SFP, BACKPLANE, X540, X550] {
        let card = opened(device, 2);
        let masters = card.first(|step| step == Step::Masters(true));
        let reset = card.last(|step| writes(CTRL, RST)(step) || writes(CTRL, LRST)(step));
        assert!(reset < masters, "{device:x}");
        assert!(masters < card.first(writes(0x6028, ENABLE)));
        assert_eq!(card.steps().last(), Some(&Step::Masters(false)), "a card that was dropped");
    }
}

#[test]
fn interrupts_are_masked_before_and_after_the_reset() {
    let card = opened(SFP, 1);
    let reset = card.first(writes(CTRL, LRST));
    assert!(card.first(writes(0x888, u32::MAX)) < reset);
    assert!(card.last(writes(0x888, u32::MAX)) > reset && card.last(reads(0x800, 0)) > reset);
    assert!(card.written(0x880).is_empty(), "EIMS masks nothing");
}

#[test]
fn all_queues_are_stopped_before_the_reset() {
    let card = opened(SFP, 1);
    let reset = card.first(writes(CTRL, LRST));
    for queue in 0..128 {
        let receive = if queue < 64 { 0x1028 + 0x40 * queue } else { 0xd028 + 0x40 * (queue - 64) };
        assert!(card.first(writes(0x6028 + 0x40 * queue, 1 << 26)) < reset);
        assert!(card.first(writes(receive, 1 << 26)) < reset);
    }
    assert!(card.first(writes(RXCTRL, 0)) < reset);
}

#[test]
fn what_comes_in_is_let_in_only_while_the_security_block_keeps_it_out() {
    let card = opened(SFP, 1);
    let (halt, halted) = (card.first(writes(SECRXCTRL, 2)), card.first(reads(SECRXSTAT, 1)));
    let enable = card.first(writes(RXCTRL, 1));
    let resume = card.last(writes(SECRXCTRL, 0));
    assert!(halt < halted && halted < enable && enable < resume);
    assert_eq!(card.word(SECRXCTRL) & 2, 0);
    assert_eq!(card.word(RXCTRL) & 1, 1);
    assert!(opened(X540, 1).written(SECRXCTRL).is_empty(), "only the 82599 needs it");
}

#[test]
fn the_way_out_is_open_before_its_first_queue_starts() {
    let card = opened(SFP, 4);
    let open = card.first(writes(DMATXCTL, 1));
    for queue in 0..4 {
        let control = 0x6028 + 0x40 * queue;
        assert!(open < card.first(writes(control, ENABLE)));
        assert_eq!(card.word(control), ENABLE | 1 << 8 | 32, "nothing is written back unasked");
    }
}

#[test]
fn heads_and_tails_are_0_when_a_queue_starts_and_tails_are_left_to_the_rings() {
    let card = opened(SFP, 3);
    for queue in 0..3 {
        for (block, is_receive) in [(0x1000 + 0x40 * queue, true), (0x6000 + 0x40 * queue, false)] {
            let starts = card.first(writes(block + 0x28, ENABLE));
            let started = card.first(reads(block + 0x28, ENABLE));
            assert!(card.last(writes(block + 0x18, 0)) < starts, "the tail");
            let head = card.last(writes(block + 0x10, 0));
            assert!(if is_receive { head > started } else { head < starts }, "the head");
            assert_eq!(card.written(block + 0x18), [0]);
            assert_eq!(card.word(block + 0x08), 8192, "bytes of a ring");
        }
    }
}

#[test]
fn frames_go_into_one_buffer_each_or_are_dropped_and_are_never_longer_than_that() {
    let card = opened(SFP, 2);
    for queue in 0..2 {
        assert_eq!(card.word(0x1014 + 0x40 * queue), 0x1200_0002, "SRRCTL");
    }
    assert_eq!(card.word(0x4268) >> 16, 1518, "MAXFRS");
    assert_eq!(card.word(0x4240) & 0b111, 0b011, "HLREG0: no jumbo frames, checksums both ways");
    assert_eq!(card.word(RDRXCTL) & 2, 2, "checksums are stripped here as well");
    assert_eq!(card.word(0x5080) & 0x702, 0x700, "FCTRL");
    let filters = card.last(writes(0x5080, 0x700));
    assert!(filters < card.first(writes(RXCTRL, 1)), "while nothing comes in");
}

#[test]
fn direct_access_to_caches_is_off_even_if_firmware_had_it_on() {
    let card = card(SFP);
    card.holds(0x100c, u32::MAX).holds(0x600c, u32::MAX).open_with(1, |_| ()).0.unwrap();
    assert_eq!(card.word(0x100c) & 0xb0e0, 0, "DCA_RXCTRL");
    assert_eq!(card.word(0x600c) & 0x0820, 0, "DCA_TXCTRL");
    assert_eq!(card.word(0x1_1074), 1, "DCA_CTRL");
}

#[test]
fn one_packet_buffer_has_all_room_and_the_arbiter_rests_meanwhile() {
    for (device, room) in [(SFP, 512), (X540, 384), (X550, 384)] {
        let card = opened(device, 1);
        let rooms: Vec<u32> = (0..8).map(|buffer| card.word(0x3c00 + 4 * buffer) >> 10).collect();
        assert_eq!(rooms, [room, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(card.word(0xcc00), 160 << 10);
        assert_eq!(card.word(0x8100), 0xfff, "DTXMXSZRQ");
        let queues = card.first(writes(0x8120, 0));
        assert!(card.first(writes(0x4900, 1 << 6)) < queues);
        assert_eq!(card.word(0x4900), 0);
    }
}

#[test]
fn the_table_of_queues_gives_each_its_share() {
    for pairs in 1..=16 {
        let card = opened(X550, pairs);
        let words = (0x5c00..0x5c80).chain(0xee80..0xf000).step_by(4);
        let table: Vec<u8> = words.flat_map(|word| card.word(word).to_le_bytes()).collect();
        assert_eq!(table.len(), 512);
        for (half, len) in [(&table[..128], 128), (&table[..], 512)] {
            for queue in 0..pairs {
                let share = half.iter().filter(|entry| usize::from(**entry) == queue).count();
                assert!(share == len / pairs || share == len / pairs + 1, "{pairs}: {queue}");
            }
        }
        assert_eq!(card.word(0x5818), 0x00f3_0001, "MRQC");
        assert!((0..10).all(|word| card.word(0x5c80 + 4 * word) == 0x5a6d_5a6d), "RSSRK");
        assert_eq!(card.word(0x5000) & 1 << 13, 1 << 13, "RXCSUM");
    }
    assert!(opened(SFP, 2).written(0xee80).is_empty(), "only the X550 has the rest");
}

#[test]
fn more_queues_are_not_handed_out_than_frames_can_be_spread_over() {
    let (pairs, _) = card(SFP).open_with(64, |card| card.pairs());
    assert_eq!(pairs, Ok(16));
    assert_eq!(card(SFP).open_with(0, |card| card.pairs()).0, Err(Error::NoMemory));
}

#[test]
fn counters_of_queues_are_of_their_own_number() {
    let card = opened(SFP, 16);
    for (first, word) in [(0, 0x0302_0100), (1, 0x0706_0504), (3, 0x0f0e_0d0c)] {
        assert_eq!(card.word(0x2300 + 4 * first), word);
        assert_eq!(card.word(0x8600 + 4 * first), word);
    }
}

#[test]
fn a_link_that_is_up_or_shared_outlives_the_reset() {
    let resets = |card: Played| {
        card.open_with(1, |_| ()).0.unwrap();
        let is_reset = |value: &u32| value & (RST | LRST) != 0;
        let resets = card.written(CTRL).into_iter().filter(is_reset).map(|it| it & (RST | LRST));
        resets.collect::<Vec<u32>>()
    };
    assert_eq!(resets(card(SFP)), [LRST]);
    assert_eq!(resets(card(SFP).holds(LINKS, 1 << 30)), [RST]);
    let managed = card(SFP).holds(0x1_0148, 4).holds(0x5820, 1 << 17);
    assert_eq!(resets(managed), [RST]);
    assert_eq!(resets(card(SFP).holds(0x42d0, 1)), [RST], "firmware has a veto");
    assert_eq!(resets(card(X540)), [RST]);
}

#[test]
fn a_card_that_keeps_the_bus_busy_is_reset_twice() {
    let card = card(SFP).stuck(STATUS, 0, 1 << 19);
    let (outcome, time) = card.open_with(1, |_| ());
    assert_eq!(outcome, Ok(()));
    let resets = card.written(CTRL).into_iter().filter(|value| value & LRST != 0).count();
    assert_eq!(resets, 2);
    let cleared = card.first(writes(GCR_EXT, 1 << 30));
    assert!(cleared < card.first(writes(CTRL, LRST)));
    assert_eq!(card.word(GCR_EXT), 0);
    assert!(time < 1000, "{time} ms");
}

#[test]
fn a_card_that_is_still_in_a_reset_does_not_begin_another_by_being_kept_quiet() {
    let card = card(SFP).stuck(CTRL, 0, RST | LRST);
    assert_eq!(card.error().0, Some(Error::StuckInReset));
    assert_eq!(card.written(CTRL)[0], 1 << 2);
}

#[test]
fn the_transceiver_is_ours_while_an_x540_is_reset() {
    for (status, bit) in [(0, 1 << 1), (1 << 2, 1 << 2)] {
        let card = card(X540).stuck(STATUS, 1 << 2, status);
        card.open_with(1, |_| ()).0.unwrap();
        let (taken, reset) = (card.first(writes(SW_FW_SYNC, bit)), card.first(writes(CTRL, RST)));
        let steps = card.steps();
        let gives =
            |step: &Step| matches!(step, Step::Write(SW_FW_SYNC, value) if value & bit == 0);
        let given = taken + steps[taken..].iter().position(gives).expect("it is given back");
        assert!(taken < reset && reset < given);
        assert_eq!((card.word(SW_FW_SYNC) & 0x7fff_ffff, card.word(SWSM)), (0, 0));
    }
}

#[test]
fn what_the_dead_hold_is_taken_from_them() {
    // Firmware's bit of the transceiver, and the driver's bit of both.
    for held in [1 << 6, 1 << 1] {
        let card = card(X540).holds(SW_FW_SYNC, held).holds(SWSM, 1);
        let (outcome, time) = card.open_with(1, |_| ());
        assert_eq!(outcome, Ok(()), "{held:x}");
        assert!((1000..2500).contains(&time), "{time} ms");
    }
}

#[test]
fn every_wait_that_never_ends_has_its_error_within_its_limit() {
    let cases = [
        (card(SFP).stuck(CTRL, 0, LRST), Error::StuckInReset, 120),
        (card(SFP).holds(LINKS, 1 << 30).stuck(CTRL, 0, RST), Error::StuckInReset, 120),
        (card(X550).stuck(CTRL, 0, RST), Error::StuckInReset, 120),
        (card(SFP).stuck(EEC, 1 << 9, 0), Error::NoSettings, 170),
        (card(SFP).stuck(RDRXCTL, 1 << 3, 0), Error::NoDma, 170),
        (card(SFP).stuck(0x1028, ENABLE, 0), Error::StuckQueue, 100),
        (card(SFP).stuck(0x6028, ENABLE, 0), Error::StuckQueue, 100),
        (card(X540).stuck(0x6028, ENABLE, 0), Error::StuckQueue, 150),
        (card(SFP).stuck(SECRXSTAT, 1, 0), Error::StuckReceive, 130),
        (card(X540).stuck(SWSM, 0, 1), Error::NoSemaphore, 220),
        (card(X540).stuck(SW_FW_SYNC, 0, 1 << 31), Error::NoSemaphore, 220),
    ];
    for (card, error, limit) in cases {
        let (found, time) = card.error();
        assert_eq!(found, Some(error));
        assert!(time <= limit, "{error:?}: {time} ms");
        let masters = card.steps().into_iter().rev().find(|it| matches!(it, Step::Masters(_)));
        assert_ne!(masters, Some(Step::Masters(true)), "it is kept off the bus");
    }
}

#[test]
fn a_card_that_is_gone_is_an_error_at_any_moment() {
    for device in [BACKPLANE, X540] {
        let total = opened(device, 1).steps().len() - 2;
        for accesses in (0..total).step_by(7).chain(total - 100..total) {
            let (error, time) = card(device).gone_after(accesses).error();
            assert_eq!(error, Some(Error::Gone), "after {accesses} of {total}");
            assert!(time < 3000, "{time} ms");
        }
    }
}

#[test]
fn a_card_that_is_gone_while_its_module_is_read_is_an_error_as_well() {
    let with_module = || {
        let card = card(SFP);
        plug(&card, &[(0, 3), (3, 0x10)]);
        card
    };
    let card = with_module();
    card.open_with(1, |_| ()).0.unwrap();
    let total = card.steps().len() - 2;
    for accesses in (0..total).step_by(29).chain(total - 20..total) {
        let (error, _) = with_module().gone_after(accesses).error();
        assert_eq!(error, Some(Error::Gone), "after {accesses} of {total}");
    }
}

#[test]
fn a_card_has_its_own_address() {
    let (mac, _) = card(SFP).open_with(1, |card| card.mac());
    assert_eq!(mac, Ok(Some([0x00, 0x11, 0x22, 0x33, 0x44, 0x55])));
    let (mac, _) = card(SFP).holds(0x5404, 0x5544).open_with(1, |card| card.mac());
    assert_eq!(mac, Ok(None), "one that is not valid");
}

#[test]
fn registers_are_shown_without_changing_any() {
    let card = card(SFP);
    let (shown, _) = card.open_with(2, |opened| {
        let before = card.steps().len();
        let all = (0..).map_while(|index| opened.register(index));
        let shown: Vec<_> = all.map(|it| (it.name, it.offset, it.value)).collect();
        assert!(card.steps()[before..].iter().all(|step| matches!(step, Step::Read(..))));
        shown
    });
    let shown = shown.unwrap();
    assert!(shown.contains(&("RXCTRL", RXCTRL, 1)));
    assert!(shown.contains(&("TXDCTL", 0x6068, card.word(0x6068))));
    for forbidden in [0x800, SWSM, SW_FW_SYNC, 0x3fa0, 0x4000, 0x1430] {
        assert!(shown.iter().all(|(_, offset, _)| *offset != forbidden), "{forbidden:x}");
    }
}
