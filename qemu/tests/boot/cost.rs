//! What a forwarded frame and an idle iteration cost, in guest instructions. They repeat, so a
//! change of the hot path that costs something shows here.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use qemu::cost::{self, Cost};
use qemu::seats::check_emulator;

use crate::rig::{Rig, Skipped};

crate::facts![ALONE: a_frame_and_an_idle_iteration_cost_what_was_recorded];

crate::facts![a_frame_between_82599s_costs_what_was_recorded_however_many_pmds_share_the_queues];

/// The compiler that the figures were recorded with.
const COMPILER: &str = "rustc 1.95.0";
/// What the figures may differ by, as a part of them.
const DIFFERENCE: f64 = 0.02;
/// PMDs between which the queues of an 82599 are shared out at most.
const PMDS: u32 = 3;

/// Guest instructions that were recorded for a kind of card.
struct Recorded {
    /// Of one forwarded 64-byte frame at full batches.
    per_frame: f64,
    /// Of an iteration that finds two receive rings empty.
    per_idle: f64,
}

/// Of virtio cards, recorded on 2026-11-29.
const VIRTIO: Recorded = Recorded { per_frame: 246.6, per_idle: 174.0 };
/// Of 82599s, recorded on 2026-11-29.
const IXGBE: Recorded = Recorded { per_frame: 222.9, per_idle: 190.0 };

fn a_frame_and_an_idle_iteration_cost_what_was_recorded(rig: &Rig) -> Result<()> {
    let cost = settled(cost::measure(rig.program(), rig.image()))?;
    VIRTIO.expect(&cost)
}

fn a_frame_between_82599s_costs_what_was_recorded_however_many_pmds_share_the_queues(
    rig: &Rig,
) -> Result<()> {
    if let Err(reason) = check_emulator(rig.program()) {
        bail!(Skipped(format!("{reason:#}")));
    }
    let measure = |pmds| settled(cost::measure_pmds(pmds, rig.program(), rig.image()));
    let alone = measure(1)?;
    alone.iter().try_for_each(|cost| IXGBE.expect(cost))?;
    for pmds in 2..=PMDS {
        for (cost, core) in measure(pmds)?.iter().zip(1..) {
            let (figure, one) = (cost.per_frame, alone[0].per_frame);
            ensure!(
                (figure / one - 1.0).abs() <= DIFFERENCE,
                "of {pmds} PMDs the one on core {core} takes {figure:.1} instructions for a frame, \
                 which takes {one:.1} where there is one PMD"
            );
        }
    }
    Ok(())
}

/// What was measured, unless the host is too busy for that.
fn settled<T>(measured: Result<T>) -> Result<T> {
    measured.map_err(|error| match error.is::<cost::Unsettled>() {
        true => Skipped(format!("the host is too busy to count instructions: {error}")).into(),
        false => error,
    })
}

impl Recorded {
    fn expect(&self, cost: &Cost) -> Result<()> {
        let is_recorded = compiler()?.starts_with(COMPILER);
        for (name, figure, recorded) in [
            ("a frame", cost.per_frame, self.per_frame),
            ("an idle iteration", cost.per_idle, self.per_idle),
        ] {
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
}

/// The compiler that cargo uses, as it names itself.
fn compiler() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().context("cannot ask rustc")?;
    Ok(String::from_utf8_lossy(&version.stdout).into_owned())
}
