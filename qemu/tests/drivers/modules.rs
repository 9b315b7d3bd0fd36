//! Modules that are plugged in and pulled out while a card runs.

use anyhow::{Result, ensure};
use intel::{Cause, Link};
use nic82599::{Fault, ModuleKind, registers as regs};
use qemu::frames::Frames;

use crate::card::Bench;
use crate::port::Port;

crate::facts![
    a_module_that_is_plugged_in_later_gets_its_sequence_and_a_link,
    a_card_whose_cage_was_empty_gets_a_link_once_it_is_filled,
    firmware_that_keeps_the_semaphore_is_named_and_waited_for_without_holding_anything_up,
    a_module_that_does_not_answer_at_once_is_asked_again,
    a_module_that_is_pulled_at_any_moment_leaves_the_next_one_a_link,
    a_link_that_firmware_wants_for_itself_is_left_to_it,
    a_card_that_is_gone_is_looked_at_without_harm,
    a_look_at_a_card_that_needs_nothing_reads_one_register,
];

/// Firmware's register, whose lowest bit keeps a driver off the link (8.2.3.22.37).
const MMNGC: u32 = 0x42d0;
const UP: Link = Link { is_up: true, speed: 10_000 };
/// How far looks are apart, how many a module may need until it has its link, and what one may take. In ms.
const BETWEEN: u64 = 100;
const LOOKS: usize = 10;
const LOOK: u64 = 50;

/// Looks at the card so often, and finds that no look takes too long.
fn look(bench: &Bench, port: &Port, times: usize) -> Result<()> {
    for _ in 0..times {
        bench.host.time.pass(BETWEEN);
        let before = bench.host.time.milliseconds();
        port.card.tend(&bench.host.time);
        let took = bench.host.time.milliseconds() - before;
        ensure!(took <= LOOK, "a look took {took} ms");
    }
    Ok(())
}

/// The module has its link, and frames pass both ways.
fn works(bench: &mut Bench, port: &mut Port) -> Result<()> {
    ensure!(port.card.link() == UP, "{:?}", port.card.link_report(&bench.host.time));
    let frames: Vec<Vec<u8>> = Frames::mixed(0).take(40).collect();
    ensure!(bench.pass(port, &frames) == frames, "not all frames came in");
    port.send(0, frames.iter().map(Vec::as_slice), bench.host.pool);
    ensure!(bench.sent(frames.len())? == frames, "not all frames went out");
    Ok(())
}

/// Why the link is down, which it is.
fn cause(bench: &Bench, port: &Port) -> Option<Cause> {
    assert_eq!(port.card.link(), Link::default());
    port.card.link_report(&bench.host.time).cause
}

fn a_module_that_is_plugged_in_later_gets_its_sequence_and_a_link() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    works(&mut bench, &mut port)?;
    for (kind, last) in [(ModuleKind::Copper, 0x0483), (ModuleKind::Optics, 0x0342)] {
        bench.card.pull_module();
        look(&bench, &port, 1)?;
        assert_eq!(cause(&bench, &port), Some(Cause::NoModule));
        bench.card.plug_module(kind);
        assert_eq!(cause(&bench, &port), Some(Cause::NoLock), "it does not come by itself");
        look(&bench, &port, LOOKS)?;
        works(&mut bench, &mut port)?;
        assert_eq!(bench.card.peek(regs::CORECTL), last, "{kind:?}");
    }
    bench.end(port)
}

fn a_card_whose_cage_was_empty_gets_a_link_once_it_is_filled() -> Result<()> {
    let mut bench = Bench::with(&[Fault::CageEmpty])?;
    let mut port = bench.start(1)?;
    look(&bench, &port, LOOKS)?;
    assert_eq!(cause(&bench, &port), Some(Cause::NoModule));
    bench.card.plug_module(ModuleKind::Optics);
    look(&bench, &port, LOOKS)?;
    works(&mut bench, &mut port)?;
    bench.end(port)
}

fn firmware_that_keeps_the_semaphore_is_named_and_waited_for_without_holding_anything_up()
-> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    bench.card.pull_module();
    look(&bench, &port, 1)?;
    bench.card.plug_module(ModuleKind::Copper);
    bench.card.inject(Fault::SemaphoreHeld);
    look(&bench, &port, 10 * LOOKS)?;
    assert_eq!(cause(&bench, &port), Some(Cause::NotReady));
    bench.card.heal();
    look(&bench, &port, 2 * LOOKS)?;
    works(&mut bench, &mut port)?;
    bench.end(port)
}

fn a_module_that_does_not_answer_at_once_is_asked_again() -> Result<()> {
    let mut bench = Bench::with(&[Fault::CageEmpty])?;
    let mut port = bench.start(1)?;
    bench.card.plug_module(ModuleKind::Optics);
    bench.card.inject(Fault::ModuleStuck);
    look(&bench, &port, 10 * LOOKS)?;
    assert_eq!(port.card.link(), Link::default());
    bench.card.heal();
    look(&bench, &port, 2 * LOOKS)?;
    works(&mut bench, &mut port)?;
    bench.end(port)
}

fn a_module_that_is_pulled_at_any_moment_leaves_the_next_one_a_link() -> Result<()> {
    let mut bench = Bench::new()?;
    let mut port = bench.start(1)?;
    for looks in 0..=LOOKS {
        bench.card.pull_module();
        look(&bench, &port, 1)?;
        bench.card.plug_module(ModuleKind::Optics);
        look(&bench, &port, looks)?;
        bench.card.pull_module();
        look(&bench, &port, 1)?;
        bench.card.plug_module(ModuleKind::Copper);
        look(&bench, &port, LOOKS)?;
        works(&mut bench, &mut port)?;
    }
    bench.end(port)
}

fn a_link_that_firmware_wants_for_itself_is_left_to_it() -> Result<()> {
    let mut bench = Bench::new()?;
    let port = bench.start(1)?;
    bench.card.pull_module();
    look(&bench, &port, 1)?;
    bench.card.plug_module(ModuleKind::Copper);
    let (mode, settings) = (bench.card.peek(regs::AUTOC), bench.card.peek(regs::CORECTL));
    bench.card.write(MMNGC, 1);
    look(&bench, &port, 2 * LOOKS)?;
    assert_eq!(bench.card.peek(regs::AUTOC), mode);
    assert_eq!(bench.card.peek(regs::CORECTL), settings);
    bench.end(port)
}

fn a_card_that_is_gone_is_looked_at_without_harm() -> Result<()> {
    let mut bench = Bench::new()?;
    let port = bench.start(1)?;
    for after in 0..400 {
        bench.card.pull_module();
        look(&bench, &port, 1)?;
        bench.card.plug_module(ModuleKind::Copper);
        bench.card.inject(Fault::SurpriseRemoval { after });
        look(&bench, &port, LOOKS)?;
        assert_eq!(cause(&bench, &port), Some(Cause::Gone));
        bench.card.heal();
    }
    bench.end(port)
}

fn a_look_at_a_card_that_needs_nothing_reads_one_register() -> Result<()> {
    for faults in [&[][..], &[Fault::CageEmpty]] {
        let mut bench = Bench::with(faults)?;
        let port = bench.start(1)?;
        let before = bench.card.access_count();
        look(&bench, &port, 1)?;
        assert_eq!(bench.card.access_count() - before, 1, "{faults:?}");
        bench.end(port)?;
    }
    Ok(())
}
