//! Finding QEMU and other programs on the host, and the line that installs them.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The emulator's name.
pub const QEMU: &str = "qemu-system-x86_64";

/// The variable that names a QEMU beside the one on the search path, for what needs a newer one.
pub const NEWER: &str = "BARECORE_QEMU_IGB";

/// A QEMU that has the 82576 (igb), as it does from version 8 on: the one that [`NEWER`] names, or the
/// one on the search path, if it is new enough.
///
/// # Errors
///
/// It cannot be run, or does not tell its version.
pub fn qemu_with_igb() -> Result<Option<PathBuf>> {
    let named = env::var_os(NEWER).map(PathBuf::from);
    let Some(file) = named.or_else(|| program(QEMU)) else { return Ok(None) };
    Ok((version(&file)? >= (8, 0)).then_some(file))
}

/// Where `program` lies on the search path, if it is installed. The system's own folders are
/// searched too, since they are missing from the path of ordinary users.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    program_on(&env::var_os("PATH").unwrap_or_default(), name)
        .or_else(|| program_on(OsStr::new("/usr/sbin:/sbin"), name))
}

fn program_on(path: &OsStr, name: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Major and minor version of the QEMU at `program`.
///
/// # Errors
///
/// The program cannot be run, or what it prints holds no version.
pub fn version(program: &Path) -> Result<(u32, u32)> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {} --version", program.display()))?;
    ensure!(output.status.success(), "{} --version failed: {}", program.display(), output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    parsed_version(&text).with_context(|| {
        format!("{} --version said no version but: {}", program.display(), text.trim())
    })
}

fn parsed_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_once("version ")?.1.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// UEFI firmware for QEMU, its code and its variables as they are at first, where Debian's package `ovmf` has
/// them.
pub const OVMF: [&str; 2] = ["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"];

/// The loader of syslinux for PXE, where Debian's package `pxelinux` has it.
pub const PXELINUX: &str = "/usr/lib/PXELINUX/pxelinux.0";

/// The module that it loads first, where Debian's package `syslinux-common` has it.
pub const LDLINUX: &str = "/usr/lib/syslinux/modules/bios/ldlinux.c32";

/// Whether this is Debian, Ubuntu or a child of theirs: a system with `apt-get`.
#[must_use]
pub fn has_apt() -> bool {
    is_debian_like(&fs::read_to_string("/etc/os-release").unwrap_or_default())
        && program("apt-get").is_some()
}

fn is_debian_like(os_release: &str) -> bool {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(key, _)| matches!(*key, "ID" | "ID_LIKE"))
        .flat_map(|(_, value)| value.trim_matches('"').split_whitespace())
        .any(|id| matches!(id, "debian" | "ubuntu"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_qemu_prints() {
        let text = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright";
        assert_eq!(parsed_version(text), Some((7, 2)));
        assert_eq!(parsed_version("nothing of the kind"), None);
    }

    #[test]
    fn children_of_debian_count_as_debian() {
        assert!(is_debian_like("NAME=x\nID=debian\n"));
        assert!(is_debian_like("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian_like("ID=fedora\nNAME=\"debian\"\n"));
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert_eq!(program_on(OsStr::new("/nonexistent:/usr"), "bin"), None);
    }
}
