//! `cargo xtask soak boots`: the image boots again and again by each loader and firmware.

use ::qemu::loaders::Loader;
use ::qemu::pxe::served::Way;
use anyhow::{Result, ensure};
use clap::Args;

use super::bench::Bench;
use super::boot::{Lab, boot};
use super::row::Row;
use crate::install::Consent;

/// Which boots.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only by this path: pvh, qemu-bios, qemu-uefi, grub-multiboot2, grub-bios, grub-uefi, kexec, kexec-file,
    /// pxe-bios, pxe-uefi, pxe-ipxe or pxe-pxelinux; may be given several times.
    #[arg(long = "path", value_name = "NAME", value_parser = path)]
    paths: Vec<Path>,
    /// Boots in a row by each path.
    #[arg(long, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    #[command(flatten)]
    consent: Consent,
}

/// A way from power-on to the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// A loader that is handed the image or finds it on a disk.
    Loader(Loader),
    /// The network.
    Network(Way),
}

/// All of them, with their names.
fn all() -> Vec<(String, Path)> {
    let loaders = Loader::ALL.map(|(name, loader)| (name.to_owned(), Path::Loader(loader)));
    let ways = Way::ALL.map(|(name, way)| (format!("pxe-{name}"), Path::Network(way)));
    loaders.into_iter().chain(ways).collect()
}

fn path(text: &str) -> Result<Path, String> {
    let path = all().into_iter().find(|(name, _)| name == text).map(|(_, path)| path);
    path.ok_or_else(|| {
        let names: Vec<_> = all().into_iter().map(|(name, _)| name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Boots, and prints a line for each path.
///
/// # Errors
///
/// A boot failed, or nothing could be tried.
pub(super) fn run(options: &Options) -> Result<()> {
    let bench = Bench::set_up(options.consent)?;
    let lab = Lab::write(&bench)?;
    let is_wanted = |path: &Path| options.paths.is_empty() || options.paths.contains(path);
    let (mut good, mut tried, mut skipped) = (0, 0, 0);
    for (name, path) in all().into_iter().filter(|(_, path)| is_wanted(path)) {
        let again = |number| boot(&bench, &lab, path, &format!("{name}-{number}"));
        match Row::of(&name, options.count, again) {
            Ok(row) => {
                println!("{row}");
                good += row.times.len();
                tried += row.tried;
            }
            Err(missing) => {
                println!("{name}: SKIPPED: {missing}");
                skipped += 1;
            }
        }
    }
    println!("{good} of {tried} boots good, {skipped} paths skipped");
    ensure!(tried > 0, "nothing could be tried");
    ensure!(good == tried, "{} boots failed", tried - good);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_a_name_of_its_own_that_the_help_tells() {
        let help = <Options as clap::Args>::augment_args(clap::Command::new("boots"));
        let help = help.clone().render_long_help().to_string();
        for (name, its) in all() {
            assert_eq!(path(&name), Ok(its));
            assert!(
                help.split_whitespace()
                    .any(|word| word.trim_matches(',') == name || word == format!("{name};")),
                "{name}"
            );
        }
        assert!(path("floppy").is_err_and(|told| told.contains("pxe-bios")));
    }
}
