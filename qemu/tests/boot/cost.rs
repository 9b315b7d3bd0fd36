//! What a forwarded frame and an idle iteration cost, in guest instructions. They repeat, so a
//! change of the hot path that costs something shows here.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use qemu::cost;

use crate::rig::{Rig, Skipped};

crate::facts![a_frame_and_an_idle_iteration_cost_what_was_recorded];

/// The compiler that the figures were recorded with.
const COMPILER: &str = "rustc 1.95.0";
/// Guest instructions for one forwarded 64-byte frame at full batches, recorded on 2026-11-28.
const PER_FRAME: f64 = 245.5;
/// Guest instructions of an iteration that finds two receive rings empty, recorded on that day.
const PER_IDLE: f64 = 188.0;
/// What the figures may differ by, as a part of them.
const DIFFERENCE: f64 = 0.02;

fn a_frame_and_an_idle_iteration_cost_what_was_recorded(rig: &Rig) -> Result<()> {
    let measured = cost::measure(rig.program(), rig.image());
    if let Err(error) = &measured
        && error.is::<cost::Unsettled>()
    {
        bail!(Skipped(format!("the host is too busy to count instructions: {error}")));
    }
    let cost = measured?;
    let is_recorded = compiler()?.starts_with(COMPILER);
    for (name, figure, recorded) in
        [("a frame", cost.per_frame, PER_FRAME), ("an idle iteration", cost.per_idle, PER_IDLE)]
    {
        let least = if is_recorded { recorded * (1.0 - DIFFERENCE) } else { 0.0 };
        let most = recorded * (1.0 + DIFFERENCE);
        ensure!(
            (least..=most).contains(&figure),
            "{name} costs {figure:.1} instructions, {recorded} were recorded with {COMPILER}; \
             a change that is meant so records the new figure in {}",
            file!()
        );
    }
    Ok(())
}

/// The compiler that cargo uses, as it names itself.
fn compiler() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().context("cannot ask rustc")?;
    Ok(String::from_utf8_lossy(&version.stdout).into_owned())
}
