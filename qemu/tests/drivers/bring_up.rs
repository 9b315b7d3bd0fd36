//! How a card is brought up, and what becomes of one that does not do its part.

use anyhow::{Result, bail, ensure};
use intel::{Checksum, Error, Link};
use nic82599::Fault;
use qemu::frames::Frames;

use crate::card::{Bench, MAC};

crate::facts![
    a_card_is_brought_up_without_breaking_a_rule,
    every_card_that_is_an_82599_is_brought_up_without_breaking_a_rule,
    a_card_is_started_again_while_it_runs,
    what_never_comes_has_its_error,
    a_card_that_keeps_the_bus_busy_is_reset_twice_and_works,
    a_card_whose_firmware_keeps_the_semaphore_has_the_link_of_its_nvm,
    a_wrong_checksum_over_the_nvm_keeps_no_card_from_working,
    a_card_that_is_pulled_out_while_it_is_opened_is_gone_at_every_access,
    a_card_that_is_pulled_out_while_it_runs_gives_all_frames_back,
    showing_registers_changes_none,
];

/// Numbers of cards that the model is one of: those with a cage, and those that need no module.
const NUMBERS: [u16; 15] = [
    0x10fb, 0x154d, 0x1507, 0x154a, 0x1557, 0x1529, 0x10f7, 0x10f8, 0x10f9, 0x10fc, 0x1514, 0x1517,
    0x152a, 0x151c, 0x1558,
];
const UP: Link = Link { is_up: true, speed: 10_000 };

fn frames(count: usize) -> Vec<Vec<u8>> {
    Frames::mixed(0).take(count).collect()
}

fn a_card_is_brought_up_without_breaking_a_rule() -> Result<()> {
    for pairs in [1, 4, 16] {
        let mut bench = Bench::new()?;
        let port = bench.start(pairs)?;
        assert_eq!((port.card.mac(), port.card.link()), (Some(MAC), UP));
        assert_eq!((port.card.pairs(), port.card.most_pairs()), (pairs, 16));
        assert_eq!(port.card.nvm_checksum(), Checksum::Right);
        bench.end(port)?;
    }
    Ok(())
}

fn every_card_that_is_an_82599_is_brought_up_without_breaking_a_rule() -> Result<()> {
    for number in NUMBERS {
        let mut bench = Bench::new()?;
        bench.call_it(number);
        let mut port = bench.start(2)?;
        assert_eq!(port.card.link(), UP, "{number:x}");
        let frames = frames(40);
        assert_eq!(bench.pass(&mut port, &frames), frames, "{number:x}");
        bench.end(port)?;
    }
    Ok(())
}

fn a_card_is_started_again_while_it_runs() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut first = bench.start(1)?;
    let frames = frames(600);
    assert_eq!(bench.pass(&mut first, &frames), frames);
    first.send(0, frames[..100].iter().map(Vec::as_slice), bench.host.pool);
    // Nobody closes it: whoever comes next, finds it running.
    let (card, rx, tx) = (first.card, first.rx, first.tx);
    std::mem::forget(card);
    rx.into_iter().for_each(|rx| rx.end(bench.host.pool));
    tx.into_iter().for_each(|tx| tx.end(bench.host.pool));
    bench.sent(100)?;
    let mut second = bench.start(1)?;
    assert_eq!(second.count("GPRC"), 0, "counters begin anew");
    assert_eq!(bench.pass(&mut second, &frames), frames);
    bench.end(second)
}

fn what_never_comes_has_its_error() -> Result<()> {
    let cases = [
        (Fault::ResetNeverEnds, Error::StuckInReset),
        (Fault::AutoReadNeverDone, Error::NoSettings),
        (Fault::DmaInitNeverDone, Error::NoDma),
        (Fault::TransmitEnableNeverSets, Error::StuckQueue),
        (Fault::ReceiveEnableNeverSets, Error::StuckQueue),
        (Fault::SecurityBlockNeverReady, Error::StuckReceive),
    ];
    for (fault, error) in cases {
        let mut bench = Bench::with(&[fault])?;
        assert_eq!(bench.open().err(), Some(error), "{fault:?}");
        let command = bench.card.read_config(4);
        assert_eq!(command & 1 << 2, 0, "{fault:?}: it is kept off the bus");
        bench.check()?;
        bench.card.heal();
        let mut port = bench.start(1)?;
        let frames = frames(40);
        assert_eq!(bench.pass(&mut port, &frames), frames, "after {fault:?}");
        bench.end(port)?;
    }
    Ok(())
}

fn a_card_that_keeps_the_bus_busy_is_reset_twice_and_works() -> Result<()> {
    let mut bench = Bench::new()?;
    let port = bench.start(1)?;
    assert_eq!(bench.card.statistics().resets, 1);
    bench.end(port)?;
    let mut bench = Bench::with(&[Fault::GioMasterStuck])?;
    let mut port = bench.start(1)?;
    assert_eq!(bench.card.statistics().resets, 2);
    let frames = frames(40);
    assert_eq!(bench.pass(&mut port, &frames), frames);
    bench.end(port)
}

fn a_card_whose_firmware_keeps_the_semaphore_has_the_link_of_its_nvm() -> Result<()> {
    let mut bench = Bench::with(&[Fault::SemaphoreHeld])?;
    let mut port = bench.start(1)?;
    assert_eq!(port.card.link(), UP);
    let frames = frames(40);
    assert_eq!(bench.pass(&mut port, &frames), frames);
    bench.end(port)
}

fn a_wrong_checksum_over_the_nvm_keeps_no_card_from_working() -> Result<()> {
    for fault in [Fault::NvmChecksumWrong, Fault::NvmSectionDamaged] {
        let mut bench = Bench::with(&[fault])?;
        let mut port = bench.start(1)?;
        let Checksum::Wrong { stored, computed } = port.card.nvm_checksum() else {
            bail!("{fault:?}: {:?}", port.card.nvm_checksum());
        };
        assert_eq!(stored.abs_diff(computed), 1, "{fault:?}");
        assert_eq!((port.card.mac(), port.card.link()), (Some(MAC), UP));
        let frames = frames(40);
        assert_eq!(bench.pass(&mut port, &frames), frames);
        bench.end(port)?;
    }
    Ok(())
}

fn a_card_that_is_pulled_out_while_it_is_opened_is_gone_at_every_access() -> Result<()> {
    let mut bench = Bench::new()?;
    let Ok(port) = bench.open() else { bail!("it cannot be opened") };
    let total = bench.card.access_count();
    assert_eq!(bench.host.close(port), Ok(()));
    ensure!(total > 1000, "a card is not opened by {total} accesses");
    let ends = (0..64).chain((64..total - 64).step_by(29)).chain(total - 64..total);
    for after in ends {
        bench.card.heal();
        bench.card.inject(Fault::SurpriseRemoval { after });
        assert_eq!(bench.open().err(), Some(Error::Gone), "after {after} of {total} accesses");
    }
    bench.check()
}

fn a_card_that_is_pulled_out_while_it_runs_gives_all_frames_back() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(2)?;
    let frames = frames(100);
    assert_eq!(bench.pass(&mut port, &frames), frames);
    let counted = (port.card.missed(), port.count("GPRC"));
    bench.card.inject(Fault::SurpriseRemoval { after: 0 });
    port.send(0, frames.iter().map(Vec::as_slice), bench.host.pool);
    assert_eq!(bench.pass(&mut port, &[]), Vec::<Vec<u8>>::new());
    assert_eq!(port.card.link(), Link::default());
    assert_eq!((port.card.missed(), port.count("GPRC")), counted);
    assert_eq!(bench.host.close(port), Err(Error::Gone));
    bench.check()
}

fn showing_registers_changes_none() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(4)?;
    let frames = frames(100);
    frames.iter().for_each(|frame| bench.card.arrive(frame));
    let received = (0..4).map(|queue| port.receive(queue, bench.host.pool).frames.len());
    assert_eq!(received.sum::<usize>(), frames.len());
    let state = || {
        let registers = (0..0x2_0000).step_by(4).map(nic82599::Register::at);
        let values: Vec<u32> = registers.map(|register| bench.card.peek(register)).collect();
        (values, bench.card.statistics())
    };
    let (before, accesses) = (state(), bench.card.access_count());
    let shown = (0..).map_while(|index| port.card.register(index)).count() as u64;
    assert!(shown > 4 * 12, "registers of four pairs, and of the card");
    assert_eq!(bench.card.access_count() - accesses, shown, "each was read once");
    assert!(state() == before, "a register or a count has changed");
    bench.end(port)
}
