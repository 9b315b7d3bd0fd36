//! What all machines of a soak share: an emulator, and an image that no build changes meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::qemu::boot_image;
use ::qemu::guest::Guest;
use ::qemu::machine::{Machine, Nic, Serial};
use ::qemu::run_directory::RunDirectory;
use ::qemu::wire::Wire;
use anyhow::{Context as _, Error, Result};

use crate::install::{self, Consent, LOADERS};
use crate::workspace::target;
use crate::{image, machine};

/// How long a machine may take to its first prompt. An emulator on a busy host is slow.
pub(super) const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// An emulator and an image.
pub(super) struct Bench {
    pub(super) program: PathBuf,
    /// The ELF file, with `barecore.img` beside it.
    pub(super) elf: PathBuf,
    /// What lies there as long as machines boot.
    pub(super) files: RunDirectory,
}

/// A machine that does not run yet, and what its two cards are plugged into.
pub(super) struct Setup {
    pub(super) machine: Machine,
    pub(super) wires: [Wire; 2],
    pub(super) run: RunDirectory,
}

impl Bench {
    /// Builds the image, and prints when and where this is.
    pub(super) fn set_up(consent: Consent) -> Result<Self> {
        let program = install::qemu(consent, &LOADERS)?;
        let (built, files) = (image::build()?, RunDirectory::new()?);
        let elf = files.file("barecore");
        for (from, to) in
            [(built.clone(), elf.clone()), (boot_image::beside(&built), boot_image::beside(&elf))]
        {
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        let version = machine::said(&program.to_string_lossy(), &["--version"])?;
        let version = version.lines().next().unwrap_or_default();
        println!("{}; {}; {version}", machine::when()?, machine::processor()?);
        Ok(Self { program, elf, files })
    }

    /// A machine with two cores and two cards.
    pub(super) fn machine(&self) -> Result<Setup> {
        let run = RunDirectory::new()?;
        let wires = Wire::pair(&run)?;
        let mut machine = Machine::new(&self.elf);
        // Firmware writes there, too: a line that nobody reads would be stuck when the image opens it.
        machine.com2 = Serial::File(run.file("com2"));
        machine.nics = wires.iter().map(|wire| Nic::new(wire.netdev())).collect();
        Ok(Setup { machine, wires, run })
    }
}

/// Keeps what the console of `guest` showed and why that is not good, and returns that with the file's name.
pub(super) fn keep<T>(name: &str, line: &str, guest: &mut Guest, error: Error) -> Result<T> {
    let folder = target().join("soak");
    let file = folder.join(format!("{name}.txt"));
    let lines = guest.console().lines().join("\n");
    let text = format!("{line}\n\n{error:#}{}\n\n{lines}\n", guest.remarks());
    match write(&folder, &file, &text) {
        Ok(()) => Err(error.context(format!("see {}", file.display()))),
        Err(other) => Err(error.context(other)),
    }
}

fn write(folder: &Path, file: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("cannot write {}", file.display()))
}
