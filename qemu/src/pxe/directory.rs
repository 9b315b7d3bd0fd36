//! The files that firmware and loaders ask for.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::dnsmasq::{self, Network};
use super::hosts::Host;
use super::{BIOS_LOADER, HOSTS, IMAGE, IPXE_SCRIPT};
use crate::{boot_image, find};

/// Files of other projects that a BIOS needs, and that are copied where they are installed.
const COPIED: [(&str, &str); 2] = [(find::PXELINUX, BIOS_LOADER), (find::LDLINUX, "ldlinux.c32")];

/// What goes into a directory.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// The image, an ELF file.
    pub elf: &'a [u8],
    /// The machines that have a configuration.
    pub hosts: &'a [Host],
    /// Words for the command line of all; inside of images where there is none.
    pub words: &'a str,
    /// The network that it is served on.
    pub network: Network,
}

/// Writes all files into `folder`, which is made, and returns the paths of what is to be copied there by hand
/// because it is not installed here. What was written there before for a machine that is gone is taken away.
///
/// # Errors
///
/// The image is none of ours, or a file cannot be written.
pub fn write(folder: &Path, content: &Content<'_>) -> Result<Vec<&'static str>> {
    let before = fs::read_to_string(folder.join(SUMS)).unwrap_or_default();
    let mut files = Files { folder: folder.to_owned(), sums: String::new() };
    write_images(&mut files, content)?;
    files.write("pxelinux.cfg/default", pxelinux(content.words, None).as_bytes())?;
    files.write(IPXE_SCRIPT, ipxe(content.words).as_bytes())?;
    files.write("grub/grub.cfg", grub(content.words, content.hosts).as_bytes())?;
    let mut missing = Vec::new();
    for (from, to) in COPIED {
        match fs::read(from) {
            Ok(bytes) => files.write(to, &bytes)?,
            Err(_) => missing.push(from),
        }
    }
    let [dhcp, proxy] =
        dnsmasq::texts(&std::path::absolute(folder)?, content.hosts, content.network);
    files.put("dnsmasq.conf", dhcp.as_bytes())?;
    files.put("dnsmasq-proxy.conf", proxy.as_bytes())?;
    files.remove_others(&before);
    files.put(SUMS, files.sums.as_bytes())?;
    Ok(missing)
}

/// Writes the image, and for each machine one with its configuration inside, that configuration and its entry
/// of pxelinux.
fn write_images(files: &mut Files, content: &Content<'_>) -> Result<()> {
    files.write(IMAGE, &boot_image::make(content.elf, content.words.as_bytes())?)?;
    for host in content.hosts {
        let mac = host.dashed();
        let inside = boot_image::make(content.elf, &embedded(&host.configuration, content.words))
            .with_context(|| format!("the configuration of {}", host.name))?;
        files.write(&format!("{HOSTS}/{mac}.conf"), &host.configuration)?;
        files.write(&format!("{HOSTS}/{mac}.img"), &inside)?;
        let entry = pxelinux(content.words, Some(&mac));
        files.write(&format!("{ENTRIES}{mac}"), entry.as_bytes())?;
    }
    Ok(())
}

/// What is inside of a machine's image: its configuration, and words of which the last holds.
#[must_use]
pub fn embedded(configuration: &[u8], words: &str) -> Vec<u8> {
    [configuration, b"\n", words.as_bytes()].concat()
}

/// The hashes of all that machines are sent, as `sha256sum` prints them.
const SUMS: &str = "SHA256SUMS";

/// What the names of machines' entries of pxelinux begin with: 1 is Ethernet.
const ENTRIES: &str = "pxelinux.cfg/01-";

/// Files that are written.
struct Files {
    folder: PathBuf,
    sums: String,
}

impl Files {
    /// Writes one that machines are sent.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.put(name, bytes)?;
        writeln!(self.sums, "{}  {name}", hash(bytes))?;
        Ok(())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        let told = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).with_context(told)?;
        fs::write(&path, bytes).with_context(told)
    }

    /// Removes files of machines that are in the sums `before` and not in ours, if they are as they were written.
    fn remove_others(&self, before: &str) {
        for (sum, name) in before.lines().filter_map(|line| line.split_once("  ")) {
            let is_a_machines = name.starts_with(&format!("{HOSTS}/")) || name.starts_with(ENTRIES);
            let is_written = self.sums.lines().any(|own| own.ends_with(&format!("  {name}")));
            let path = self.folder.join(name);
            let is_as_it_was = || fs::read(&path).is_ok_and(|bytes| hash(&bytes) == sum);
            if is_a_machines && !is_written && !name.contains("..") && is_as_it_was() {
                // What stays is served to nobody but a machine that is back.
                let _ = fs::remove_file(&path);
            }
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The script of iPXE: `netX` is the card that it booted by. A machine without a file of its own boots without
/// one.
fn ipxe(words: &str) -> String {
    let line = spaced(words);
    format!(
        "#!ipxe\n\
         set boot BOOTIF=01-${{netX/mac:hexhyp}}\n\
         initrd --name barecore.conf {HOSTS}/${{netX/mac:hexhyp}}.conf || goto without\n\
         kernel {IMAGE} initrd=barecore.conf ${{boot}}{line}\n\
         boot\n\
         :without\n\
         imgfree\n\
         kernel {IMAGE} ${{boot}}{line}\n\
         boot\n"
    )
}

/// An entry of pxelinux, of the machine `mac` or of all others; with SYSAPPEND 2 it adds BOOTIF itself.
fn pxelinux(words: &str, mac: Option<&str>) -> String {
    let file = mac.map_or(String::new(), |mac| format!("  INITRD {HOSTS}/{mac}.conf\n"));
    let append = if words.is_empty() { String::new() } else { format!("  APPEND {words}\n") };
    format!(
        "SERIAL 0 115200\nDEFAULT barecore\nLABEL barecore\n  KERNEL {IMAGE}\n{file}{append}  SYSAPPEND 2\n"
    )
}

/// What GRUB does when it is booted by the network: `net_default_mac` is the card that it came by.
fn grub(words: &str, hosts: &[Host]) -> String {
    let line = spaced(words);
    let mut text = format!("linux /{IMAGE} BOOTIF=01-$net_default_mac{line}\n");
    for host in hosts {
        let (mac, dashed) = (host.mac, host.dashed());
        text += &format!(
            "if [ \"$net_default_mac\" = \"{mac}\" ]; then initrd /{HOSTS}/{dashed}.conf; fi\n"
        );
    }
    text + "boot\n"
}

fn spaced(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" {words}") }
}
