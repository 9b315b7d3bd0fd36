//! Two cards of our model, the second patched to the first: what is sent out of port 1 is in the
//! rings of port 0 before the guest's next instruction.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::{BOOT_LIMIT, Cost, SEND_LIMIT, machine, newest, read};
use crate::frames::Frames;
use crate::guest::Guest;
use crate::machine::{Machine, Nic};
use crate::run_directory::RunDirectory;
use crate::seats::Seats;
use crate::wire::Wire;

/// Frames of 64 bytes that circulate, for each PMD: six full batches of 32 on an average, so that
/// the hash of receive-side scaling leaves none with less than one, and fewer than a ring holds.
const SEEDS: usize = 192;

/// Flows that the frames belong to.
const FLOWS: u16 = 64;

/// Boots the image at `image` with so many PMDs and two 82599s that have a receive queue for each, lets
/// frames circulate and reads the history of each PMD. QEMU has to be the one that
/// [`check_emulator`](crate::seats::check_emulator) accepts.
///
/// # Errors
///
/// The image does not boot or answer, or breaks a rule of the card's;
/// [`Unsettled`](super::Unsettled) if too few full batches were seen.
pub fn measure_pmds(pmds: u32, program: &Path, image: &Path) -> Result<Vec<Cost>> {
    let run = RunDirectory::new()?;
    let wires = Wire::pair(&run)?;
    let mut machine = between(&wires, pmds, image);
    let mut seats = Seats::take(&mut machine.nics, |_, options| options.is_lossless = true)?;
    let [first, second] = seats.devices() else { unreachable!("two cards sit in two seats") };
    second.patch(first);
    let mut guest = Guest::start(program, machine, run, None)?;
    seats.close();
    guest.boot(BOOT_LIMIT)?;
    // Once frames circulate no iteration is idle.
    let idle: Result<Vec<_>> = (1..=pmds).map(|core| newest(&mut guest, core)).collect();
    for frame in Frames::sized(0, 64).in_flows(FLOWS).take(SEEDS * pmds as usize) {
        wires[0].send(&frame, SEND_LIMIT).context("the card takes no frames")?;
    }
    let costs = (1..).zip(idle?).map(|(core, rows)| read(&mut guest, core, rows)).collect();
    let complaints = seats.complaints();
    ensure!(complaints.is_empty(), "what the cards complain of: {complaints}");
    costs
}

fn between(wires: &[Wire; 2], pmds: u32, image: &Path) -> Machine {
    let mut machine = machine(image);
    machine.cores = 1 + pmds;
    machine.append.push(format!("n_rxq={pmds}"));
    machine.append.push(format!("pmd-rxq-affinity={}", affinity(pmds)));
    machine.nics = wires.iter().map(|wire| Nic::new(wire.netdev())).collect();
    machine
}

/// Has the PMD on core n poll the queue n - 1 of both ports.
fn affinity(pmds: u32) -> String {
    let of_port = |port| (0..pmds).map(move |queue| format!("{port}:{queue}:{}", queue + 1));
    of_port(0).chain(of_port(1)).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pmd_has_a_queue_of_both_ports() {
        assert_eq!(affinity(2), "0:0:1,0:1:2,1:0:1,1:1:2");
    }
}
