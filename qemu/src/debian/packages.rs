//! Packages of Debian, unpacked and not installed.
//!
//! They lie in the target directory, so that they are brought once. Where they cannot be had,
//! what needs them cannot be tried.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};

use crate::find;
use crate::missing::Missing;

/// One at a time brings packages.
static LOCK: Mutex<()> = Mutex::new(());

/// The folder that packages are unpacked into, in cargo's for files of tests.
#[must_use]
pub fn folder() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    target.unwrap_or_else(usual).join("tmp").join("debian")
}

/// Debian's own kernel, and its modules.
#[derive(Debug)]
pub struct Kernel {
    /// Its file.
    pub image: PathBuf,
    modules: PathBuf,
}

impl Kernel {
    /// Brings it.
    ///
    /// # Errors
    ///
    /// It cannot be had, as [`Missing`].
    pub fn bring() -> Result<Self> {
        let _guard = LOCK.lock();
        if Self::unpacked().is_err() {
            let package = kernel_package().or_else(|error| skipped(format!("{error:#}")))?;
            unpack(&package)?;
        }
        Self::unpacked()
    }

    fn unpacked() -> Result<Self> {
        let image = entry(&folder().join("boot"), "vmlinuz-")?;
        let modules = entry(&folder().join("lib/modules"), "")?;
        Ok(Self { image, modules })
    }

    /// The file of a module, by its name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn module(&self, name: &str) -> Result<PathBuf> {
        let wanted = format!("{name}.ko");
        found(&self.modules, &wanted).with_context(|| format!("the kernel has no module {name}"))
    }
}

/// Brings the file at `path` of `package`, and the packages that it depends on and that are not installed.
///
/// # Errors
///
/// It cannot be had, as [`Missing`].
pub fn bring(package: &str, path: &str) -> Result<PathBuf> {
    let _guard = LOCK.lock();
    let file = folder().join(path);
    if !file.is_file() {
        // Its own come last: where one of the others cannot be had, the next call tries again.
        absent(package).iter().try_for_each(|name| unpack(name))?;
        unpack(package)?;
    }
    ensure!(file.is_file(), "the package {package} has no {path}");
    Ok(file)
}

/// What installing `package` would install besides.
fn absent(package: &str) -> Vec<String> {
    let simulated = Command::new("apt-get")
        .args(["--simulate", "--no-install-recommends", "install", package])
        .output();
    let said = simulated.map(|it| it.stdout).unwrap_or_default();
    others(package, &String::from_utf8_lossy(&said))
}

/// The packages but `package` that lines of apt-get tell of as installed anew.
fn others(package: &str, said: &str) -> Vec<String> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_once(' '));
    // A version in brackets is one that is here, and is replaced.
    let new = lines.filter(|(name, rest)| *name != package && !rest.starts_with('['));
    new.map(|(name, _)| name.to_owned()).collect()
}

/// The package with the kernel that is current.
fn kernel_package() -> Result<String> {
    let output = Command::new("apt-cache")
        .args(["depends", "linux-image-amd64"])
        .output()
        .context("no apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let name = text.lines().find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
    let name = name.context("no package depends on linux-image-amd64; try: apt-get update")?;
    Ok(format!("linux-image-{name}"))
}

fn skipped<T>(reason: String) -> Result<T> {
    Err(Missing(reason).into())
}

fn unpack(package: &str) -> Result<()> {
    if !find::has_apt() {
        return skipped(format!("the package {package} can be had by apt-get only"));
    }
    let downloads = folder().join("download");
    fs::create_dir_all(&downloads).context("cannot write into the target directory")?;
    let output = Command::new("apt-get")
        .args(["-o", "Acquire::Retries=0", "download", package])
        .current_dir(&downloads)
        .output()
        .context("no apt-get")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said.lines().rfind(|line| line.starts_with("E: ")).unwrap_or(said.trim());
        return skipped(format!("the package {package} cannot be had: {reason}"));
    }
    let file = entry(&downloads, &format!("{package}_"))?;
    let status = Command::new("dpkg-deb").arg("-x").arg(&file).arg(folder()).status();
    ensure!(status.is_ok_and(|it| it.success()), "{} cannot be unpacked", file.display());
    fs::remove_file(&file).context("a package that cannot be removed")
}

/// The first file or folder of `folder` whose name begins with `start`.
fn entry(folder: &Path, start: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let is_wanted = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
    };
    paths.find(is_wanted).with_context(|| format!("no {start}* in {}", folder.display()))
}

/// The file called `name` in `folder` or deeper.
fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            return found(&path, name);
        }
        (entry.file_name() == *name).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_depends_on_is_read_from_a_simulated_installation() {
        let said = "NOTE: This is only a simulation!\n\
                    Inst liba1 (1.0 Debian:12/oldstable [amd64])\n\
                    Inst libc6 [2.35] (2.36 Debian:12/oldstable [amd64])\n\
                    Inst tool (3 Debian:12/oldstable [amd64])\n\
                    Conf liba1 (1.0 Debian:12/oldstable [amd64])\n";
        assert_eq!(others("tool", said), ["liba1"]);
        assert_eq!(others("tool", ""), [""; 0]);
    }
}
