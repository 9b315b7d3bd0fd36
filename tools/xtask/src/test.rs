//! `cargo xtask test`: host tests and boot tests, summed up in one line.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::install::{self, BROWSER, CPP, Consent, LOADERS, NETWORK, PROMETHEUS, VALGRIND};
use crate::workspace::{KERNEL, PARTS, cargo, target};
use crate::{fuzz, image};

/// Which tests to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs only the tests whose names hold this text.
    filter: Option<String>,
    /// Leaves out the boot tests, and with them QEMU and the image.
    #[arg(long)]
    host_only: bool,
    /// Writes the transcripts of the boot tests anew instead of comparing them.
    #[arg(long, conflicts_with = "host_only")]
    bless: bool,
    #[command(flatten)]
    consent: Consent,
}

/// Fuzz targets that run at the same time: each keeps one processor busy.
const FUZZED_AT_ONCE: usize = 2;

/// The sums of all `test result:` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs the tests.
///
/// # Errors
///
/// A test failed or did not build.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut sum = Sum::default();
    let is_good = if options.host_only {
        let host = ["--workspace", "--exclude", "kernel", "--exclude", "qemu"];
        let host = follow(&mut cargo_test(&host, options), &mut sum)?;
        let kernel = follow(&mut cargo_test(KERNEL, options), &mut sum)?;
        host & kernel & follow(&mut cargo_test(&["--package", "qemu", "--lib"], options), &mut sum)?
    } else {
        // Only root may make the network namespaces that these programs are for.
        let network = NETWORK.into_iter().filter(|_| install::is_root());
        // Nobody who runs tests asked for a server of metrics at the port 9090.
        let monitor = [PROMETHEUS].into_iter().filter(|_| !install::starts_services());
        let others: Vec<_> = [VALGRIND, CPP, BROWSER]
            .into_iter()
            .chain(LOADERS)
            .chain(network)
            .chain(monitor)
            .collect();
        install::qemu(options.consent, &others)?;
        let image = build(options)?;
        // Which cargo has built for those tests that run it as users do.
        let pmdstat = target().join("debug/pmdstat");
        let mut is_good = true;
        for (packages, _) in PARTS {
            let mut command = cargo_test(packages, options);
            command.env("BARECORE_IMAGE", &image).env("BARECORE_PMDSTAT", &pmdstat);
            if options.bless {
                command.env("BARECORE_BLESS", "1");
            }
            is_good &= follow(&mut command, &mut sum)?;
        }
        is_good & fuzz_all(options, &mut sum)?
    };
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    ensure!(is_good && sum.failed == 0, "not all tests passed");
    Ok(())
}

/// Builds the image, and beside it the host's tests: linking the image keeps one processor busy only.
/// Returns the image's path.
fn build(options: &Options) -> Result<PathBuf> {
    let mut tests = cargo_test(PARTS[0].0, options);
    let tests = tests.args(["--no-run", "--quiet"]).stdin(Stdio::null()).spawn();
    let mut tests = tests.context("cannot run cargo test")?;
    let image = image::build();
    let status = tests.wait().context("cannot wait for cargo test")?;
    ensure!(status.success(), "tests of {} do not build", PARTS[0].1);
    image
}

/// Runs all fuzz targets that the filter admits, and adds what became of them to `sum`.
fn fuzz_all(options: &Options, sum: &mut Sum) -> Result<bool> {
    let name = |target: &str| format!("fuzz::{target}");
    let admits = |target: &str| {
        options.filter.as_ref().is_none_or(|filter| name(target).contains(filter.as_str()))
    };
    let wanted: Vec<_> = fuzz::TARGETS.iter().filter(|(target, _)| admits(target)).collect();
    if wanted.is_empty() {
        return Ok(true);
    }
    if !fuzz::is_possible() {
        println!("fuzz targets SKIPPED: no compiler for C++ (apt-get install g++)");
        sum.skipped += wanted.len() as u64;
        return Ok(true);
    }
    fuzz::build()?;
    let (queue, sum) = (Mutex::new(wanted.into_iter()), Mutex::new(sum));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((target, longest)) = next() {
            let result = fuzz::fuzz(target, *longest, fuzz::ENOUGH);
            sum.lock().unwrap_or_else(PoisonError::into_inner).add_one(&name(target), &result);
        }
    };
    thread::scope(|scope| (0..FUZZED_AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    Ok(sum.into_inner().unwrap_or_else(PoisonError::into_inner).failed == 0)
}

fn cargo_test(selection: &[&str], options: &Options) -> Command {
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]).args(selection).args(&options.filter);
    command
}

/// Shows what `command` prints, adds its results to `sum`, and says whether it succeeded.
fn follow(command: &mut Command, sum: &mut Sum) -> Result<bool> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo test")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo test prints")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        sum.add(&line);
    }
    Ok(child.wait().context("cannot wait for cargo test")?.success())
}

impl Sum {
    /// Tells what became of the test `name`, and counts it.
    fn add_one(&mut self, name: &str, result: &Result<()>) {
        match result {
            Ok(()) => println!("test {name} ... ok"),
            Err(error) => println!("test {name} ... FAILED\n{error:#}"),
        }
        *(if result.is_ok() { &mut self.passed } else { &mut self.failed }) += 1;
    }

    fn add(&mut self, line: &str) {
        let Some(results) = line.trim().strip_prefix("test result:") else { return };
        for part in results.split([';', '.']) {
            match part.split_whitespace().collect::<Vec<_>>()[..] {
                [number, "passed"] => self.passed += parsed(number),
                [number, "failed"] => self.failed += parsed(number),
                [number, "ignored"] => self.skipped += parsed(number),
                _ => {}
            }
        }
    }
}

fn parsed(number: &str) -> u64 {
    number.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_are_added_up() {
        let mut sum = Sum::default();
        sum.add("test result: ok. 45 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.14s");
        sum.add("test result: FAILED. 2 passed; 3 failed; 4 ignored; 0 measured; 0 filtered out");
        sum.add("test some::test_result: ok");
        assert_eq!(sum, Sum { passed: 47, failed: 3, skipped: 5 });
    }
}
