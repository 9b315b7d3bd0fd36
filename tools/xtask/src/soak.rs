//! `cargo xtask soak`: what is to hold each time, tried many times.

mod bench;
mod boot;
mod boots;
mod faults;
mod reproducible;
mod row;

use anyhow::Result;
use clap::{Args, Subcommand};

/// What to try.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Boots the image again and again by each loader and firmware, has it forward each time, and counts.
    Boots(boots::Options),
    /// Forces ten faults on a machine with a BIOS and ten on one with UEFI firmware, and reads the reports.
    Faults(faults::Options),
    /// Builds the image in two folders and compares the bytes, which takes minutes.
    Reproducible,
}

/// Tries it.
///
/// # Errors
///
/// It did not hold each time, or could not be tried.
pub(crate) fn run(options: &Options) -> Result<()> {
    match &options.what {
        What::Boots(options) => boots::run(options),
        What::Faults(options) => faults::run(options),
        What::Reproducible => reproducible::run(),
    }
}
