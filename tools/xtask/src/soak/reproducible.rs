//! `cargo xtask soak reproducible`: the image, built from the same sources in two folders, is the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use ::qemu::boot_image;
use ::qemu::run_directory::RunDirectory;
use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::image;
use crate::workspace::root;

/// Builds twice, and prints the hashes.
///
/// # Errors
///
/// It does not build, or not to the same bytes.
pub(super) fn run() -> Result<()> {
    let run = RunDirectory::new()?;
    // Names of different lengths: a path that gets into the image moves what lies behind it.
    let folders = ["one", "the/other/one"].map(|name| run.file(name));
    // Both before the first build, so that nobody changes them in between.
    folders.iter().try_for_each(|folder| copy_sources(folder))?;
    let [first, second] = folders.map(|folder| built(&folder));
    let (first, second) = (first?, second?);
    for (form, (one, other)) in ["ELF file", "barecore.img"].iter().zip(first.iter().zip(&second)) {
        println!("{form}: {one}");
        ensure!(one == other, "{form}: {other} in another folder");
    }
    println!("both builds are the same");
    Ok(())
}

/// Builds the sources in `folder`, and hashes both forms of the image.
fn built(folder: &Path) -> Result<[String; 2]> {
    let elf = image::build_of(folder, &folder.join("target"))?;
    Ok([hash(&elf)?, hash(&boot_image::beside(&elf))?])
}

/// Copies what git knows of, as it is now.
fn copy_sources(folder: &Path) -> Result<()> {
    let mut list = Command::new("git");
    let output = list.args(["ls-files", "-z"]).current_dir(root()).output();
    let output = output.context("cannot run git")?;
    ensure!(output.status.success(), "these sources are in no repository of git");
    let names = String::from_utf8(output.stdout).context("a name that is no text")?;
    for name in names.split_terminator('\0') {
        let (from, to) = (root().join(name), folder.join(name));
        // What was deleted is known until that is committed.
        if from.is_file() {
            fs::create_dir_all(to.parent().unwrap_or(folder))?;
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
    }
    Ok(())
}

fn hash(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
