//! The image boots by every loader that boots Linux, and takes its command line and a file of rules along.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Boots;

use crate::debian::initramfs::Initramfs;
use crate::debian::{packages, userland};
use crate::rig::{self, BOOT_LIMIT, NOTHING, Rig, Session, Setup, Skipped};
use crate::sizes::{forwards, frame};

/// Programs that make a CD, and the Debian package of each.
const MAKERS: [(&str, &str); 3] =
    [("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mformat", "mtools")];

/// What GRUB needs to boot by BIOS and by UEFI firmware, and the Debian package of each.
const BIOS_MODULES: (&str, &str) = ("/usr/lib/grub/i386-pc", "grub-pc-bin");
const UEFI_MODULES: (&str, &str) = ("/usr/lib/grub/x86_64-efi", "grub-efi-amd64-bin");

/// A file that the loaders bring: everything goes on by the other port.
const RULES: &str = "in_port=0,actions=output:1\nin_port=1,actions=output:0\n";

crate::facts![
    qemu_boots_it_as_it_boots_linux_by_bios,
    qemu_boots_it_as_it_boots_linux_by_uefi,
    it_is_loaded_above_4_gib_by_uefi,
    grub_boots_it_from_a_cd_by_multiboot2,
    grub_boots_it_as_linux_by_bios,
    grub_boots_it_as_linux_by_uefi,
    linux_boots_it_by_kexec,
];

fn qemu_boots_it_as_it_boots_linux_by_bios(rig: &Rig) -> Result<()> {
    by_qemu(rig, setup(rig)?)
}

fn qemu_boots_it_as_it_boots_linux_by_uefi(rig: &Rig) -> Result<()> {
    by_qemu(rig, setup(rig)?.uefi()?)
}

/// Firmware that has memory there puts images there.
fn it_is_loaded_above_4_gib_by_uefi(rig: &Rig) -> Result<()> {
    by_qemu(rig, setup(rig)?.uefi()?.with(|machine| machine.memory = 6144))
}

/// A machine with two cards that nothing boots yet.
fn setup(rig: &Rig) -> Result<Setup> {
    rig.machine()?.wires(2)
}

/// What the image is to be told.
fn line() -> String {
    format!("ports=all {NOTHING}")
}

/// Lets QEMU hand over `barecore.img`, the line and the rules.
fn by_qemu(rig: &Rig, setup: Setup) -> Result<()> {
    let rules = setup.run.file("rules");
    fs::write(&rules, RULES).context("cannot write into the run directory")?;
    setup
        .append(&line())
        .with(|machine| {
            machine.image = rig.boot_image();
            machine.module = Some(rules);
        })
        .boot(forwards_and_exits)
}

/// The line says which ports, the rules say where to: both have come.
fn forwards_and_exits(session: &mut Session) -> Result<()> {
    // Firmware has used the cards, too.
    let mut buffer = [0; 2048];
    while session.wires[1].receive(&mut buffer, Duration::ZERO)?.is_some() {}
    forwards(session, &frame(60, None))?;
    session.exit()
}

fn grub_boots_it_from_a_cd_by_multiboot2(rig: &Rig) -> Result<()> {
    by_grub(setup(rig)?, rig.image(), ["multiboot2", "module2"], BIOS_MODULES)
}

fn grub_boots_it_as_linux_by_bios(rig: &Rig) -> Result<()> {
    by_grub(setup(rig)?, &rig.boot_image(), ["linux", "initrd"], BIOS_MODULES)
}

fn grub_boots_it_as_linux_by_uefi(rig: &Rig) -> Result<()> {
    by_grub(setup(rig)?.uefi()?, &rig.boot_image(), ["linux", "initrd"], UEFI_MODULES)
}

/// Boots a CD on which GRUB loads `image` and the rules by its two `commands`.
fn by_grub(
    setup: Setup,
    image: &Path,
    commands: [&str; 2],
    (modules, package): (&str, &str),
) -> Result<()> {
    rig::need(&MAKERS)?;
    if !Path::new(modules).is_dir() {
        let reason = format!("{modules} is missing; on Debian: apt-get install {package}");
        return Err(Skipped(reason).into());
    }
    make_cd(&setup, image, commands)?;
    let cd = setup.run.file("boot.iso");
    setup.with(|machine| machine.boots = Boots::Cd(cd)).boot(forwards_and_exits)
}

/// Makes that CD in the run directory of `setup`.
fn make_cd(setup: &Setup, image: &Path, [kernel, file]: [&str; 2]) -> Result<()> {
    let root = setup.run.file("cd");
    let grub = root.join("boot").join("grub");
    fs::create_dir_all(&grub).context("cannot write into the run directory")?;
    fs::copy(image, root.join("boot").join("barecore")).context("cannot copy the image")?;
    fs::write(root.join("boot").join("rules"), RULES).context("cannot write the rules")?;
    let line = line();
    let lines = format!("{kernel} /boot/barecore {line}\n{file} /boot/rules\nboot\n");
    fs::write(grub.join("grub.cfg"), lines).context("cannot write GRUB's lines")?;
    let output = Command::new("grub-mkrescue")
        .arg("-o")
        .args([setup.run.file("boot.iso"), root])
        .output()
        .context("cannot run grub-mkrescue")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "grub-mkrescue failed: {said}");
    Ok(())
}

/// Both ways that Linux has: the system call that is handed segments, and the one that is handed a file.
fn linux_boots_it_by_kexec(rig: &Rig) -> Result<()> {
    ["--kexec-syscall", "--kexec-file-syscall"].into_iter().try_for_each(|way| {
        let script = format!(
            "kexec --load {way} --command-line='{}' --initrd=/rules /barecore.img && kexec -e\n",
            line()
        );
        let mut setup = setup(rig)?;
        let file = setup.run.file("initramfs");
        let archive = kexec()?.file("barecore.img", &rig.boot_image())?.text("rules", RULES);
        userland::boot(&mut setup.machine, (archive, &file), &[], &script)?;
        setup.start(|session| {
            session.expect("Barecore ", BOOT_LIMIT)?;
            session.boot(BOOT_LIMIT)?;
            forwards_and_exits(session)
        })
    })
}

/// The program, and the libraries that it needs, from where they lie here.
fn kexec() -> Result<Initramfs> {
    let program = packages::bring("kexec-tools", "sbin/kexec")?;
    let output = Command::new("ldd").arg(&program).output().context("cannot run ldd")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut archive = Initramfs::new().file("bin/kexec", &program)?;
    for word in text.split_whitespace().filter(|word| word.starts_with('/')) {
        archive = archive.file(word.trim_start_matches('/'), Path::new(word))?;
    }
    Ok(archive)
}
