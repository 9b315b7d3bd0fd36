//! A first file system for Linux, as an archive of the kind "newc" that the kernel unpacks.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::packages;

/// Where Debian has libraries.
const LIBRARIES: [&str; 2] = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"];

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// An archive that grows.
#[derive(Debug, Default)]
pub struct Initramfs {
    bytes: Vec<u8>,
    count: u32,
    names: HashSet<String>,
}

impl Initramfs {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder.
    #[must_use]
    pub fn folder(mut self, name: &str) -> Self {
        self.add(name, FOLDER, &[]);
        self
    }

    /// Adds an executable file with this content.
    #[must_use]
    pub fn text(mut self, name: &str, content: &str) -> Self {
        self.add(name, PROGRAM, content.as_bytes());
        self
    }

    /// Adds a copy of `file`.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn file(mut self, name: &str, file: &Path) -> Result<Self> {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.add(name, PROGRAM, &content);
        Ok(self)
    }

    /// Adds a copy of `program`, and of the libraries that it needs: those that are installed, or were brought.
    ///
    /// # Errors
    ///
    /// A library is missing, or a file cannot be read.
    pub fn program(self, name: &str, program: &Path) -> Result<Self> {
        let brought = packages::folder().canonicalize().context("no folder of packages")?;
        let folders = LIBRARIES.map(|it| brought.join(it));
        let output = Command::new("ldd")
            .arg(program)
            .env("LD_LIBRARY_PATH", env::join_paths(folders).context("a colon in a folder's name")?)
            .output()
            .context("cannot run ldd")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let lacks = text.lines().find(|line| line.contains("not found")).map(str::trim);
        ensure!(lacks.is_none(), "{}: {}", program.display(), lacks.unwrap_or_default());
        let mut libraries = text.split_whitespace().filter(|it| it.starts_with('/')).map(Path::new);
        libraries.try_fold(self.file(name, program)?, |archive, library| {
            let place = library.strip_prefix(&brought).or_else(|_| library.strip_prefix("/"));
            archive.file(&place.unwrap_or(library).to_string_lossy(), library)
        })
    }

    /// Writes the archive to `file`.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(mut self, file: &Path) -> Result<()> {
        self.append("TRAILER!!!", 0, &[]);
        fs::write(file, self.bytes).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Adds an entry, and before it the folders that it lies in; nothing twice.
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        for (end, _) in name.match_indices('/') {
            self.add(&name[..end], FOLDER, &[]);
        }
        if !name.is_empty() && self.names.insert(name.to_owned()) {
            self.append(name, mode, content);
        }
    }

    fn append(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.count += 1;
        let size = content.len() as u32;
        let name_size = name.len() as u32 + 1;
        // Number, mode, owner, group, links, time, size, four of devices, name size, checksum.
        let fields = [self.count, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
