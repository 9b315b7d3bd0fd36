//! Intel's 82576 as a newer QEMU models it, whose descriptors are those of the 82599.

use anyhow::{Result, ensure};
use qemu::machine::Model;

use crate::carry::carry_both_ways;
use crate::e1000e::{FRAMES, wired};
use crate::rig::Rig;
use crate::sizes::{forwards, frame};

crate::facts![
    frames_go_both_ways_between_cards_with_four_queues,
    frames_of_every_length_leave_as_they_came,
];

fn frames_go_both_ways_between_cards_with_four_queues(rig: &Rig) -> Result<()> {
    wired(&rig.with_igb()?, [Model::Igb; 2])?.append("n_rxq=4").boot(|session| {
        let ports = session.ports()?;
        let is_told = |line: &String| line.contains(" igb 52:54:00:ba:5e:0");
        ensure!(ports.iter().all(is_told) && ports.len() == 2, "{ports:#?}");
        carry_both_ways(session, FRAMES)
    })
}

fn frames_of_every_length_leave_as_they_came(rig: &Rig) -> Result<()> {
    wired(&rig.with_igb()?, [Model::Igb; 2])?.boot(|session| {
        for length in (60..=1514).step_by(31).chain([1513, 1514]) {
            forwards(session, &frame(length, None))?;
        }
        forwards(session, &frame(1518, Some([0x81, 0x00])))
    })
}
