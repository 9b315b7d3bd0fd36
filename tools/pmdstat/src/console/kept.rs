//! A recording that is being made: the bytes of a line as they came.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use perf::calendar::Date;

/// A file, or nothing.
pub(super) struct Kept(Option<(PathBuf, File)>);

impl Kept {
    /// No recording.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Begins one at `path`, or at a name made of the date; with the ending `.log` where it is of a
    /// console that `is_beside` a stream.
    ///
    /// # Errors
    ///
    /// The file is there already, or cannot be written.
    pub(super) fn begin(path: Option<&Path>, is_beside: bool) -> Result<Self> {
        let mut path = path.map_or_else(dated, Path::to_owned);
        if is_beside {
            path.set_extension("log");
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file =
            file.with_context(|| format!("cannot begin the recording {}", path.display()))?;
        Ok(Self(Some((path, file))))
    }

    /// Where it is.
    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|(path, _)| &**path)
    }

    /// Adds what came.
    ///
    /// # Errors
    ///
    /// It cannot be written; a recording that misses something would be worth nothing.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let Some((path, file)) = &mut self.0 else { return Ok(()) };
        file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn dated() -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Date { year, month, day, hour, minute, second } = Date::from_unix(now.as_secs());
    format!("barecore-{year}{month:02}{day:02}-{hour:02}{minute:02}{second:02}.pmd").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_never_written_over_another() {
        let path = std::env::temp_dir().join(format!("pmdstat-kept-{}.pmd", std::process::id()));
        let mut kept = Kept::begin(Some(&path), false).unwrap();
        kept.add(b"one").unwrap();
        assert!(Kept::begin(Some(&path), false).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let beside = Kept::begin(Some(&path), true).unwrap();
        assert_eq!(beside.path(), Some(&*path.with_extension("log")));
        std::fs::remove_file(path.with_extension("log")).unwrap();
        std::fs::remove_file(path).unwrap();
    }
}
