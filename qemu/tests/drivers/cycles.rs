//! Up and down, again and again: no frame is lost by it.

use std::env;

use anyhow::{Context as _, Result, ensure};
use frame::TxQueue as _;
use nic82599::Fault;
use qemu::frames::Frames;

use crate::card::Bench;

crate::facts![
    no_frame_is_lost_by_cards_that_go_up_and_down,
    no_frame_is_lost_by_a_link_that_goes_and_comes,
    a_link_that_flaps_while_it_is_looked_at_is_up_once_it_is_left_alone,
];

/// What says how often cards go up and down, and how often they do if nothing says so.
const CYCLES: &str = "BARECORE_CYCLES";
const FEW: u64 = 500;
/// Times that the link goes and comes.
const FLAPS: usize = 1000;

/// How often cards are to go up and down.
fn cycles() -> Result<u64> {
    let Some(text) = env::var_os(CYCLES) else { return Ok(FEW) };
    let count = text.to_str().and_then(|text| text.parse().ok());
    count.with_context(|| format!("{CYCLES} is no number: {}", text.display()))
}

fn no_frame_is_lost_by_cards_that_go_up_and_down() -> Result<()> {
    let mut bench = Bench::new()?;
    let level = bench.host.level();
    let mut frames = Frames::mixed(0);
    for cycle in 0..cycles()? {
        let mut port = bench.start(1)?;
        let batch: Vec<Vec<u8>> = frames.by_ref().take(3).collect();
        assert_eq!(bench.pass(&mut port, &batch[..2]), batch[..2], "cycle {cycle}");
        // One stays in the receive ring, and those that were sent in the transmit ring.
        bench.card.arrive(&batch[2]);
        assert_eq!(port.send(0, batch.iter().map(Vec::as_slice), bench.host.pool), 3);
        bench.sent(3)?;
        assert_eq!(bench.host.close(port), Ok(()), "cycle {cycle}");
        assert_eq!(bench.host.level(), level, "cycle {cycle}");
    }
    bench.check()
}

fn no_frame_is_lost_by_a_link_that_goes_and_comes() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    let mut frames = Frames::mixed(0);
    for flap in 0..FLAPS {
        let batch: Vec<Vec<u8>> = frames.by_ref().take(5).collect();
        bench.card.set_link(false);
        assert!(!port.card.link().is_up, "flap {flap}");
        assert_eq!(port.send(0, batch.iter().map(Vec::as_slice), bench.host.pool), 5);
        assert_eq!(bench.pass(&mut port, &batch), Vec::<Vec<u8>>::new(), "nothing comes in");
        bench.card.set_link(true);
        let looks = (0..2).filter(|_| port.card.link().is_up).count();
        ensure!(looks == 2, "the link is not up again after flap {flap}");
        assert_eq!(bench.sent(5)?, batch, "what waited goes out");
        assert_eq!(bench.pass(&mut port, &batch), batch);
    }
    let books = bench.card.statistics();
    assert_eq!((books.unheard, books.received, books.sent), (5000, 5000, 5000));
    assert!(port.tx[0].backlog() < 2 * 64 + 32);
    bench.end(port)
}

fn a_link_that_flaps_while_it_is_looked_at_is_up_once_it_is_left_alone() -> Result<()> {
    for readings in 1..=7 {
        let mut bench = Bench::with(&[Fault::LinkFlaps { readings }])?;
        let mut port = bench.start(1)?;
        let _states: Vec<bool> = (0..200).map(|_| port.card.link().is_up).collect();
        bench.card.heal();
        bench.card.set_link(true);
        assert!(port.card.link().is_up && port.card.link().speed == 10_000, "{readings}");
        let batch: Vec<Vec<u8>> = Frames::mixed(0).take(40).collect();
        assert_eq!(bench.pass(&mut port, &batch), batch);
        bench.end(port)?;
    }
    Ok(())
}
