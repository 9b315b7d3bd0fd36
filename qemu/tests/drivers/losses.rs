//! Frames that are lost, damaged or lied about: each is in one count, and the sums are exact.

use anyhow::Result;
use frame::{Refused, TxQueue as _};
use nic82599::{Fault, Lie};
use qemu::frames::Frames;

use crate::card::Bench;

crate::facts![
    frames_that_the_card_has_no_room_for_are_missed,
    frames_with_a_wrong_checksum_are_counted_by_the_card,
    what_a_descriptor_says_that_cannot_be_is_refused_by_its_reason,
    a_card_that_sends_late_loses_nothing,
];

/// Frames of each round.
const COUNT: usize = 300;

fn frames() -> Vec<Vec<u8>> {
    Frames::mixed(0).take(COUNT).collect()
}

fn frames_that_the_card_has_no_room_for_are_missed() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let mut missed = 0;
    for count in [1, 7, 100] {
        bench.card.inject(Fault::Missed(count));
        let received = bench.pass(&mut port, &frames());
        assert_eq!(received, frames()[count as usize..]);
        missed += u64::from(count);
        assert_eq!((port.card.missed(), port.count("MPC")), (missed, missed));
        assert_eq!(port.count("QPRC") + missed, bench.card.statistics().arrived);
    }
    bench.end(port)
}

fn frames_with_a_wrong_checksum_are_counted_by_the_card() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    bench.card.inject(Fault::CrcErrors(5));
    assert_eq!(bench.pass(&mut port, &frames()), frames()[5..]);
    assert_eq!((port.count("CRCERRS"), port.card.missed()), (5, 0));
    assert_eq!(port.count("GPRC") + 5, COUNT as u64);
    bench.end(port)
}

fn what_a_descriptor_says_that_cannot_be_is_refused_by_its_reason() -> Result<()> {
    const LIES: u32 = 3;
    let none = Refused::default();
    // One that does not end takes the next one with it, as a frame that is too long would.
    let cases = [
        (Lie::LengthBeyondBuffer, Refused { lies: LIES, ..none }, LIES),
        (Lie::LengthZero, Refused { lies: LIES, ..none }, LIES),
        (Lie::ErrorBits, Refused { damaged: LIES, ..none }, LIES),
        (Lie::NoEndOfPacket, Refused { oversize: 1, ..none }, LIES + 1),
    ];
    for (lie, refused, lost) in cases {
        let mut bench = Bench::new()?;
        let mut port = bench.start(1)?;
        bench.card.inject(Fault::Lies { lie, count: LIES });
        frames().iter().for_each(|frame| bench.card.arrive(frame));
        let received = port.receive(0, bench.host.pool);
        assert_eq!(received.refused, refused, "{lie:?}");
        assert_eq!(received.frames, frames()[lost as usize..], "{lie:?}");
        assert_eq!(bench.pass(&mut port, &frames()), frames(), "{lie:?}: and then on");
        bench.end(port)?;
    }
    Ok(())
}

fn a_card_that_sends_late_loses_nothing() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let frames: Vec<Vec<u8>> = Frames::mixed(0).take(700).collect();
    for round in 0..3 {
        bench.card.inject(Fault::TransmitStalls);
        let mut taken = 0;
        for batch in frames.chunks(100) {
            taken += port.send(0, batch.iter().map(Vec::as_slice), bench.host.pool);
        }
        let backlog = port.tx[0].backlog() as usize;
        assert!(backlog == 511 && taken <= 511, "round {round}: {backlog} in the ring");
        port.tx[0].reclaim(bench.host.pool);
        assert_eq!(port.tx[0].backlog(), 511, "what was not sent stays the card's");
        let first = if round == 0 { 0 } else { bench.card.statistics().sent };
        bench.card.heal();
        let sent = bench.sent(taken)?;
        let whole = frames.chunks(100).flatten().take(taken);
        assert!(sent.iter().eq(whole), "in order");
        assert_eq!(bench.card.statistics().sent - first, taken as u64);
        port.tx[0].reclaim(bench.host.pool);
        assert!(port.tx[0].backlog() < 32, "all whole blocks are back");
    }
    bench.end(port)
}
