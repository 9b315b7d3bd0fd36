//! `cargo xtask screenshots`: pictures for README.md and docs, made of the last run.

mod page;
mod top;

use anyhow::Result;
use clap::Args;

use crate::install::Consent;
use crate::qemu::stream_path;
use crate::stop::Stop;

/// What may be installed for them.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    consent: Consent,
}

/// Draws them, and prints where they lie.
///
/// # Errors
///
/// There is no recording, a program is missing or fails, or a picture is too large.
pub(crate) fn run(options: &Options) -> Result<()> {
    let recording = stream_path();
    if !recording.is_file() {
        let file = recording.display();
        let text = format!("there is no {file}; next: cargo xtask qemu --seconds 45");
        return Err(Stop::usage(text).into());
    }
    page::draw(options.consent)?;
    top::draw(&recording, options.consent)
}
