//! What must hold for every card that shares the ring engine with the 82599, and that others made a
//! model of.

use std::time::Instant;

use anyhow::Result;
use frame::TxQueue as _;
use intel::Checksum;
use qemu::frames::Frames;
use qemu::machine::Mac;

use crate::emulated::{Emulated, LIMIT, received, until};
use crate::port::Port;

/// Frames of a kind that no card looks into.
pub(crate) fn frame(length: usize, number: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at * 7 + number) as u8).collect();
    bytes[..14].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5]);
    bytes
}

/// It has its address, a link and an NVM that is as it was written, and is opened again and again.
pub(crate) fn is_brought_up(mut card: Emulated, pairs: usize) -> Result<()> {
    for _ in 0..3 {
        let port = start_until_read(&mut card, pairs)?;
        assert_eq!(port.card.mac(), Some(Mac::of_nic(0).0));
        assert_eq!((port.card.pairs(), port.card.link().speed), (pairs, 1000));
        assert_eq!(port.card.nvm_checksum(), Checksum::Right);
        assert_eq!((port.card.missed(), port.count("GPRC")), (0, 0));
        assert_eq!(card.host.close(port), Ok(()));
        card.host.census();
    }
    Ok(())
}

/// Opens the card until its NVM was read: on a busy machine that may take longer than a driver waits.
fn start_until_read(card: &mut Emulated, pairs: usize) -> Result<Port> {
    let start = Instant::now();
    loop {
        let port = card.start(pairs)?;
        if port.card.nvm_checksum() != Checksum::Unread || start.elapsed() > LIMIT {
            return Ok(port);
        }
        assert_eq!(card.host.close(port), Ok(()));
    }
}

/// Frames of all lengths come in and go out as they were.
pub(crate) fn passes_every_length(mut card: Emulated) -> Result<()> {
    let mut port = card.start(1)?;
    let lengths = (60..=1514).step_by(23).chain([1513, 1514]);
    for frame in lengths.map(|length| frame(length, length)) {
        card.arrive(&frame)?;
        let got = received(&mut port.rx[0], 1, card.host.pool)?;
        assert_eq!(got, [frame.as_slice()]);
        assert_eq!(port.send(0, [frame.as_slice()], card.host.pool), 1);
        assert_eq!(card.sent(1)?, [frame]);
    }
    card.end(port)
}

/// Both rings wrap several times, and the card counts what the driver does.
pub(crate) fn wraps(mut card: Emulated) -> Result<()> {
    let mut port = card.start(1)?;
    let (mut frames, mut count) = (Frames::mixed(0), 0);
    for round in 0..70 {
        let batch: Vec<Vec<u8>> = frames.by_ref().take(1 + round).collect();
        batch.iter().try_for_each(|frame| card.arrive(frame))?;
        assert_eq!(received(&mut port.rx[0], batch.len(), card.host.pool)?, batch);
        let sent = port.send(0, batch.iter().map(Vec::as_slice), card.host.pool);
        assert_eq!(card.sent(sent)?, batch);
        count += batch.len();
    }
    assert!(count > 4 * 512);
    let count = count as u64;
    assert_eq!((port.count("GPRC"), port.count("GPTC"), port.card.missed()), (count, count, 0));
    card.end(port)
}

/// Only the last of each 32 frames is reported.
pub(crate) fn reports_by_32(mut card: Emulated) -> Result<()> {
    let mut port = card.start(1)?;
    let frame = frame(60, 1);
    for count in [1, 30, 1, 40, 28] {
        port.send(0, vec![frame.as_slice(); count], card.host.pool);
        card.sent(count)?;
    }
    let ring = u64::from(shown(&port, "TDBAH")) << 32 | u64::from(shown(&port, "TDBAL"));
    let is_done = |slot: u64| card.host.memory.word(ring + 16 * slot + 8) >> 32 & 1 != 0;
    let done: Vec<u64> = (0..512).filter(|slot| is_done(*slot)).collect();
    assert_eq!(done, [31, 63, 95]);
    port.tx[0].reclaim(card.host.pool);
    assert_eq!(port.tx[0].backlog(), 4);
    card.end(port)
}

fn shown(port: &Port, wanted: &str) -> u32 {
    let mut all = (0..).map_while(|index| port.card.register(index));
    all.find(|register| register.name == wanted).expect("it is shown").value
}

/// A cable that is pulled and plugged in again is seen, and frames pass after that.
pub(crate) fn sees_its_link(mut card: Emulated) -> Result<()> {
    let mut port = card.start(1)?;
    let mut qmp = card.emulator.qmp()?;
    for is_up in [false, true, false, true] {
        qmp.set_link(0, is_up)?;
        until("change of the link", || (port.card.link().is_up == is_up).then_some(()))?;
    }
    let frame = frame(60, 1);
    card.arrive(&frame)?;
    assert_eq!(received(&mut port.rx[0], 1, card.host.pool)?, [frame]);
    card.end(port)
}
