//! The beginning of the report's page, light.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::install::{self, BROWSER, Consent};
use crate::report;
use crate::workspace::{root, target};

/// What a repository carries for a picture at most, in bytes.
const MOST: u64 = 300_000;
/// Width and height of the page's beginning: what happened, and around the worst event.
const PAGE: &str = "--window-size=1040,1070";

/// Draws `docs/report.png`.
///
/// # Errors
///
/// The page cannot be made, the browser is missing or fails, or the picture is too large.
pub(super) fn draw(consent: Consent) -> Result<()> {
    install::all(consent, &[BROWSER])?;
    report::run()?;
    let (picture, profile) = (root().join("docs/report.png"), target().join("screenshots"));
    let mut command = Command::new(BROWSER.program);
    // Without a sandbox, for root has none.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", PAGE]);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--screenshot={}", picture.display()));
    command.arg(format!("file://{}", report::path().display()));
    let output = command.output().with_context(|| format!("cannot run {}", BROWSER.program))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "no picture of the page: {said}");
    let size = fs::metadata(&picture).with_context(|| format!("no picture: {said}"))?.len();
    ensure!(size <= MOST, "{} has {size} bytes, more than {MOST}", picture.display());
    println!("{}", picture.display());
    Ok(())
}
