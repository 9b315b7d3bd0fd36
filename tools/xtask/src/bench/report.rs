//! `cargo xtask bench report`: how long `pmdstat report` takes over the recording of an hour, and how much
//! memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::{Figure, bounds};
use crate::workspace::{cargo, succeed, target};

/// Runs, of which the fastest counts: others may be at work on this host.
const RUNS: usize = 3;

/// Measures.
///
/// # Errors
///
/// The programs do not build, or there is no page in the end.
pub(super) fn measure() -> Result<Vec<Figure>> {
    eprintln!("building pmdstat and the recording of an hour ...");
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "--package", "pmdstat", "--bin", "pmdstat"]);
    succeed(command.args(["--example", "hour"]), "building pmdstat")?;
    let folder = target().join("bench");
    let (recording, page) = (folder.join("hour.pmd"), folder.join("hour.html"));
    fs::create_dir_all(&folder)?;
    let file = File::create(&recording).context("cannot write the recording of an hour")?;
    succeed(
        Command::new(program("examples/hour")).stdout(file),
        "writing the recording of an hour",
    )?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(run(&recording, &page)?);
    }
    fs::remove_file(&recording)?;
    let seconds = runs.iter().map(|(seconds, _)| *seconds).fold(f64::MAX, f64::min);
    let most = runs.iter().map(|(_, kilobytes)| *kilobytes).max().unwrap_or(0);
    Ok(vec![
        Figure::new(bounds::REPORT_TIME, seconds, "s"),
        Figure::new(bounds::REPORT_MEMORY, most as f64 / 1000.0, "MB"),
        Figure::new(bounds::REPORT_PAGE, fs::metadata(&page)?.len() as f64 / 1e6, "MB"),
    ])
}

fn program(name: &str) -> PathBuf {
    target().join("release").join(name)
}

/// Seconds of a run, and its greatest memory in units of 1024 bytes.
fn run(recording: &Path, page: &Path) -> Result<(f64, u64)> {
    let begin = Instant::now();
    let mut command = Command::new(program("pmdstat"));
    command.arg("report").arg(recording).arg("-o").arg(page).stdout(Stdio::null());
    let mut child = command.spawn().context("cannot run pmdstat")?;
    let mut most = 0;
    let status = loop {
        most = peak(&child).unwrap_or(0).max(most);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(Duration::from_millis(5));
    };
    ensure!(status.success() && most > 0, "pmdstat report failed ({status})");
    Ok((begin.elapsed().as_secs_f64(), most))
}

/// The most memory that `child` held so far; nothing once it has ended.
fn peak(child: &Child) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
