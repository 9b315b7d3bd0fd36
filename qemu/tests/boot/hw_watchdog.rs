//! A chip of the platform resets the machine when its control core stands still, and not before.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::rig::{LIMIT, Rig, Session, Setup};
use crate::sizes::frame;

crate::facts![
    an_i6300esb_is_fed_while_core_0_goes_round_and_fires_when_it_hangs,
    it_is_fed_while_a_queue_cannot_leave_a_pmd_that_hangs,
    an_ib700_that_is_named_fires_when_core_0_hangs,
    the_tco_timer_of_an_ich9_fires_when_core_0_hangs,
];

/// Fewer than a ring holds.
const FRAMES: usize = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

fn an_i6300esb_is_fed_while_core_0_goes_round_and_fires_when_it_hangs(rig: &Rig) -> Result<()> {
    boot(rig, ("i6300esb", "-device i6300esb"), "auto:4", |session| {
        // Longer than it waits.
        session.console().send(b"hwlat 5\r")?;
        session.look_until(|shown| {
            shown.iter().any(|line| line.starts_with("machine: ")).then_some(())
        })?;
        ensure!(state(session)? == "running", "it fired though it was fed");
        fires(session)
    })
}

/// Core 0 does not sleep then.
fn it_is_fed_while_a_queue_cannot_leave_a_pmd_that_hangs(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 3);
    boot_from(setup, ("i6300esb", "-device i6300esb"), "auto:4", |session| {
        session.command("crash hang 1")?;
        // The queue with more to do is for core 1.
        for _ in 0..FRAMES {
            session.wires[1].send(&frame(60, None), LIMIT)?;
        }
        session.ask_until("pmd-rxq-rebalance", |lines| {
            lines.iter().any(|line| line.contains("from core 1 to 2")).then_some(())
        })?;
        let end = lasted(session)? + 2 * 4;
        while lasted(session)? < end {
            thread::sleep(LOOK_AGAIN);
        }
        ensure!(state(session)? == "running", "it fired though core 0 goes round");
        Ok(())
    })
}

/// Whole seconds that the second PMD has been measured.
fn lasted(session: &mut Session) -> Result<u64> {
    session.ask_until("pmd-perf-show -pmd 2", |lines| {
        let text = lines.iter().find_map(|line| line.strip_prefix("Measurement duration: "))?;
        text.split('.').next()?.parse().ok()
    })
}

fn an_ib700_that_is_named_fires_when_core_0_hangs(rig: &Rig) -> Result<()> {
    boot(rig, ("ib700", "-device ib700"), "ib700:4", fires)
}

/// Part of the board q35, where it resets nothing unless that is allowed.
fn the_tco_timer_of_an_ich9_fires_when_core_0_hangs(rig: &Rig) -> Result<()> {
    boot(rig, ("iTCO", "-global ICH9-LPC.noreboot=off"), "auto:4", fires)
}

/// Boots a machine with the chip `name` by QEMU's words, which QEMU stops where the chip would reset it.
fn boot(
    rig: &Rig,
    (name, words): (&str, &str),
    wish: &str,
    check: impl FnOnce(&mut Session) -> Result<()>,
) -> Result<()> {
    boot_from(rig.machine()?, (name, words), wish, check)
}

/// The same of a machine that lacks only the chip.
fn boot_from(
    setup: Setup,
    (name, words): (&str, &str),
    wish: &str,
    check: impl FnOnce(&mut Session) -> Result<()>,
) -> Result<()> {
    let setup = setup.append(&format!("hw-watchdog={wish} stream=none"));
    setup.words(words).words("-action watchdog=pause").boot(|session| {
        let told = format!("hw-watchdog: {name} resets the machine if core 0 stands still for 4 s");
        ensure!(session.shown().contains(&told), "no {told:?}: {:#?}", session.shown());
        check(session)
    })
}

fn fires(session: &mut Session) -> Result<()> {
    session.console().send(b"crash hang 0\r")?;
    let deadline = Instant::now() + LIMIT;
    while state(session)? != "watchdog" {
        ensure!(Instant::now() < deadline, "core 0 hangs, and nothing happens");
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

/// What QEMU says of the machine: `watchdog` once one has fired.
fn state(session: &mut Session) -> Result<String> {
    let status = session.qmp()?.execute("query-status", json!({}))?;
    Ok(status["status"].as_str().unwrap_or_default().to_owned())
}
