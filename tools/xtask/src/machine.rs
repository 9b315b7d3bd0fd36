//! When and where something was measured.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::root;

/// Date and commit.
pub(crate) fn when() -> Result<String> {
    let date = said("date", &["--utc", "+%Y-%m-%d"])?;
    let root = root().display().to_string();
    let commit = said("git", &["-C", &root, "rev-parse", "--short=12", "HEAD"])?;
    Ok(format!("{date}, behind commit {commit}"))
}

/// Processors of this host.
pub(crate) fn processor() -> Result<String> {
    let text = fs::read_to_string("/proc/cpuinfo").context("nothing tells of processors")?;
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let count = text.lines().filter(|line| line.starts_with("processor")).count();
    Ok(format!("{}, {count} shared processors", model.trim_start_matches(['\t', ' ', ':'])))
}

/// What `program` prints.
pub(crate) fn said(program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program).args(words).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
