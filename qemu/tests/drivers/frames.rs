//! What the driver and the card do with frames.

use anyhow::Result;
use frame::{Refused, TxQueue as _};
use nic82599::registers as regs;
use qemu::frames::Frames;

use crate::card::Bench;

crate::facts![
    frames_of_every_length_come_in_as_they_were,
    frames_of_every_length_go_out_as_they_were,
    longer_frames_are_counted_by_the_card_and_no_others_are_lost,
    rings_wrap_many_times_in_both_directions,
    the_card_reports_only_the_last_of_each_32_frames,
];

/// A frame of any length that says which it is.
fn frame(length: usize, number: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at * 7 + number) as u8).collect();
    bytes[..14].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5]);
    bytes
}

/// The same with a VLAN.
fn tagged(length: usize, number: usize) -> Vec<u8> {
    let mut bytes = frame(length, number);
    bytes[12..16].copy_from_slice(&[0x81, 0, 0, 7]);
    bytes
}

/// Frames of every length that Ethernet has: the longest have a VLAN.
fn every_length() -> Vec<Vec<u8>> {
    (60..=1514).map(|it| frame(it, it)).chain((1515..=1518).map(|it| tagged(it, it))).collect()
}

fn frames_of_every_length_come_in_as_they_were() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let frames = every_length();
    assert_eq!(bench.pass(&mut port, &frames), frames);
    assert_eq!(port.count("GPRC"), frames.len() as u64);
    bench.end(port)
}

fn frames_of_every_length_go_out_as_they_were() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    for frame in &every_length() {
        assert_eq!(port.send(0, [frame.as_slice()], bench.host.pool), 1);
        assert_eq!(bench.sent(1)?, [frame.as_slice()]);
    }
    for length in [1, 14, 17, 59] {
        let short = vec![0xff; length];
        assert_eq!(port.send(0, [short.as_slice()], bench.host.pool), 1);
        assert_eq!(bench.sent(1)?, [[short, vec![0; 60 - length]].concat()], "padded by zeros");
    }
    bench.end(port)
}

fn longer_frames_are_counted_by_the_card_and_no_others_are_lost() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let (mut passed, mut refused) = (0, 0);
    for length in (1500..1600).chain([2048, 4000, 9000, 16_000]) {
        for (frame, most) in [(frame(length, 1), 1514), (tagged(length, 1), 1518)] {
            bench.card.arrive(&frame);
            let received = port.receive(0, bench.host.pool);
            let is_allowed = length <= most;
            let expected = if is_allowed { vec![frame] } else { Vec::new() };
            assert_eq!((received.frames, received.refused), (expected, Refused::default()));
            *if is_allowed { &mut passed } else { &mut refused } += 1;
        }
    }
    assert_eq!((port.count("GPRC"), port.count("ROC")), (passed, refused));
    bench.end(port)
}

fn rings_wrap_many_times_in_both_directions() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let mut frames = Frames::mixed(0);
    for round in 0..200 {
        let batch: Vec<Vec<u8>> = frames.by_ref().take(1 + round % 60).collect();
        batch.iter().for_each(|frame| bench.card.arrive(frame));
        assert_eq!(port.receive(0, bench.host.pool).frames, batch);
        let sent = port.send(0, batch.iter().map(Vec::as_slice), bench.host.pool);
        assert_eq!(sent, batch.len());
        assert_eq!(bench.sent(batch.len())?, batch);
    }
    let books = bench.card.statistics();
    assert!(books.received > 10 * 512 && books.received == books.sent, "{books:?}");
    assert_eq!((port.count("QPRC"), port.count("QPTC")), (books.received, books.sent));
    assert_eq!((port.card.missed(), books.missed + books.no_descriptor), (0, 0));
    bench.end(port)
}

fn the_card_reports_only_the_last_of_each_32_frames() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let frame = frame(60, 1);
    let ring = u64::from(bench.card.peek(regs::TDBAH.at(0))) << 32
        | u64::from(bench.card.peek(regs::TDBAL.at(0)));
    for count in [1, 30, 1, 40, 28] {
        port.send(0, vec![frame.as_slice(); count], bench.host.pool);
        bench.sent(count)?;
    }
    let is_done = |slot: u64| bench.host.memory.word(ring + 16 * slot + 8) >> 32 & 1 != 0;
    let done: Vec<u64> = (0..512).filter(|slot| is_done(*slot)).collect();
    assert_eq!(done, [31, 63, 95]);
    port.tx[0].reclaim(bench.host.pool);
    assert_eq!(port.tx[0].backlog(), 4);
    bench.end(port)
}
