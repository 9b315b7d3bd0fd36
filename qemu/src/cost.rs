//! What a frame costs the image, in guest instructions: exact where times would be noise.
//!
//! With QEMU's instruction counter the time-stamp counter advances by one for each instruction
//! executed (`-icount shift=0`). Both network cards are plugged into one hub inside QEMU, so a
//! frame that is forwarded out of one port comes in at the other again and circulates without
//! help. The image's own iteration history tells what each iteration took.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::frames::Frames;
use crate::guest::Guest;
use crate::machine::{Clock, HubWire, Machine, Netdev, Nic};
use crate::reading::{self, Iteration};
use crate::run_directory::RunDirectory;
use crate::wire::Wire;

/// Frames in a full batch.
pub const BATCH: u64 = 32;

/// Frames of 64 bytes that are sent into the hub, which copies each to both ports.
const SEEDS: usize = 96;

/// How often the history is read.
const READINGS: usize = 4;

/// Full batches that are needed for a median.
const ENOUGH: usize = 20;

const BOOT_LIMIT: Duration = Duration::from_secs(120);
const SEND_LIMIT: Duration = Duration::from_secs(20);

/// The medians, in guest instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// For one forwarded 64-byte frame in an iteration with full batches only.
    pub per_frame: f64,
    /// For an iteration that found nothing.
    pub per_idle: f64,
    /// How many iterations with full batches were seen.
    pub full_iterations: usize,
}

/// Boots the image at `image` with one PMD, lets frames circulate and reads its history.
///
/// # Errors
///
/// The image does not boot or answer, or too few iterations with full batches were seen.
pub fn measure(program: &Path, image: &Path) -> Result<Cost> {
    let run = RunDirectory::new()?;
    let seed = Wire::open(&run, "seed")?;
    let mut guest = Guest::start(program, machine(image, &seed), run, None)?;
    guest.boot(BOOT_LIMIT)?;
    for frame in Frames::sized(0, 64).take(SEEDS) {
        seed.send(&frame, SEND_LIMIT).context("the hub takes no frames")?;
    }
    guest.qmp()?.execute("netdev_del", json!({ "id": HubWire::plug_id(0) }))?;
    let mut rows = Vec::new();
    for _ in 0..READINGS {
        rows.extend(reading::iterations(&guest.command("pmd-perf-show -nh -it 999")?));
    }
    of_rows(&rows)
}

fn machine(image: &Path, seed: &Wire) -> Machine {
    let mut machine = Machine::new(image);
    machine.clock = Clock::Instructions;
    machine.append = vec!["ports=all".to_owned(), "forward=0:1".to_owned()];
    machine.nics = vec![Nic::new(Netdev::Hub(0)), Nic::new(Netdev::Hub(0))];
    machine.hub_wires = vec![seed.into_hub(0)];
    machine
}

fn of_rows(rows: &[Iteration]) -> Result<Cost> {
    let full = |row: &&Iteration| row.packets > 0 && row.packets == row.batches() * BATCH;
    let per_frame: Vec<_> =
        rows.iter().filter(full).map(|row| row.cycles as f64 / row.packets as f64).collect();
    let idle: Vec<_> =
        rows.iter().filter(|row| row.packets == 0).map(|row| row.cycles as f64).collect();
    let full_iterations = per_frame.len();
    ensure!(
        full_iterations >= ENOUGH,
        "only {full_iterations} of {} iterations had full batches",
        rows.len()
    );
    let per_idle = median(idle).context("no iteration was idle")?;
    let per_frame = median(per_frame).context("no iteration was full")?;
    Ok(Cost { per_frame, per_idle, full_iterations })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cycles: u64, packets: u64, batch: f64) -> Iteration {
        Iteration { number: 0, cycles, packets, batch }
    }

    #[test]
    fn only_full_batches_and_idle_iterations_count() {
        let mut rows = vec![row(6400, 32, 32.0); 15];
        rows.extend(vec![row(12_800, 64, 32.0); 15]);
        rows.extend(vec![row(9_999, 40, 20.0); 50]);
        rows.extend([row(90, 0, 0.0), row(100, 0, 0.0), row(5_000_000, 0, 0.0)]);
        let cost = of_rows(&rows).unwrap();
        assert_eq!((cost.per_frame, cost.per_idle, cost.full_iterations), (200.0, 100.0, 30));
    }

    #[test]
    fn too_few_full_batches_are_no_figure() {
        let error = of_rows(&[row(6400, 32, 32.0), row(90, 0, 0.0)]).unwrap_err();
        assert!(error.to_string().starts_with("only 1 of 2"), "{error}");
    }
}
