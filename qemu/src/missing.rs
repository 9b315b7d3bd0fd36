//! What this host lacks: no failure of what was to be tried, which cannot be tried here.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use crate::find;

/// A reason why something cannot be tried here.
#[derive(Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

impl Missing {
    /// That `what` is missing, which Debian has in `package`.
    fn of(what: &str, package: &str) -> anyhow::Error {
        Self(format!("{what} is missing; on Debian: apt-get install {package}")).into()
    }
}

/// Whether `programs` are there, each of which has its Debian package beside it.
///
/// # Errors
///
/// The first that is not, as [`Missing`].
pub fn need(programs: &[(&str, &str)]) -> Result<()> {
    programs.iter().try_for_each(|(program, package)| {
        find::program(program).map(drop).ok_or_else(|| Missing::of(program, package))
    })
}

/// Whether a folder or a file of `package` is there.
///
/// # Errors
///
/// It is not, as [`Missing`].
pub fn need_path(path: &str, package: &str) -> Result<()> {
    if Path::new(path).exists() { Ok(()) } else { Err(Missing::of(path, package)) }
}

/// Whether UEFI firmware is there.
///
/// # Errors
///
/// It is not, as [`Missing`].
pub fn need_uefi() -> Result<()> {
    find::OVMF.into_iter().try_for_each(|file| need_path(file, "ovmf"))
}
