//! QEMU's own cards, both plugged into one hub: what one sends, the other one gets.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{BOOT_LIMIT, Cost, SEND_LIMIT, machine, read};
use crate::frames::Frames;
use crate::guest::Guest;
use crate::machine::{HubWire, Machine, Model, Netdev, Nic};
use crate::run_directory::RunDirectory;
use crate::wire::Wire;

/// Frames of 64 bytes that circulate: six full batches, so that the PMD, which is slower than
/// the hub, always finds one waiting; and fewer than the 256 that a ring of QEMU's card holds.
const SEEDS: usize = 192;

/// Has the PMD look away while the frames are put into port 0's ring.
const LOOK_AWAY: &str = "stall 1 100000";

/// The core of the machine's only PMD.
const PMD: u32 = 1;

/// Boots the image at `image` with one PMD and two virtio cards, lets frames circulate and reads its history.
///
/// # Errors
///
/// As [`measure_on`]'s.
pub fn measure(program: &Path, image: &Path) -> Result<Cost> {
    measure_on(Model::Virtio, program, image)
}

/// The same with cards of another kind, which QEMU has to have itself.
///
/// # Errors
///
/// The image does not boot or answer; [`Unsettled`](super::Unsettled) if too few full batches were
/// seen.
pub fn measure_on(model: Model, program: &Path, image: &Path) -> Result<Cost> {
    let run = RunDirectory::new()?;
    let seed = Wire::open(&run, "seed")?;
    let mut guest = Guest::start(program, around_hub(model, image, &seed), run, None)?;
    guest.boot(BOOT_LIMIT)?;
    guest.command(LOOK_AWAY)?;
    seed_port_0(&guest, &seed)?;
    read(&mut guest, PMD, Vec::new())
}

fn around_hub(model: Model, image: &Path, seed: &Wire) -> Machine {
    let mut machine = machine(image);
    let nic = || Nic { model, ..Nic::new(Netdev::Hub(0)) };
    machine.nics = vec![nic(), nic()];
    machine.hub_wires = vec![seed.into_hub(0)];
    machine
}

/// Puts the frames into the ring of port 0 alone, by way of the hub.
fn seed_port_0(guest: &Guest, seed: &Wire) -> Result<()> {
    let mut qmp = guest.qmp()?;
    qmp.set_link(1, false)?;
    for frame in Frames::sized(0, 64).take(SEEDS) {
        seed.send(&frame, SEND_LIMIT).context("the hub takes no frames")?;
    }
    for _ in 0..SEEDS {
        // QEMU takes a frame from the wire in each turn of the loop in which it answers.
        qmp.execute("query-status", json!({}))?;
    }
    qmp.set_link(1, true)?;
    qmp.execute("netdev_del", json!({ "id": HubWire::plug_id(0) })).map(drop)
}
