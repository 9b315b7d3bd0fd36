//! The console takes bytes and never waits.

use super::bench::{TX, memory};
use super::card::{Card, Config, Ticking, Window};
use super::ring;
use crate::{Console, Lies};

fn console(card: &Card) -> Console<'static, Config, Window> {
    let memory = memory(Console::<Config, Window>::MEMORY);
    let function = Config::of(0x1043).function();
    Console::open(&function, &mut card.map(), memory, &Ticking::default()).unwrap()
}

/// The device prints all it was given.
fn print(card: &Card) -> Vec<u8> {
    let mut printed = Vec::new();
    while let Some(offer) = card.ring(TX, |ring| ring.next()) {
        assert!(!offer.is_for_writing);
        printed.extend(ring::read(offer.address, offer.len));
        card.ring(TX, |ring| ring.put(offer.id.into(), 0));
    }
    printed
}

#[test]
fn what_is_written_is_printed() {
    let card = Card::new(128);
    let mut console = console(&card);
    let text: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    let mut printed = Vec::new();
    let mut sent = 0;
    while sent < text.len() {
        let end = text.len().min(sent + 1000);
        let taken = console.write(&text[sent..end]);
        assert_eq!(taken, end - sent);
        sent += taken;
        printed.append(&mut print(&card));
    }
    assert_eq!(printed, text);
    assert_eq!(console.lies_by_kind(), Lies::default());
}

#[test]
fn a_console_that_prints_nothing_takes_what_its_buffers_hold() {
    let card = Card::new(128);
    let mut console = console(&card);
    let text = [b'x'; 10_000];
    assert_eq!(console.write(&text), 32 * 256);
    assert_eq!(console.write(&text), 0);
    assert_eq!(card.doorbells(1), 1);
    assert_eq!(print(&card), text[..32 * 256]);
    assert_eq!(console.write(b"again"), 5);
    assert_eq!(print(&card), b"again");
}

#[test]
fn nothing_to_write_rings_no_doorbell() {
    let card = Card::new(128);
    assert_eq!(console(&card).write(b""), 0);
    assert_eq!(card.doorbells(1), 0);
}

#[test]
fn a_console_asks_for_nothing_but_version_1() {
    let card = Card::new(16);
    let mut console = console(&card);
    assert_eq!(card.0.borrow().accepted, 1 << 32);
    assert_eq!(console.write(&[b'x'; 10_000]), 16 * 256, "as many buffers as descriptors");
}

#[test]
fn a_console_that_lies_is_counted_and_then_not_written_to() {
    let card = Card::new(128);
    let mut console = console(&card);
    console.write(b"one");
    card.ring(TX, |ring| ring.put(77, 0));
    console.write(b"two");
    assert_eq!(console.lies_by_kind(), Lies { id_not_given: 1, ..Lies::default() });
    card.ring(TX, |ring| ring.jump(100));
    assert_eq!(console.write(b"three"), 0);
    assert_eq!(console.lies_by_kind().index_jump, 1);
}
