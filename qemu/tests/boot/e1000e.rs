//! Intel's 82574 as QEMU models it: the same facts as with virtio, by another driver.

use anyhow::{Result, ensure};
use qemu::machine::Model;

use crate::carry::carry_both_ways;
use crate::rig::{Rig, Setup};
use crate::sizes::{JUMBO, forwards, forwards_jumbo, frame};

/// Frames into each port: the rings wrap forty times.
pub(crate) const FRAMES: usize = 20_000;

crate::facts![
    frames_go_both_ways_between_cards_of_this_kind,
    a_card_of_this_kind_and_one_of_another_are_ports_alike,
    frames_of_every_length_leave_as_they_came,
    jumbo_frames_leave_as_they_came,
    a_link_that_goes_and_comes_is_told,
];

/// A machine with two cards on wires, of these kinds.
pub(crate) fn wired(rig: &Rig, models: [Model; 2]) -> Result<Setup> {
    let setup = rig.wired()?.append("forward=0:1");
    Ok(setup.with(|machine| {
        machine.nics.iter_mut().zip(models).for_each(|(nic, model)| nic.model = model);
    }))
}

fn frames_go_both_ways_between_cards_of_this_kind(rig: &Rig) -> Result<()> {
    wired(rig, [Model::E1000e; 2])?.boot(|session| {
        let ports = session.ports()?;
        let is_told = |line: &String| line.contains(" e1000e 52:54:00:ba:5e:0");
        ensure!(ports.iter().all(is_told) && ports.len() == 2, "{ports:#?}");
        carry_both_ways(session, FRAMES)?;
        session.ask_until("show ports", |lines| {
            let counted = format!("  rx frames={FRAMES} ");
            let is_whole =
                |line: &&String| line.starts_with(&counted) && line.contains(" lies=0 missed=0 ");
            (lines.iter().filter(is_whole).count() == 2).then_some(())
        })
    })
}

fn a_card_of_this_kind_and_one_of_another_are_ports_alike(rig: &Rig) -> Result<()> {
    wired(rig, [Model::E1000e, Model::Virtio])?.boot(|session| carry_both_ways(session, FRAMES))
}

fn frames_of_every_length_leave_as_they_came(rig: &Rig) -> Result<()> {
    wired(rig, [Model::E1000e; 2])?.boot(|session| {
        // Shorter ones are padded on the wire.
        for length in (60..=1514).step_by(7).chain([1513, 1514]) {
            forwards(session, &frame(length, None))?;
        }
        forwards(session, &frame(1518, Some([0x81, 0x00])))
    })
}

fn jumbo_frames_leave_as_they_came(rig: &Rig) -> Result<()> {
    wired(rig, [Model::E1000e; 2])?.append(JUMBO).boot(forwards_jumbo)
}

fn a_link_that_goes_and_comes_is_told(rig: &Rig) -> Result<()> {
    wired(rig, [Model::E1000e; 2])?.boot(|session| {
        let mut qmp = session.qmp()?;
        for up in [false, true, false, true] {
            qmp.set_link(0, up)?;
            let told = if up { " link up, " } else { " link down, " };
            session.ask_until("show ports", |lines| {
                lines.first().is_some_and(|line| line.contains(told)).then_some(())
            })?;
            let told = if up { "  link up, 1000 Mb/s, " } else { "  link down: no carrier: " };
            session.ask_until("show port 0", |lines| {
                let is_told = lines.iter().any(|line| line.starts_with(told));
                (is_told && lines.contains(&"  over twisted pair".to_owned())).then_some(())
            })?;
        }
        forwards(session, &frame(60, None))
    })
}
