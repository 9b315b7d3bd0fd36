//! Programs that are needed and perhaps not installed.
//!
//! On Debian and its children the `apt-get` line is printed; on a terminal it is asked whether
//! to run it, without one, or with `--yes`, it is run.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use ::qemu::find;
use anyhow::{Context as _, Result};
use clap::Args;
use hosted::callgrind;

use crate::stop::Stop;
use crate::workspace::succeed;

/// A program, or a file by its path, and the Debian package that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    /// What is run.
    pub(crate) program: &'static str,
    /// What is installed.
    pub(crate) package: &'static str,
}

impl Tool {
    fn is_there(&self) -> bool {
        Path::new(self.program).is_file() || find::program(self.program).is_some()
    }
}

const QEMU: Tool = Tool { program: find::QEMU, package: "qemu-system-x86" };

/// What counts instructions of programs on the host.
pub(crate) const VALGRIND: Tool = Tool { program: callgrind::PROGRAM, package: "valgrind" };

/// What compiles libFuzzer.
pub(crate) const CPP: Tool = Tool { program: "c++", package: "g++" };

/// What opens pages, with letters to write them in. Some 300 MB; the tests of pages need it.
pub(crate) const BROWSER: Tool =
    Tool { program: "chromium", package: "chromium fonts-dejavu-core" };

/// What scrapes a fleet, and its tool. Its package starts a service where there is something to start it.
pub(crate) const PROMETHEUS: Tool = Tool { program: "promtool", package: "prometheus" };

/// What a machine between two network namespaces needs.
pub(crate) const NETWORK: [Tool; 5] = [
    Tool { program: "ip", package: "iproute2" },
    Tool { program: "ping", package: "iputils-ping" },
    Tool { program: "iperf3", package: "iperf3" },
    Tool { program: "tcpdump", package: "tcpdump" },
    Tool { program: "tshark", package: "tshark" },
];

/// Loaders and firmware that the image is booted by in tests, and what serves them.
pub(crate) const LOADERS: [Tool; 5] = [
    Tool {
        program: "grub-mkrescue",
        package: "grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools",
    },
    Tool { program: find::OVMF[0], package: "ovmf" },
    Tool { program: find::PXELINUX, package: "pxelinux" },
    Tool { program: find::LDLINUX, package: "syslinux-common" },
    Tool { program: "dnsmasq", package: "dnsmasq-base" },
];

/// The oldest QEMU with datagram wires between unix sockets.
const OLDEST_QEMU: (u32, u32) = (7, 2);

/// Whether something may be installed.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Consent {
    /// Installs what is missing without asking.
    #[arg(long)]
    yes: bool,
    /// Installs nothing: what is missing is named, and the status is 2.
    #[arg(long, conflicts_with = "yes")]
    no_install: bool,
}

/// Where QEMU is; it is installed if need be, together with `others`. What cannot be had of those
/// is said, and left to those who need it.
///
/// # Errors
///
/// QEMU is missing and cannot or may not be installed, or it is too old.
pub(crate) fn qemu(consent: Consent, others: &[Tool]) -> Result<PathBuf> {
    let missing = missing(others);
    if find::program(QEMU.program).is_none() {
        let all: Vec<_> = [QEMU].into_iter().chain(missing).collect();
        provide(consent, &all)?;
    } else if !missing.is_empty() && find::has_apt() && !consent.no_install {
        provide(consent, &missing).unwrap_or_else(|error| eprintln!("{error:#}"));
    }
    let program = find::program(QEMU.program)
        .ok_or_else(|| Stop::usage(format!("{} is still missing", QEMU.program)))?;
    check_version(find::version(&program)?)?;
    Ok(program)
}

/// Where valgrind is; it is installed if need be.
///
/// # Errors
///
/// It is missing and cannot or may not be installed.
pub(crate) fn valgrind(consent: Consent) -> Result<PathBuf> {
    let missing = missing(&[VALGRIND]);
    if !missing.is_empty() {
        provide(consent, &missing)?;
    }
    find::program(VALGRIND.program)
        .ok_or_else(|| Stop::usage(format!("{} is still missing", VALGRIND.program)).into())
}

/// Installs those of `tools` that are missing.
///
/// # Errors
///
/// One is missing and cannot or may not be installed.
pub(crate) fn all(consent: Consent, tools: &[Tool]) -> Result<()> {
    let missing = missing(tools);
    if missing.is_empty() { Ok(()) } else { provide(consent, &missing) }
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether services of packages are started here, as they are installed: sd_booted(3).
pub(crate) fn starts_services() -> bool {
    Path::new("/run/systemd/system").exists()
}

fn missing(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !tool.is_there()).collect()
}

fn check_version(version: (u32, u32)) -> Result<()> {
    if version >= OLDEST_QEMU {
        return Ok(());
    }
    let ((major, minor), (wanted, point)) = (version, OLDEST_QEMU);
    let text = format!("QEMU {major}.{minor} is too old: {wanted}.{point} or newer is needed");
    Err(Stop::usage(text).into())
}

fn provide(consent: Consent, tools: &[Tool]) -> Result<()> {
    let names = names(tools.iter().map(|tool| tool.program), ", ");
    if !find::has_apt() {
        let text = format!("missing: {names}; install them with this system's package manager");
        return Err(Stop::usage(text).into());
    }
    let line = install_line(tools);
    if consent.no_install {
        return Err(Stop::usage(format!("missing: {names}; next: {line}")).into());
    }
    eprintln!("missing: {names}. This installs them:\n  {line}");
    if !consent.yes && io::stdin().is_terminal() && !asked()? {
        return Err(Stop::usage(format!("nothing was installed; next: {line}")).into());
    }
    // A system whose lists are stale may still have what is needed.
    let _ = apt_get(&["update", "--quiet"]);
    let packages: Vec<_> = tools.iter().flat_map(|tool| tool.package.split(' ')).collect();
    apt_get(&[&["install", "--yes", "--no-install-recommends"], &packages[..]].concat())
        .map_err(|error| Stop::usage(format!("{error:#}; next: {line}")).into())
}

fn install_line(tools: &[Tool]) -> String {
    let packages = names(tools.iter().map(|tool| tool.package), " ");
    format!("sudo apt-get install {packages}")
}

fn names<'a>(names: impl Iterator<Item = &'a str>, between: &str) -> String {
    names.collect::<Vec<_>>().join(between)
}

fn asked() -> Result<bool> {
    eprint!("Run it now? [Y/n] ");
    io::stderr().flush().context("cannot ask")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "" | "y" | "Y" | "yes"))
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        if !io::stdin().is_terminal() {
            command.arg("--non-interactive");
        }
        command.arg("apt-get");
        command
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    // Standard output is for results.
    command.stdout(io::stderr());
    succeed(&mut command, &format!("apt-get {}", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_installs_can_be_typed_as_it_stands() {
        let tools = [QEMU, NETWORK[0]];
        assert_eq!(install_line(&tools), "sudo apt-get install qemu-system-x86 iproute2");
    }

    #[test]
    fn an_old_qemu_is_refused_with_both_versions() {
        let error = check_version((6, 9)).unwrap_err();
        assert!(error.to_string().contains("6.9") && error.to_string().contains("7.2"));
        assert!(check_version((10, 0)).is_ok());
    }
}
