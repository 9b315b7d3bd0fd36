//! The image that boots: the kernel built once more, without position-independent code and red
//! zone, with the core library inlined into it.
//!
//! The explicit `--target` keeps the flags away from build scripts and procedural macros, which
//! they would break, though it names the host's own triple.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;

use crate::workspace::{cargo, succeed, target};

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

const FLAGS: &str = "-Cno-redzone=yes -Crelocation-model=static -Cforce-frame-pointers=yes";

/// Builds the image, with progress on standard error, and returns its path.
///
/// # Errors
///
/// It does not build; cargo has said why.
pub(crate) fn build() -> Result<PathBuf> {
    build_into(&target())
}

/// Builds the image into `target`.
///
/// # Errors
///
/// As [`build`].
pub(crate) fn build_into(target: &Path) -> Result<PathBuf> {
    eprintln!("building the image (a first build takes a minute or two) ...");
    let start = Instant::now();
    let mut build = cargo();
    build
        .args(["build", "--package", "kernel", "--bin", "barecore"])
        .args(["--profile", "kernel", "--target", TRIPLE])
        .env("RUSTFLAGS", FLAGS)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TARGET_DIR", target);
    succeed(&mut build, "building the image")?;
    let image = path_in(target);
    eprintln!("built {} in {:.1} s", image.display(), start.elapsed().as_secs_f64());
    Ok(image)
}

/// Where the image lies, built or not.
pub(crate) fn path() -> PathBuf {
    path_in(&target())
}

fn path_in(target: &Path) -> PathBuf {
    target.join(TRIPLE).join("kernel").join("barecore")
}
