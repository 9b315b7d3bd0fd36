//! virtio cards with packed rings: the same facts as with split ones.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::carry::carry_both_ways;
use crate::rig::{Rig, Session, Setup};
use crate::sizes::{forwards, frame};

/// Frames into each port: the rings wrap forty times.
const FRAMES: usize = 10_000;

crate::facts![
    frames_go_both_ways_over_packed_rings_and_none_is_lost,
    a_card_with_packed_rings_and_one_with_split_ones_are_ports_alike,
    frames_of_every_length_leave_packed_rings_as_they_came,
];

/// A machine with two cards on wires, of which the first so many have packed rings.
fn wired(rig: &Rig, packed: usize) -> Result<Setup> {
    let setup = rig.wired()?.append("forward=0:1");
    Ok(setup.with(|machine| {
        let nics = machine.nics.iter_mut().take(packed);
        nics.for_each(|nic| nic.properties.push("packed=on".into()));
    }))
}

fn frames_go_both_ways_over_packed_rings_and_none_is_lost(rig: &Rig) -> Result<()> {
    carries_both_ways(wired(rig, 2)?, [true; 2])
}

fn a_card_with_packed_rings_and_one_with_split_ones_are_ports_alike(rig: &Rig) -> Result<()> {
    carries_both_ways(wired(rig, 1)?, [true, false])
}

fn frames_of_every_length_leave_packed_rings_as_they_came(rig: &Rig) -> Result<()> {
    wired(rig, 2)?.boot(|session| {
        for length in (60..=1514).step_by(31).chain([1513, 1514]) {
            forwards(session, &frame(length, None))?;
        }
        Ok(())
    })
}

/// Carries frames both ways at once, all unchanged and in order, over cards whose rings are packed or
/// not.
fn carries_both_ways(setup: Setup, are_packed: [bool; 2]) -> Result<()> {
    setup.boot(|session| {
        for (number, is_packed) in are_packed.into_iter().enumerate() {
            let agreed = agreed(session, number)?;
            ensure!(agreed.contains("VIRTIO_F_RING_PACKED") == is_packed, "{number}: {agreed}");
        }
        carry_both_ways(session, FRAMES)?;
        let ports = session.command("show ports")?;
        let truths = ports.iter().filter(|line| line.contains(" lies=0 ")).count();
        ensure!(truths == 2, "{ports:#?}");
        Ok(())
    })
}

/// The features that QEMU and the image agreed on for this card, as QEMU names them.
pub(crate) fn agreed(session: &mut Session, number: usize) -> Result<String> {
    let path = format!("/machine/peripheral/nic{number}/virtio-backend");
    let status = session.qmp()?.execute("x-query-virtio-status", json!({ "path": path }))?;
    Ok(status["guest-features"].to_string())
}
