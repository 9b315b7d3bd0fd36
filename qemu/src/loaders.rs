//! The loaders that boot Linux, and machines that boot the image by them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::boot_image;
use crate::debian::initramfs::Initramfs;
use crate::debian::{packages, userland};
use crate::machine::{Boots, Firmware, Machine};
use crate::missing::{need, need_path, need_uefi};
use crate::run_directory::RunDirectory;

/// Words for the image's command line: no iteration takes as many microseconds as this, no queue holds as
/// many frames, and no iteration is watched. A busy host stops an emulated processor so often that the
/// console would else have little time for answers.
pub const NOTHING: &str = "pmd-perf-log-us=4294967295 pmd-perf-log-q=4294967295 pmd-watchdog=off";

/// A file that a loader may bring: everything goes on by the other of two ports.
pub const BOTH_WAYS: &str = "in_port=0,actions=output:1\nin_port=1,actions=output:0\n";

/// Programs that make a CD, and the Debian package of each.
const MAKERS: [(&str, &str); 3] =
    [("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mformat", "mtools")];

/// What GRUB needs to boot by a BIOS, and its Debian package.
pub const BIOS_MODULES: (&str, &str) = ("/usr/lib/grub/i386-pc", "grub-pc-bin");

/// What it needs to boot by UEFI firmware.
pub const UEFI_MODULES: (&str, &str) = ("/usr/lib/grub/x86_64-efi", "grub-efi-amd64-bin");

/// A loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loader {
    /// QEMU, of the ELF file by its PVH note.
    Pvh,
    /// QEMU and SeaBIOS, of `barecore.img`.
    QemuBios,
    /// QEMU and OVMF, of `barecore.img`.
    QemuUefi,
    /// GRUB on a BIOS, of the ELF file by multiboot2.
    GrubMultiboot2,
    /// GRUB on a BIOS, of `barecore.img` as it loads Linux.
    GrubBios,
    /// The same on UEFI firmware.
    GrubUefi,
    /// A running Linux, by the system call that is handed segments.
    Kexec,
    /// A running Linux, by the system call that is handed a file.
    KexecFile,
}

/// What a loader is to bring.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// The image, an ELF file that has `barecore.img` beside it.
    pub elf: &'a Path,
    /// The image's command line.
    pub words: &'a str,
    /// The file that comes along: keys and rules.
    pub file: &'a str,
}

impl Loader {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 8] = [
        ("pvh", Self::Pvh),
        ("qemu-bios", Self::QemuBios),
        ("qemu-uefi", Self::QemuUefi),
        ("grub-multiboot2", Self::GrubMultiboot2),
        ("grub-bios", Self::GrubBios),
        ("grub-uefi", Self::GrubUefi),
        ("kexec", Self::Kexec),
        ("kexec-file", Self::KexecFile),
    ];

    /// Has `machine` boot by this loader. Its files lie in `run`.
    ///
    /// # Errors
    ///
    /// What the loader needs is not installed, as [`crate::missing::Missing`], or a file cannot be read or
    /// written.
    pub fn boots(self, machine: &mut Machine, load: &Load<'_>, run: &RunDirectory) -> Result<()> {
        if matches!(self, Self::QemuUefi | Self::GrubUefi) {
            need_uefi()?;
            machine.firmware = Firmware::uefi(run)?;
        }
        let file = boot_image::beside(load.elf);
        match self {
            Self::Pvh => by_qemu(machine, load, load.elf, run),
            Self::QemuBios | Self::QemuUefi => by_qemu(machine, load, &file, run),
            Self::GrubMultiboot2 => {
                let lines = ["multiboot2", "module2"];
                by_grub(machine, load, (load.elf, lines, BIOS_MODULES), run)
            }
            Self::GrubBios => by_grub(machine, load, (&file, LINUX, BIOS_MODULES), run),
            Self::GrubUefi => by_grub(machine, load, (&file, LINUX, UEFI_MODULES), run),
            Self::Kexec => by_kexec(machine, load, "--kexec-syscall", run),
            Self::KexecFile => by_kexec(machine, load, "--kexec-file-syscall", run),
        }
    }
}

/// QEMU hands over `image`, the words and the file.
fn by_qemu(machine: &mut Machine, load: &Load<'_>, image: &Path, run: &RunDirectory) -> Result<()> {
    let file = run.file("file");
    fs::write(&file, load.file).context("cannot write into the run directory")?;
    machine.image = image.to_owned();
    machine.append.extend(load.words.split_whitespace().map(str::to_owned));
    machine.module = Some(file);
    Ok(())
}

/// GRUB's commands for a kernel of Linux and for the file that comes along.
const LINUX: [&str; 2] = ["linux", "initrd"];

/// An image, GRUB's commands for it and for the file, and the modules of GRUB that boot.
type Grub<'a> = (&'a Path, [&'static str; 2], (&'static str, &'static str));

/// GRUB loads them from a CD.
fn by_grub(
    machine: &mut Machine,
    load: &Load<'_>,
    (image, commands, (modules, package)): Grub<'_>,
    run: &RunDirectory,
) -> Result<()> {
    need(&MAKERS)?;
    need_path(modules, package)?;
    machine.boots = Boots::Cd(cd(load, image, commands, run)?);
    Ok(())
}

/// Makes that CD.
fn cd(
    load: &Load<'_>,
    image: &Path,
    [kernel, file]: [&str; 2],
    run: &RunDirectory,
) -> Result<PathBuf> {
    let (root, cd) = (run.file("cd"), run.file("boot.iso"));
    let grub = root.join("boot").join("grub");
    fs::create_dir_all(&grub).context("cannot write into the run directory")?;
    fs::copy(image, root.join("boot").join("barecore")).context("cannot copy the image")?;
    fs::write(root.join("boot").join("file"), load.file).context("cannot write the file")?;
    let lines = format!("{kernel} /boot/barecore {}\n{file} /boot/file\nboot\n", load.words);
    fs::write(grub.join("grub.cfg"), lines).context("cannot write GRUB's lines")?;
    let output = Command::new("grub-mkrescue")
        .arg("-o")
        .args([&cd, &root])
        .output()
        .context("cannot run grub-mkrescue")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "grub-mkrescue failed: {said}");
    Ok(cd)
}

/// Debian's Linux loads `barecore.img` and the file by a system call, and leaves.
fn by_kexec(machine: &mut Machine, load: &Load<'_>, way: &str, run: &RunDirectory) -> Result<()> {
    let script = format!(
        "kexec --load {way} --command-line='{}' --initrd=/file /barecore.img && kexec -e\n",
        load.words
    );
    let program = packages::bring("kexec-tools", "sbin/kexec")?;
    let archive = Initramfs::new().program("bin/kexec", &program)?;
    let archive = archive.file("barecore.img", &boot_image::beside(load.elf))?;
    let archive = archive.text("file", load.file);
    userland::boot(machine, (archive, &run.file("initramfs")), &[], &script)
}
