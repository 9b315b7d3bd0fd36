//! `cargo xtask report`: a page with pictures of the last run.

use std::path::PathBuf;

use anyhow::Result;

use crate::qemu::stream_path;
use crate::stop::Stop;
use crate::workspace::{cargo, succeed};

/// Writes the page, prints where it lies and what happened in five lines.
///
/// # Errors
///
/// There is no recording, or no page can be made of it.
pub(crate) fn run() -> Result<()> {
    let recording = stream_path();
    if !recording.is_file() {
        let file = recording.display();
        return Err(Stop::usage(format!("there is no {file}; next: cargo xtask qemu")).into());
    }
    let page = path();
    println!("{}", page.display());
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "pmdstat", "--", "report"]);
    succeed(command.arg(&recording).arg("--output").arg(&page), "pmdstat report")
}

/// Where the page lies: beside the recording.
fn path() -> PathBuf {
    stream_path().with_file_name("report.html")
}
