//! The image boots by GRUB from a CD, over its multiboot2 header.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::rig::{self, Rig, Setup, Skipped};
use crate::sizes::{forwards, frame};

/// Programs that make a CD, and the Debian package of each.
const MAKERS: [(&str, &str); 3] =
    [("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mformat", "mtools")];

/// What GRUB needs to boot by BIOS.
const BIOS_MODULES: &str = "/usr/lib/grub/i386-pc";

crate::facts![grub_boots_it_from_a_cd_by_multiboot2];

fn grub_boots_it_from_a_cd_by_multiboot2(rig: &Rig) -> Result<()> {
    rig::need(&MAKERS)?;
    if !Path::new(BIOS_MODULES).is_dir() {
        let reason = format!("{BIOS_MODULES} is missing; on Debian: apt-get install grub-pc-bin");
        return Err(Skipped(reason).into());
    }
    let setup = rig.machine()?.wires(2)?;
    make_cd(rig, &setup, "ports=all forward=0:1")?;
    let cd = setup.run.file("boot.iso");
    setup.with(|machine| machine.cd = Some(cd)).boot(|session| {
        forwards(session, &frame(60, None))?;
        session.exit()
    })
}

/// Makes a CD in the run directory of `setup` that boots the image with the command line `words`.
fn make_cd(rig: &Rig, setup: &Setup, words: &str) -> Result<()> {
    let root = setup.run.file("cd");
    let grub = root.join("boot").join("grub");
    fs::create_dir_all(&grub).context("cannot write into the run directory")?;
    fs::copy(rig.image(), root.join("boot").join("barecore")).context("cannot copy the image")?;
    let lines = format!("multiboot2 /boot/barecore {words}\nboot\n");
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
