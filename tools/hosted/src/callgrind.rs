//! What recording, and what packets on each path, cost in instructions, counted by callgrind. They repeat exactly, so a change of
//! the hot path that costs something shows in them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use dataplane::HOUSEKEEPING;

use crate::recording::Recording;
use crate::setup::Setup;
use crate::shape::Shape;

/// The program that counts.
pub const PROGRAM: &str = "valgrind";

/// Instructions that metrics and supervision may add to an idle iteration.
pub const MOST_IDLE: f64 = 50.0;
/// Instructions that they may add to an iteration that brings two full bursts.
pub const MOST_FULL: f64 = 90.0;

/// What is compiled for: the oldest processors of the architecture.
const FLAGS: &str = "-Ctarget-cpu=x86-64";

/// Builds this crate's program into `target`, for the oldest x86-64, and returns its path. It is
/// optimised as one unit, as the image is, so that its code depends on nothing but what runs; all of it
/// for speed.
///
/// # Errors
///
/// It does not build; cargo has said why.
pub fn build(target: &Path) -> Result<PathBuf> {
    build_for(FLAGS, target)
}

/// The same for the processor that it is built on.
///
/// # Errors
///
/// As [`build`]'s.
pub fn build_native(target: &Path) -> Result<PathBuf> {
    build_for("-Ctarget-cpu=native", target)
}

fn build_for(flags: &str, target: &Path) -> Result<PathBuf> {
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", "hosted", "--profile", "kernel"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target)
        .env("RUSTFLAGS", flags)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "building hosted failed ({status})");
    Ok(target.join("kernel").join("hosted"))
}

/// Counts the instructions of a program that [`build`] built.
#[derive(Clone, Debug)]
pub struct Counting {
    /// Where valgrind is.
    pub valgrind: PathBuf,
    /// Where the program is.
    pub program: PathBuf,
}

impl Counting {
    /// Instructions of an iteration of `shape` that is recorded as `recording` says, housekeeping
    /// included.
    ///
    /// # Errors
    ///
    /// Valgrind does not run, or does not say what it counted.
    pub fn instructions(&self, shape: Shape, recording: Recording) -> Result<f64> {
        // What is left of a longer run without a shorter one has no start and no end.
        let shorter = self.run(shape, recording, HOUSEKEEPING)?;
        let longer = self.run(shape, recording, 2 * HOUSEKEEPING)?;
        Ok((longer.saturating_sub(shorter)) as f64 / HOUSEKEEPING as f64)
    }

    /// Instructions of a packet in full bursts on the way of `setup`, with metrics off; once all
    /// flows are made.
    ///
    /// # Errors
    ///
    /// As for [`Self::instructions`].
    pub fn of_packet(&self, setup: &Setup) -> Result<f64> {
        let count = |iterations| {
            let mut command = self.command(Shape::Full, Recording::OFF, iterations);
            let Setup { path, flows, masks, .. } = setup;
            command.args(["--path", path.name(), "--flows", &flows.to_string()]);
            command.args(["--masks", &masks.to_string()]);
            collect(&mut command)
        };
        let packets = HOUSEKEEPING * u64::from(setup.per_iteration());
        let (shorter, longer) = (count(HOUSEKEEPING)?, count(2 * HOUSEKEEPING)?);
        Ok(longer.saturating_sub(shorter) as f64 / packets as f64)
    }

    fn run(&self, shape: Shape, recording: Recording, iterations: u64) -> Result<u64> {
        collect(&mut self.command(shape, recording, iterations))
    }

    fn command(&self, shape: Shape, recording: Recording, iterations: u64) -> Command {
        let mut command = Command::new(&self.valgrind);
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(&self.program);
        command.args(["count", "--shape", shape.name()]);
        let Recording { metrics, rooms, armed } = recording;
        for (option, is_on) in [("--metrics", metrics), ("--rooms", rooms), ("--armed", armed)] {
            command.args([option, if is_on { "on" } else { "off" }]);
        }
        command.arg("--iterations").arg(iterations.to_string());
        command
    }
}

/// What `command` collects.
fn collect(command: &mut Command) -> Result<u64> {
    let output = command.output().context("cannot run valgrind")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed ({}): {text}", output.status);
    collected(&text).with_context(|| format!("valgrind did not say what it counted: {text}"))
}

/// The number in the line `==PID== Collected : NUMBER`.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_valgrind_collected_is_read() {
        let text = "==7== Events    : Ir\n==7== Collected : 4746646\n==7== \n";
        assert_eq!(collected(text), Some(4_746_646));
        assert_eq!(collected("==7== \n"), None);
    }
}
