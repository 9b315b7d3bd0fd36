//! `cargo xtask report`: a page with pictures of the last run.

use std::path::PathBuf;

use anyhow::Result;

use crate::qemu::stream_path;
use crate::stop::Stop;
use crate::workspace::{cargo, root, succeed};

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
    // cargo runs it in the root, and the page says where its recording lies.
    let own = recording.strip_prefix(root()).unwrap_or(&recording);
    succeed(command.arg(own).arg("--output").arg(&page), "pmdstat report")
}

/// Where the page lies: beside the recording.
pub(crate) fn path() -> PathBuf {
    stream_path().with_file_name("report.html")
}
