//! `cargo xtask check`: what must be clean before a change is shown.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::workspace::{KERNEL, PARTS, cargo, succeed};

/// Runs all checks, in order of their length; the first that fails ends it.
///
/// # Errors
///
/// A check failed; it has said why.
pub(crate) fn run() -> Result<()> {
    step("rustfmt", cargo().args(["fmt", "--all", "--check"]))?;
    for (packages, name) in PARTS {
        let mut clippy = cargo_for(packages);
        clippy.arg("clippy").args(packages).args(["--all-targets", "--quiet"]);
        step(&format!("clippy of {name}"), clippy.args(["--", "--deny", "warnings"]))?;
        let mut doc = cargo_for(packages);
        doc.arg("doc").args(packages).args(["--no-deps", "--document-private-items", "--quiet"]);
        step(&format!("rustdoc of {name}"), doc.env("RUSTDOCFLAGS", "-Dwarnings"))?;
    }
    if has_cargo_deny() {
        step("cargo-deny", cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    } else {
        eprintln!("check: cargo-deny SKIPPED (not installed; next: cargo install cargo-deny)");
    }
    eprintln!("check: all clean");
    Ok(())
}

/// Cargo that looks at `packages`. What links no std, as the kernel, cannot unwind.
fn cargo_for(packages: &[&str]) -> Command {
    let mut command = cargo();
    if packages == KERNEL {
        command.env("CARGO_PROFILE_DEV_PANIC", "abort");
    }
    command
}

fn step(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("check: {name} ...");
    succeed(command, name)
}

fn has_cargo_deny() -> bool {
    let mut command = cargo();
    command.args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
