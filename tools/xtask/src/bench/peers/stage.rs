//! Where peers are measured: a folder, huge pages, the source of frames, and which processor is whose.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::workspace::{succeed, target};

/// Where Linux is told how many huge pages of 2 MiB there are to be, and how many peers need.
const HUGE_PAGES: &str = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
const PAGES: u64 = 1024;
/// The source of frames.
const SOURCE: &str = include_str!("source.c");

/// What peers need, as long as they are measured.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) folder: PathBuf,
    /// Processors: of those who poll, and of all else.
    pub(super) polls: usize,
    pub(super) rest: usize,
    pages: u64,
}

impl Stage {
    /// Takes processors, huge pages and a folder, and builds the source.
    pub(super) fn new() -> Result<Self> {
        let folder = target().join("bench").join("peers");
        let _there_was_one = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("huge"))?;
        let allowed = sched_getaffinity(None)?;
        let mut allowed = (0..CpuSet::MAX_CPU).filter(|&number| allowed.is_set(number));
        let (rest, polls) = (allowed.next(), allowed.next_back());
        let rest = rest.context("no processor")?;
        let polls = polls.context("peers need two processors, and there is one")?;
        let pages = fs::read_to_string(HUGE_PAGES)?.trim().parse()?;
        let stage = Self { folder, polls, rest, pages };
        stage.take_pages()?;
        stage.build()?;
        let mut own = CpuSet::new();
        own.set(rest);
        sched_setaffinity(None, &own)?;
        Ok(stage)
    }

    fn take_pages(&self) -> Result<()> {
        if self.pages < PAGES {
            fs::write(HUGE_PAGES, PAGES.to_string()).context("no huge pages for the asking")?;
        }
        let found: u64 = fs::read_to_string(HUGE_PAGES)?.trim().parse()?;
        ensure!(found >= PAGES, "{found} huge pages of 2 MiB, {PAGES} are needed");
        let mut mount = Command::new("mount");
        mount.args(["-t", "hugetlbfs", "-o", "pagesize=2M", "none"]).arg(self.huge());
        succeed(&mut mount, "mounting huge pages")
    }

    fn build(&self) -> Result<()> {
        let source = self.folder.join("source.c");
        fs::write(&source, SOURCE)?;
        let flags = Command::new("pkg-config").args(["--cflags", "libdpdk"]).output()?;
        let flags = String::from_utf8(flags.stdout)?;
        let mut compiler = Command::new("cc");
        compiler.args(["-O3", "-march=native", "-shared", "-fPIC"]).arg(&source).arg("-o");
        compiler.arg(self.source()).args(flags.split_whitespace()).arg("-ldl");
        succeed(&mut compiler, "building the source of frames")
    }

    /// Where huge pages are mounted.
    pub(super) fn huge(&self) -> PathBuf {
        self.folder.join("huge")
    }

    /// The source, to be loaded before all other libraries.
    pub(super) fn source(&self) -> PathBuf {
        self.folder.join("source.so")
    }

    /// `program` in a network namespace of its own, fed as the file `knobs` says.
    pub(super) fn fed(&self, program: &str, knobs: &Path) -> Command {
        let mut command = Command::new("unshare");
        // The libraries that the source needs are those of that program alone.
        command.args(["--net", "env"]).arg(format!("LD_PRELOAD={}", self.source().display()));
        command.arg(format!("BARECORE_KNOBS={}", knobs.display())).arg(program);
        command
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _best_effort = Command::new("umount").arg(self.huge()).status();
        let _best_effort = fs::write(HUGE_PAGES, self.pages.to_string());
    }
}
