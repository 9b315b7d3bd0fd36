//! What a run leaves behind: the bytes of its stream and of its console, for `pmdstat`.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::workspace;

/// The files of the last run. Each run begins them again.
pub(super) struct Recorded {
    /// The stream, as it came.
    pub(super) stream: File,
    /// What the console said.
    pub(super) console: File,
}

/// Where the stream of the last run lies.
pub(crate) fn stream_path() -> PathBuf {
    folder().join("last.pmd")
}

fn folder() -> PathBuf {
    workspace::target().join("barecore")
}

impl Recorded {
    /// Empty files.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub(super) fn begin() -> Result<Self> {
        let folder = folder();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let create = |path: PathBuf| {
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))
        };
        Ok(Self { stream: create(stream_path())?, console: create(folder.join("last.log"))? })
    }
}

/// Writes `bytes` to `file`. A disk that is full costs the recording, not the run.
pub(super) fn keep(file: &mut File, bytes: &[u8]) {
    let _ = file.write_all(bytes);
}
