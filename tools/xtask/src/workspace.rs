//! Where the sources and the build's results lie, and how cargo is called.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// What cargo builds together, and its name: the kernel's image links no std, and crates that it
/// shares with the tools have their std features on where the tools are built.
pub(crate) const PARTS: [(&[&str], &str); 2] =
    [(&["--workspace", "--exclude", "kernel"], "the host's crates"), (KERNEL, "the kernel")];

/// The one of them that links no std.
pub(crate) const KERNEL: &[&str] = &["--package", "kernel"];

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    std::path::absolute(&target).unwrap_or(target)
}

/// The cargo that called us, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).env("CARGO_TARGET_DIR", target());
    command
}

/// Runs `command`, whose output is shown, and fails if it does.
pub(crate) fn succeed(command: &mut Command, name: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }
}
