//! A private directory for the sockets and files of one run.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A fresh directory that only this user may enter. Removed with its content when dropped.
///
/// It lies in the system's folder for temporary files and not in the target directory,
/// because the path of a unix socket may have 107 bytes at most.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// The folder for temporary files cannot be written.
    pub fn new() -> Result<Self> {
        loop {
            let path = Self::next_name();
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot make {}", path.display()));
                }
            }
        }
    }

    /// The path of a file in it, which need not exist.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn next_name() -> PathBuf {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        env::temp_dir().join(format!("barecore-{}-{number}", process::id()))
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // Nothing can be done about a directory that stays: the system clears it one day.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_private_and_goes_away_with_its_content() {
        let run = RunDirectory::new().unwrap();
        let path = run.path().to_owned();
        fs::write(run.file("socket"), "x").unwrap();
        assert_ne!(RunDirectory::new().unwrap().path(), path);
        drop(run);
        assert!(!path.exists());
    }
}
