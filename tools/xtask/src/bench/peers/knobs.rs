//! What steers the ports of programs that use DPDK, and what they count: a file that `source.c` maps.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Ports there are, bytes of each in the file, and of a number in that.
const PORTS: u64 = 2;
const PORT: u64 = 128;
const WORD: u64 = 8;
/// Where numbers are, counted in words: those that steer, and those that are counted.
const SERIAL: u64 = 0;
const BURST: u64 = 1;
const LENGTH: u64 = 2;
const COUNTS: u64 = 8;

/// The file.
#[derive(Debug)]
pub(super) struct Knobs {
    file: File,
    path: PathBuf,
    serial: u64,
}

/// What both ports counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) polls: u64,
    pub(super) received: u64,
}

impl Knobs {
    /// A new file at `path`, of ports that bring nothing.
    pub(super) fn new(path: PathBuf) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.with_context(|| format!("cannot make {}", path.display()))?;
        file.set_len(PORTS * PORT)?;
        Ok(Self { file, path, serial: 0 })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Has polls of each port bring so many frames, from its `traffic`: whole frames of one length,
    /// in turn.
    pub(super) fn feed(&mut self, traffic: &[(Vec<u8>, usize); 2], burst: u32) -> Result<()> {
        self.quiet()?;
        self.serial += 1;
        for (port, (frames, length)) in (0..PORTS).zip(traffic) {
            if frames.is_empty() {
                continue;
            }
            std::fs::write(self.path.with_added_extension(port.to_string()), frames)?;
            self.put(port, LENGTH, *length as u64)?;
            self.put(port, SERIAL, self.serial)?;
            self.put(port, BURST, burst.into())?;
        }
        Ok(())
    }

    /// Has ports bring nothing.
    pub(super) fn quiet(&self) -> Result<()> {
        (0..PORTS).try_for_each(|port| self.put(port, BURST, 0))
    }

    /// What was counted by now.
    pub(super) fn counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        for port in 0..PORTS {
            counts.polls += self.word(port, COUNTS)?;
            counts.received += self.word(port, COUNTS + 1)?;
        }
        Ok(counts)
    }

    fn put(&self, port: u64, word: u64, value: u64) -> Result<()> {
        Ok(self.file.write_all_at(&value.to_ne_bytes(), port * PORT + word * WORD)?)
    }

    fn word(&self, port: u64, word: u64) -> Result<u64> {
        let mut bytes = [0; WORD as usize];
        self.file.read_exact_at(&mut bytes, port * PORT + word * WORD)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}
