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
    /// Words for the command line of all.
    pub words: &'a str,
    /// The network that it is served on.
    pub network: Network,
}

/// Writes all files into `folder`, which is made, and returns the paths of what is to be copied there by hand
/// because it is not installed here.
///
/// # Errors
///
/// The image is none of ours, or a file cannot be written.
pub fn write(folder: &Path, content: &Content<'_>) -> Result<Vec<&'static str>> {
    let mut files = Files { folder: folder.to_owned(), sums: String::new() };
    files.write(IMAGE, &boot_image::make(content.elf, b"")?)?;
    for host in content.hosts {
        let (mac, inside) = (host.dashed(), boot_image::make(content.elf, &host.configuration));
        let inside = inside.with_context(|| format!("the configuration of {}", host.name))?;
        files.write(&format!("{HOSTS}/{mac}.conf"), &host.configuration)?;
        files.write(&format!("{HOSTS}/{mac}.img"), &inside)?;
        let entry = pxelinux(content.words, Some(&mac));
        files.write(&format!("pxelinux.cfg/01-{mac}"), entry.as_bytes())?;
    }
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
    let folder = std::path::absolute(folder)?;
    let [dhcp, proxy] = dnsmasq::texts(&folder, content.hosts, content.network);
    files.write("dnsmasq.conf", dhcp.as_bytes())?;
    files.write("dnsmasq-proxy.conf", proxy.as_bytes())?;
    let sums = std::mem::take(&mut files.sums);
    files.write("SHA256SUMS", sums.as_bytes())?;
    Ok(missing)
}

/// Files that are written, and their hashes as `sha256sum` prints them.
struct Files {
    folder: PathBuf,
    sums: String,
}

impl Files {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        let told = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).with_context(told)?;
        fs::write(&path, bytes).with_context(told)?;
        for byte in Sha256::digest(bytes) {
            write!(self.sums, "{byte:02x}")?;
        }
        writeln!(self.sums, "  {name}")?;
        Ok(())
    }
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
