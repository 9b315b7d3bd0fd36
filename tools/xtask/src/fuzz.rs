//! `cargo xtask fuzz`: builds the targets of tools/fuzz so that libFuzzer sees which code runs, and runs
//! them. Any compiler can do that; libFuzzer itself needs one for C++.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ::qemu::find;
use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::install::{self, CPP, Consent};
use crate::workspace::{cargo, root, succeed, target};

/// Targets, and how long an input is at most.
pub(crate) const TARGETS: [(&str, u32); 5] =
    [("frame", 160), ("rule", 200), ("packets", 400), ("tunnel", 24), ("stream", 300)];
/// Executions of each that say enough.
pub(crate) const ENOUGH: u64 = 1_000_000;

/// What marks edges and comparisons (clang's SanitizerCoverage), as libFuzzer wants them.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];
/// Named, so that build scripts are built without those flags.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// This target only: frame, rule, packets, tunnel or stream.
    target: Option<String>,
    /// Executions of each.
    #[arg(long, default_value_t = ENOUGH)]
    runs: u64,
    #[command(flatten)]
    consent: Consent,
}

/// Runs targets. Inputs that lead to new code stay in target/fuzz.
///
/// # Errors
///
/// No such target, something is missing, or an input makes one fail: it is named.
pub(crate) fn run(options: &Options) -> Result<()> {
    install::all(options.consent, &[CPP])?;
    build()?;
    let is_wanted = |name: &str| options.target.as_ref().is_none_or(|target| target == name);
    let wanted: Vec<_> = TARGETS.iter().filter(|(name, _)| is_wanted(name)).collect();
    ensure!(!wanted.is_empty(), "no such target; there are: frame, rule, packets, tunnel, stream");
    wanted.into_iter().try_for_each(|(name, longest)| fuzz(name, *longest, options.runs))
}

/// Whether targets can be built here.
pub(crate) fn is_possible() -> bool {
    find::program(CPP.program).is_some()
}

/// Builds all targets.
///
/// # Errors
///
/// They do not build; cargo has said why.
pub(crate) fn build() -> Result<()> {
    eprintln!("building fuzz targets (a first build takes a minute or two) ...");
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "--locked", "--target", TRIPLE]);
    command.current_dir(root().join("tools/fuzz"));
    command.env("CARGO_TARGET_DIR", target().join("fuzz")).env("RUSTFLAGS", FLAGS.join(" "));
    command.env_remove("CARGO_ENCODED_RUSTFLAGS");
    succeed(&mut command, "building fuzz targets")
}

/// Executes the target `name` so often, with inputs of `longest` bytes at most.
///
/// # Errors
///
/// An input makes it fail. It is kept, and named.
pub(crate) fn fuzz(name: &str, longest: u32, runs: u64) -> Result<()> {
    let folder = target().join("fuzz");
    let (found, corpus) = (folder.join("found"), folder.join("corpus").join(name));
    fs::create_dir_all(&found).and_then(|()| fs::create_dir_all(&corpus))?;
    let program = folder.join(TRIPLE).join("release").join(name);
    let mut command = Command::new(program);
    command.arg(format!("-runs={runs}")).arg(format!("-max_len={longest}"));
    command.args(["-verbosity=0", "-print_final_stats=1", "-timeout=20"]);
    command.arg(prefix(&found, name)).arg(&corpus).stdout(Stdio::null());
    let output = command.stderr(Stdio::piped()).output().context("cannot run a fuzz target")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "fuzz target {name} failed:\n{said}");
    let executed = said.lines().find_map(|line| {
        line.strip_prefix("stat::number_of_executed_units:")?.trim().parse::<u64>().ok()
    });
    ensure!(
        executed.is_some_and(|count| count >= runs),
        "{name} was not executed so often: {said}"
    );
    eprintln!("fuzz {name}: {runs} executions");
    Ok(())
}

/// Where inputs that make a target fail are kept.
fn prefix(found: &Path, name: &str) -> String {
    format!("-artifact_prefix={}/{name}-", found.display())
}
