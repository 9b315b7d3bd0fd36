//! `cargo xtask check`: what must be clean before a change is shown.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::workspace::{cargo, succeed};

/// Runs all checks, in order of their length; the first that fails ends it.
///
/// # Errors
///
/// A check failed; it has said why.
pub(crate) fn run() -> Result<()> {
    step("rustfmt", cargo().args(["fmt", "--all", "--check"]))?;
    step(
        "clippy",
        cargo()
            .args(["clippy", "--workspace", "--all-targets", "--quiet"])
            .args(["--", "--deny", "warnings"]),
    )?;
    step(
        "rustdoc",
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )?;
    if has_cargo_deny() {
        step("cargo-deny", cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    } else {
        eprintln!("check: cargo-deny SKIPPED (not installed; next: cargo install cargo-deny)");
    }
    eprintln!("check: all clean");
    Ok(())
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
