//! Recordings of earlier versions are read for good.
//!
//! `golden/v1.hex` holds one frame of each kind as version 1 wrote it, a line each. Layouts never
//! change, so it never does; a new kind gets a line of its own in a new file.

use super::*;
use crate::events::Loss;
use crate::stolen::Readings;
use crate::time::{Timebase, Utc};
use crate::{Iteration, Millisecond, Reasons, Room};

const V1: &str = include_str!("golden/v1.hex");

fn iteration() -> Iteration {
    let iteration = Iteration {
        number: 70_000,
        start: 123_456_789_012,
        cycles: 250_000,
        packets: 32,
        batches: 1,
        sent: 31,
        dropped: 1,
        fill: 300,
        deepest: 2,
        reasons: Reasons::DURATION.and(Reasons::FILL),
        upcalls: 4,
        lost: 1,
        flags: crate::Flags::SMI.and(crate::Flags::DROP),
        tx_dropped: 1,
        ..Iteration::default()
    };
    Room::ALL
        .into_iter()
        .skip(1)
        .zip(100..)
        .fold(iteration, |it, (room, cycles)| it.with_room(room, cycles))
}

/// One draft of each kind.
fn drafts() -> Vec<Draft> {
    let utc = Utc { count: 5, nanos: 1_764_288_000_000_000_000, error: 500_000_000, drift: 20 };
    let base = Timebase { hertz: 2_500_000_000, boot: 1000, utc: Some(utc) };
    let build = core::array::from_fn(|i| i as u8);
    let readings = Readings([Some(1), None, Some(300), Some(400), None, Some(0)]);
    let loss = Some(Loss { frames: 9, between: [10, 20] });
    let (event, at) = (3, 123_456_999_999);
    let suspect =
        Suspect { event, core: 1, iteration: iteration(), has_rooms: true, readings, loss };
    let heading = Heading { event, number: 69_998, end: 123_456_000_000 };
    let millisecond = Millisecond {
        number: 49_382,
        iterations: 500,
        cycles: 2_500_000,
        packets: 64,
        fill: 300,
        ..Default::default()
    };
    let head = (Table::Histogram(4), 1_u16, at, 0_u16);
    vec![
        of(Kind::Log, |draft| assert_eq!(draft.add_bytes(b"\x01\x02\x03"), 3)),
        of(Kind::Greeting, |draft| {
            add(draft, &Greeting { version: VERSION, build, base, at });
        }),
        of(Kind::Fact, |draft| {
            add(draft, &Fact { about: "port 0", name: "driver", value: "ixgbe" });
        }),
        of(Kind::Suspect, |draft| {
            add(draft, &suspect);
        }),
        of(Kind::Rows, |draft| {
            add(draft, &heading);
            add(draft, &Row::of(&iteration(), &heading));
        }),
        of(Kind::Whole, |draft| {
            add(draft, &Whole { event, suspects: 1, rows: 11, missing: 2, is_cut: false });
        }),
        of(Kind::Note, |draft| {
            add(draft, &Note { event, at, text: "cable pulled" });
        }),
        of(Kind::Milliseconds, |draft| {
            add(draft, &1_u16);
            add(draft, &millisecond);
        }),
        of(Kind::Amounts, |draft| {
            add(draft, &head);
            add(draft, &Amount { skipped: 7, count: 1 << 40 });
        }),
        of(Kind::Names, |draft| {
            add(draft, &(Table::Ledger, 1_u16, 0_u16));
            add(draft, &"received port 0");
        }),
        of(Kind::Gap, |draft| {
            add(draft, &Gap { kind: Kind::Amounts as u8, count: 12 });
        }),
        of(Kind::Crash, |draft| assert_eq!(draft.add_bytes(b"panic at here"), 13)),
    ]
}

fn of(kind: Kind, fill: impl FnOnce(&mut Draft)) -> Draft {
    let mut draft = Draft::new(kind, PAYLOAD);
    fill(&mut draft);
    draft
}

fn add(draft: &mut Draft, value: &impl serde::Serialize) {
    draft.add(value).unwrap();
}

/// The drafts as lines of hexadecimal digits, each a stuffed frame.
fn lines() -> Vec<String> {
    let lines = (0..).zip(drafts()).map(|(sequence, draft)| {
        let mut line = [0; LINE];
        let frame = Frame { sequence, kind: draft.kind(), payload: draft.payload() };
        let len = encode(&frame, &mut line);
        line[..len].iter().map(|byte| format!("{byte:02x}")).collect()
    });
    lines.collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[test]
fn messages_are_laid_out_as_they_were_in_the_first_version() {
    assert_eq!(lines(), V1.lines().collect::<Vec<_>>());
}

#[test]
fn the_first_version_is_read_and_every_kind_is_in_it() {
    let mut scanner = Scanner::new();
    let mut kinds = Vec::new();
    for byte in V1.lines().flat_map(bytes) {
        match scanner.push(byte) {
            Some(Found::Frame(frame)) => {
                Message::read(&frame).unwrap();
                kinds.push(frame.kind);
            }
            other => assert_eq!(other, None),
        }
    }
    assert_eq!(kinds, Kind::ALL);
}

#[test]
fn a_suspicious_iteration_and_rows_come_back_as_they_were() {
    let mut scanner = Scanner::new();
    let mut heard = Vec::new();
    for byte in V1.lines().flat_map(bytes) {
        let Some(Found::Frame(frame)) = scanner.push(byte) else { continue };
        match Message::read(&frame).unwrap() {
            Message::Suspect(suspect) => heard.push(suspect.iteration),
            Message::Rows(Rows { mut heading, mut rows }) => {
                let row = rows.next().unwrap().iteration(&mut heading);
                assert_eq!(
                    (row.number, row.start, row.cycles),
                    (70_000, iteration().start, 250_000)
                );
            }
            _ => {}
        }
    }
    assert_eq!(heard, [iteration()]);
}
