//! How a card is set up, and every way in which that can fail.

use bus::pci::Function;
use frame::RxQueue;

use super::bench::{Bench, RX, TX, memory, open_net, recall};
use super::card::{
    COMMON_CAPABILITY, Card, Config, DEVICE_CAPABILITY, NOTIFY_CAPABILITY, PACKED, Ticking, Window,
};
use crate::{Console, Error, Net};

const FAILED: u8 = 128;
const MEMORY: usize = Net::<Config, Window>::MEMORY;

fn open(function: &Function<'static, Config>, card: &Card) -> Option<Error> {
    let memory = memory(Net::<Config, Window>::MEMORY);
    open_net(function, &mut card.map(), memory).err()
}

/// Opens a card whose configuration space was changed.
fn open_with(change: impl FnOnce(&mut [u32; 64])) -> Option<Error> {
    let config = Config::of(0x1041);
    change(&mut config.0.borrow_mut());
    open(&config.function(), &Card::new(256))
}

/// Opens a card that behaves differently.
fn open_changed(change: impl FnOnce(&Card)) -> (Option<Error>, u8) {
    let card = Card::new(256);
    change(&card);
    let error = open(&Config::of(0x1041).function(), &card);
    let status = card.0.borrow().status;
    (error, status)
}

#[test]
fn a_card_is_set_up_without_interrupts_and_offloads() {
    let common = 1 << 5 | 1 << 16 | 1 << 17 | 1 << 18 | 1 << 22 | 1 << 32;
    for (bench, accepted) in Bench::each_new(256, 0).zip([common, common | PACKED]) {
        let state = bench.card.0.borrow();
        assert_eq!(state.accepted, accepted);
        assert_eq!(state.status, 15);
        assert_eq!(state.vectors, [0xFFFF; 4]);
        for ring in [RX, TX] {
            assert!(state.rings[ring].is_enabled && state.rings[ring].is_silent());
            let alignments = state.rings[ring].parts.map(|part| part % 64);
            assert_eq!(alignments, [0; 3]);
        }
    }
}

#[test]
fn a_card_reaches_memory_only_while_it_is_open() {
    let function = Config::of(0x1041).function();
    let is_bus_master = || function.read(0x04) & 1 << 2 != 0;
    let card = Card::new(256);
    card.0.borrow_mut().is_picky = true;
    assert!(open(&function, &card).is_some() && !is_bus_master());
    card.0.borrow_mut().is_picky = false;
    let memory = memory(Net::<Config, Window>::MEMORY);
    let opened = open_net(&function, &mut card.map(), memory).unwrap();
    assert!(is_bus_master());
    drop(opened);
    assert!(!is_bus_master());
}

#[test]
fn a_card_tells_its_address_and_its_link() {
    let bench = Bench::new(256, 0);
    assert_eq!(bench.net.mac(), Some([0x52, 0x54, 0, 0x12, 0x34, 0x56]));
    assert!(bench.net.is_link_up());
    bench.card.0.borrow_mut().own[6] = 0;
    assert!(!bench.net.is_link_up());
}

#[test]
fn a_card_that_cannot_tell_has_no_address_and_its_link_is_up() {
    let card = Card::new(256);
    card.0.borrow_mut().offered = 1 << 32;
    card.0.borrow_mut().own[6] = 0;
    let memory = memory(Net::<Config, Window>::MEMORY);
    let function = Config::of(0x1000).function();
    let opened = open_net(&function, &mut card.map(), memory);
    let (net, _, _) = opened.unwrap();
    assert_eq!((net.mac(), net.is_link_up()), (None, true));
}

#[test]
fn a_ring_is_a_power_of_two_no_larger_than_ours_or_the_devices() {
    for (offered, expected) in [(1, 1), (100, 64), (256, 256), (257, 256), (32_768, 256)] {
        let bench = Bench::new(offered, 0);
        let sizes = [RX, TX].map(|ring| bench.card.0.borrow().rings[ring].size);
        assert_eq!(sizes, [expected; 2], "{offered}");
    }
}

#[test]
fn a_function_of_another_kind_is_refused() {
    for device in [0x1001, 0x1003, 0x1042, 0x1043] {
        let error = open(&Config::of(device).function(), &Card::new(256));
        assert_eq!(error, Some(Error::WrongKind), "{device:#x}");
    }
    let function = Config::of(0x1041).function();
    let memory = memory(Console::<Config, Window>::MEMORY);
    let mut map = Card::new(256).map();
    let opened = Console::open(&function, &mut map, memory, &Ticking::default());
    assert_eq!(opened.err(), Some(Error::WrongKind));
}

#[test]
fn registers_that_are_missing_or_outside_of_the_memory_are_refused() {
    let refused = Some(Error::NoRegisters);
    for place in [COMMON_CAPABILITY, NOTIFY_CAPABILITY, DEVICE_CAPABILITY] {
        assert_eq!(open_with(|words| words[place] |= 0xFF), refused, "another id");
        assert_eq!(open_with(|words| words[place] &= 0xFF00_FFFF), refused, "too short");
        assert_eq!(open_with(|words| words[place + 1] = 0), refused, "no such BAR");
        assert_eq!(open_with(|words| words[place + 1] = 9), refused, "BAR 9");
        assert_eq!(open_with(|words| words[place + 2] = 0x3FF9), refused, "over the end");
        assert_eq!(open_with(|words| words[place + 2] = u32::MAX), refused, "past the end");
        assert_eq!(open_with(|words| words[place + 3] = u32::MAX), refused, "too long");
        assert_eq!(open_with(|words| words[place + 3] = 0), refused, "empty");
    }
    assert_eq!(open_with(|words| words[COMMON_CAPABILITY + 3] = 0x37), refused);
    assert_eq!(open_with(|words| words[DEVICE_CAPABILITY + 3] = 9), refused);
    assert_eq!(open_with(|words| words[NOTIFY_CAPABILITY + 3] = 5), refused, "second doorbell");
    assert_eq!(open_with(|words| words[NOTIFY_CAPABILITY + 4] = u32::MAX), refused);
    assert_eq!(open_with(|words| words[13] = 0), refused, "no list");
}

#[test]
fn the_first_of_several_places_for_the_same_registers_counts() {
    let error = open_with(|words| {
        words[DEVICE_CAPABILITY] = 0x0410_8009;
        words[0x80 / 4..0x90 / 4].copy_from_slice(&[0x0110_0009, 4, 0x1234, 0x38]);
    });
    assert_eq!(error, None);
}

#[test]
fn registers_that_cannot_be_mapped_are_an_error() {
    for mapped in 0..5 {
        let card = Card::new(256);
        let mut left = mapped;
        let mut map = card.map();
        let mut map = |address, len| {
            left -= 1;
            if left < 0 { None } else { map(address, len) }
        };
        let memory = memory(Net::<Config, Window>::MEMORY);
        let function = Config::of(0x1041).function();
        let opened = open_net(&function, &mut map, memory);
        assert_eq!(opened.err(), Some(Error::NotMapped), "{mapped}");
    }
}

#[test]
fn a_card_that_never_ends_its_reset_is_given_up() {
    let outcome = open_changed(|card| card.0.borrow_mut().never_resets = true);
    assert_eq!(outcome, (Some(Error::StuckInReset), 15));
}

#[test]
fn a_card_of_before_version_1_is_too_old() {
    let outcome = open_changed(|card| card.0.borrow_mut().offered = 0xFFFF_FFFF);
    assert_eq!(outcome, (Some(Error::TooOld), FAILED));
}

#[test]
fn a_card_may_refuse_the_features_it_offered() {
    let outcome = open_changed(|card| card.0.borrow_mut().is_picky = true);
    assert_eq!(outcome, (Some(Error::FeaturesRefused), FAILED));
}

#[test]
fn a_card_without_a_queue_is_refused() {
    for ring in [RX, TX] {
        let outcome = open_changed(|card| card.ring(ring, |ring| ring.size = 0));
        assert_eq!(outcome, (Some(Error::NoQueue), FAILED));
    }
}

#[test]
fn a_card_gets_as_many_pairs_of_queues_as_it_is_given_and_uses_all() {
    for card in [Card::with_pairs(4), Card::with_pairs(4).packing()] {
        let function = Config::of(0x1041).function();
        let (clock, map) = (Ticking::default(), &mut card.map());
        let mut net = Net::open(&function, &mut *map, recall(), &clock).unwrap();
        assert_eq!(net.most_pairs(), 4);
        let pairs = (0..3).map(|_| net.add_pair(&mut *map, memory(MEMORY)).unwrap());
        let pairs: Vec<_> = pairs.collect();
        net.start(&mut *map, memory(Net::<Config, Window>::CONTROL_MEMORY), &clock).unwrap();
        let state = card.0.borrow();
        assert_eq!((state.status, state.used_pairs, pairs.len()), (15, 3, 3));
        let enabled = state.rings.iter().map(|ring| ring.is_enabled).collect::<Vec<_>>();
        assert_eq!(enabled, [true, true, true, true, true, true, false, false, true]);
    }
}

#[test]
fn queues_are_as_large_as_is_wanted_unless_the_card_has_smaller_ones() {
    for (wanted, had) in [((64, 128), (64, 128)), ((4096, 512), (256, 256)), ((100, 0), (64, 1))] {
        let card = Card::new(256);
        let function = Config::of(0x1041).function();
        let mut net = Net::open(&function, &mut card.map(), recall(), &Ticking::default()).unwrap();
        net.limit_rings(wanted.0, wanted.1);
        let (rx, tx) = net.add_pair(&mut card.map(), memory(MEMORY)).unwrap();
        assert_eq!((rx.capacity(), tx.capacity()), had);
        let state = card.0.borrow();
        assert_eq!((u32::from(state.rings[0].size), u32::from(state.rings[1].size)), had);
    }
}

#[test]
fn a_card_that_can_be_told_so_receives_all_frames() {
    for bench in Bench::each_new(256, 0) {
        assert!(bench.card.0.borrow().receives_all);
    }
}

#[test]
fn a_card_that_cannot_be_told_anything_gets_no_queue_for_it() {
    // No queue for commands; one, but none of the commands that are of use.
    for missing in [1 << 17, 1 << 18 | 1 << 22] {
        let card = Card::new(256);
        card.0.borrow_mut().offered &= !missing;
        assert_eq!(open(&Config::of(0x1041).function(), &card), None);
        let state = card.0.borrow();
        assert_eq!((state.status, state.receives_all), (15, false));
        assert!(!state.rings[2].is_enabled);
    }
}

#[test]
fn a_card_that_does_not_receive_all_frames_is_refused() {
    for answer in [Some(1), None] {
        let outcome = open_changed(|card| card.0.borrow_mut().answer = answer);
        assert_eq!(outcome, (Some(Error::CommandRefused), FAILED), "{answer:?}");
    }
}

#[test]
fn a_queue_for_commands_has_room_for_one_or_the_card_is_refused() {
    let outcome = open_changed(|card| card.ring(2, |ring| ring.size = 1));
    assert_eq!(outcome, (Some(Error::NoQueue), FAILED));
}

#[test]
fn a_card_has_no_more_pairs_than_it_says() {
    let card = Card::with_pairs(1);
    let function = Config::of(0x1041).function();
    let (clock, map) = (Ticking::default(), &mut card.map());
    let mut net = Net::open(&function, &mut *map, recall(), &clock).unwrap();
    assert!(net.add_pair(&mut *map, memory(MEMORY)).is_ok());
    assert_eq!(net.add_pair(&mut *map, memory(MEMORY)).err(), Some(Error::NoQueue));
}

#[test]
fn a_command_that_is_refused_or_never_answered_is_an_error() {
    let answers = [Some(1), Some(0xff), None].into_iter();
    for (answer, is_packed) in answers.flat_map(|answer| [(answer, false), (answer, true)]) {
        let card = Card::with_pairs(2);
        let card = if is_packed { card.packing() } else { card };
        card.0.borrow_mut().answer = answer;
        let function = Config::of(0x1041).function();
        let (clock, map) = (Ticking::default(), &mut card.map());
        let mut net = Net::open(&function, &mut *map, recall(), &clock).unwrap();
        let _pairs = [0, 1].map(|_| net.add_pair(&mut *map, memory(MEMORY)).unwrap());
        let memory = memory(Net::<Config, Window>::CONTROL_MEMORY);
        let started = net.start(&mut *map, memory, &clock);
        assert_eq!(started, Err(Error::CommandRefused), "{answer:?}");
        assert_eq!(card.0.borrow().status & FAILED, FAILED);
    }
}

#[test]
fn too_little_memory_is_an_error() {
    let card = Card::new(256);
    let function = Config::of(0x1041).function();
    let memory = memory(Net::<Config, Window>::MEMORY - 128);
    let opened = open_net(&function, &mut card.map(), memory);
    assert_eq!(opened.err(), Some(Error::NoMemory));
}
