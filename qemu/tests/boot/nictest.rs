//! Cards that are tried at boot, and the log that a lab sends.

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Model;

use crate::rig::{Rig, Session, starting};
use crate::sizes::{forwards, frame};

crate::facts![
    a_card_of_1g_gets_back_what_it_sends_and_forwards_afterwards,
    a_card_of_virtio_says_that_it_has_no_loopback,
];

/// Frames that each card sends to itself: all descriptors are used several times.
pub(crate) const FRAMES: u32 = 2000;

/// Waits for what boot tells of port `number` in the end, and has it be that all frames came back.
pub(crate) fn expect_pass(session: &mut Session, number: usize) -> Result<()> {
    let verdict = format!("nictest port {number}: PASS");
    let lines = session.look_until(|shown| {
        let end = shown.iter().position(|line| *line == verdict)?;
        Some(shown[..end].to_vec())
    })?;
    let loopback = lines.iter().rev().find(|line| line.starts_with("loopback: "));
    let loopback = loopback.context("nothing is said of a loopback")?;
    let counts = format!("frames={FRAMES} sent={FRAMES} received={FRAMES} lost=0 spoiled=0 ");
    ensure!(loopback.contains(&counts), "{loopback}");
    Ok(())
}

fn a_card_of_1g_gets_back_what_it_sends_and_forwards_afterwards(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").append(&format!("test=nictest:{FRAMES}"));
    let setup = setup.with(|machine| {
        machine.nics.iter_mut().for_each(|nic| nic.model = Model::E1000e);
    });
    setup.boot(|session| {
        (0..2).try_for_each(|number| expect_pass(session, number))?;
        session.ask_until("show ports", |lines| {
            (lines.iter().filter(|line| line.contains(" link up, ")).count() == 2).then_some(())
        })?;
        for length in 60..160 {
            forwards(session, &frame(length, None))?;
        }
        Ok(())
    })
}

fn a_card_of_virtio_says_that_it_has_no_loopback(rig: &Rig) -> Result<()> {
    rig.wired()?.append("test=nictest").boot(|session| {
        let told = "nictest port 1: PASS, without loopback";
        session.look_until(|shown| shown.iter().any(|line| line == told).then_some(()))?;
        let answer = session.command("nictest 0")?;
        ensure!(answer[0].contains(" 1af4:10"), "{answer:#?}");
        ensure!(!starting(&answer, "device_status 0x00014=0x0000000f").is_empty(), "{answer:#?}");
        Ok(())
    })
}
