//! The image that boots: the kernel built once more, without position-independent code and red
//! zone, with the core library inlined into it.
//!
//! The explicit `--target` keeps the flags away from build scripts and procedural macros, which
//! they would break, though it names the host's own triple.

use std::cmp::Reverse;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Instant, SystemTime};

use ::qemu::boot_image;
use anyhow::{Context as _, Result, ensure};
use pmdstat::logs::{ANYWHERE, BuildId};

use crate::workspace::{cargo, root, succeed, target};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// How code is made.
const FLAGS: [&str; 3] =
    ["-Cno-redzone=yes", "-Crelocation-model=static", "-Cforce-frame-pointers=yes"];

/// Bytes of `barecore.img` without a configuration at most, so that it is soon loaded whatever from.
const MOST: usize = 1_000_000;

/// Images that are kept for recordings.
const KEPT: usize = 32;

/// Builds the image, with progress on standard error, and returns its path.
///
/// # Errors
///
/// It does not build, and cargo has said why; or it has more than a megabyte.
pub(crate) fn build() -> Result<PathBuf> {
    let image = build_into(&target())?;
    if let Err(error) = keep(&image, &target().join("barecore").join("by-id")) {
        eprintln!("later recordings will have no texts of logs: {error:#}");
    }
    Ok(image)
}

/// Builds the image, and prints where its two forms lie.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn tell() -> Result<()> {
    let image = build()?;
    println!("{}\n{}", image.display(), boot_image::beside(&image).display());
    Ok(())
}

/// Keeps a copy of `image` in `folder` under its build id, where `pmdstat` finds it for recordings, and of
/// others the youngest.
fn keep(image: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let copy = folder.join(BuildId::of(&fs::read(image)?)?.to_string());
    if !copy.is_file() {
        // Whole or not at all, whatever ends us.
        let begun = folder.join(format!("{}.new", process::id()));
        fs::copy(image, &begun)?;
        fs::rename(&begun, &copy)?;
    }
    File::options().append(true).open(&copy)?.set_modified(SystemTime::now())?;
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        kept.push((Reverse(entry.metadata()?.modified()?), entry.path()));
    }
    kept.sort();
    kept.iter().skip(KEPT).try_for_each(|(_, oldest)| fs::remove_file(oldest))?;
    Ok(())
}

/// Builds the image into `target`.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn build_into(target: &Path) -> Result<PathBuf> {
    build_of(&root(), target)
}

/// Builds the image of the sources in `root` into `target`.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn build_of(root: &Path, target: &Path) -> Result<PathBuf> {
    eprintln!("building the image (a first build takes a minute or two) ...");
    let start = Instant::now();
    let mut build = cargo();
    build
        .current_dir(root)
        .args(["build", "--package", "kernel", "--bin", "barecore"])
        .args(["--profile", "kernel", "--target", TRIPLE])
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root))
        .env("CARGO_TARGET_DIR", target);
    succeed(&mut build, "building the image")?;
    let image = path_in(target);
    let file = boot_image::beside(&image);
    let made = boot_image::make(&fs::read(&image)?, b"")?;
    fs::write(&file, &made).with_context(|| format!("cannot write {}", file.display()))?;
    check(made.len())?;
    let (path, seconds) = (image.display(), start.elapsed().as_secs_f64());
    eprintln!("built {path} in {seconds:.1} s: {} bytes to load", made.len());
    Ok(image)
}

/// With what the compiler is called: the image is the same bytes wherever its sources and cargo's copies of
/// others' lie.
fn flags(root: &Path) -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let remap = |from: &Path, to| format!("--remap-path-prefix={}={to}", from.display());
    let remaps = [remap(&home, "/cargo"), remap(root, ANYWHERE)];
    // A path may have blanks: cargo's book, "Environment variables".
    FLAGS.map(str::to_owned).into_iter().chain(remaps).collect::<Vec<_>>().join("\u{1f}")
}

/// Whether so many bytes are not too many for an image.
fn check(len: usize) -> Result<()> {
    ensure!(
        len <= MOST,
        "the image has {len} bytes, {MOST} are allowed; see what is compiled for speed"
    );
    Ok(())
}

/// Where the image lies, built or not.
pub(crate) fn path() -> PathBuf {
    path_in(&target())
}

fn path_in(target: &Path) -> PathBuf {
    target.join(TRIPLE).join("kernel").join("barecore")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest ELF that has the build id `byte`, 20 times: a header and a segment of notes
    /// (System V ABI, chapter 5).
    fn elf(byte: u8) -> Vec<u8> {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend([2_u16, 62].map(u16::to_le_bytes).concat());
        elf.extend(1_u32.to_le_bytes());
        elf.extend([0_u64, 64, 0].map(u64::to_le_bytes).concat());
        elf.extend(0_u32.to_le_bytes());
        elf.extend([64_u16, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
        elf.extend([4_u32, 4].map(u32::to_le_bytes).concat());
        elf.extend([120_u64, 0, 0, 36, 36, 4].map(u64::to_le_bytes).concat());
        elf.extend([4_u32, 20, 3].map(u32::to_le_bytes).concat());
        elf.extend(b"GNU\0");
        elf.extend([byte; 20]);
        elf
    }

    #[test]
    fn an_image_may_have_a_megabyte_and_no_more() {
        assert!(check(1_000_000).is_ok());
        let error = check(1_000_001).unwrap_err().to_string();
        assert!(error.contains("1000001 bytes, 1000000 are allowed"), "{error}");
    }

    #[test]
    fn the_youngest_images_are_kept_under_their_build_ids() {
        let folder = std::env::temp_dir().join(format!("barecore-kept-{}", process::id()));
        let (image, by_id) = (folder.join("image"), folder.join("by-id"));
        fs::create_dir_all(&folder).unwrap();
        let path = |byte: u8| by_id.join(format!("{byte:02x}").repeat(20));
        let all: Vec<u8> = (0..KEPT as u8 + 2).collect();
        for byte in &all {
            fs::write(&image, elf(*byte)).unwrap();
            keep(&image, &by_id).unwrap();
            let age = std::time::Duration::from_secs(1000 - u64::from(*byte));
            let file = File::options().append(true).open(path(*byte)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        let (gone, kept) = all.split_at(2);
        assert!(gone.iter().all(|byte| !path(*byte).exists()));
        assert!(kept.iter().all(|byte| fs::read(path(*byte)).unwrap() == elf(*byte)));
        assert_eq!(fs::read_dir(&by_id).unwrap().count(), KEPT);
        fs::remove_dir_all(&folder).unwrap();
    }
}
