//! Machines of QEMU that boot from such a directory, through the firmware and loaders that a lab has.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};

use super::dnsmasq::Network;
use super::hosts::Host;
use super::{BIOS_LOADER, HOSTS, IMAGE, IPXE_SCRIPT};
use crate::find;
use crate::guest::Guest;
use crate::machine::{Boots, Firmware, Machine, Netdev, Nic};
use crate::missing::{need_path, need_uefi};
use crate::namespace::{self, Namespaces};
use crate::run_directory::RunDirectory;

/// A way to boot by the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A BIOS whose card's ROM is iPXE.
    Bios,
    /// UEFI firmware itself.
    Uefi,
    /// UEFI firmware with iPXE in the card's ROM.
    Ipxe,
    /// A BIOS whose card's ROM loads pxelinux.
    Pxelinux,
}

impl Way {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("bios", Self::Bios),
        ("uefi", Self::Uefi),
        ("ipxe", Self::Ipxe),
        ("pxelinux", Self::Pxelinux),
    ];

    /// Whether UEFI firmware is what boots.
    #[must_use]
    pub fn is_uefi(self) -> bool {
        matches!(self, Self::Uefi | Self::Ipxe)
    }

    /// Whether this host has what machines need for it.
    ///
    /// # Errors
    ///
    /// It has not, as [`crate::missing::Missing`].
    pub fn need(self) -> Result<()> {
        if self.is_uefi() {
            need_uefi()?;
        }
        if self == Self::Pxelinux {
            need_path(find::PXELINUX, "pxelinux")?;
            need_path(find::LDLINUX, "syslinux-common")?;
        }
        Ok(())
    }

    /// The cable that leads to who serves `folder`: `server`, or where there is none QEMU itself.
    #[must_use]
    pub fn netdev(self, folder: &Path, hosts: &[Host], server: Option<&Server>) -> Netdev {
        let inside = || Netdev::Tftp { folder: folder.to_owned(), file: self.file(hosts) };
        server.map_or_else(inside, Server::netdev)
    }

    /// The file that a server without a choice names to the first of `hosts`.
    #[must_use]
    pub fn file(self, hosts: &[Host]) -> String {
        let own = |host: &Host| format!("{HOSTS}/{}.img", host.dashed());
        match self {
            Self::Bios | Self::Ipxe => IPXE_SCRIPT.to_owned(),
            Self::Pxelinux => BIOS_LOADER.to_owned(),
            Self::Uefi => hosts.first().map_or(IMAGE.to_owned(), own),
        }
    }
}

/// Has `machine` be the first of `hosts`, and boot by a further card, its first, whose cable leads to `netdev`.
///
/// # Errors
///
/// The firmware is not installed.
pub fn boot_by(
    machine: &mut Machine,
    way: Way,
    netdev: Netdev,
    hosts: &[Host],
    run: &RunDirectory,
) -> Result<()> {
    if way.is_uefi() {
        machine.firmware = Firmware::uefi(run)?;
    }
    machine.boots = Boots::Network;
    let mac = hosts.first().map(|host| host.mac);
    machine.nics.insert(0, Nic { has_rom: way != Way::Uefi, mac, ..Nic::new(netdev) });
    Ok(())
}

/// dnsmasq with the configuration of a directory, in a network namespace that a machine's first card leads to.
/// Ended when dropped.
#[derive(Debug)]
pub struct Server {
    namespaces: Namespaces,
    child: Option<Child>,
}

/// The range of addresses in that namespace.
pub const RANGE: Network =
    Network { first: Ipv4Addr::new(198, 18, 0, 100), last: Ipv4Addr::new(198, 18, 0, 199) };

impl Server {
    /// Makes the namespace; nobody is served yet.
    ///
    /// # Errors
    ///
    /// dnsmasq is not installed, or namespaces may not be made here.
    pub fn prepare() -> Result<Self> {
        find::program("dnsmasq")
            .context("dnsmasq is missing; on Debian: apt-get install dnsmasq-base")?;
        namespace::available()?;
        Ok(Self { namespaces: Namespaces::create()?, child: None })
    }

    /// What the card's cable leads to.
    #[must_use]
    pub fn netdev(&self) -> Netdev {
        self.namespaces.netdev(0)
    }

    /// Serves `folder` to `guest`, which boots by `way`.
    ///
    /// # Errors
    ///
    /// QEMU does not answer, the system refuses, or dnsmasq cannot be run.
    pub fn serve(&mut self, folder: &Path, way: Way, guest: &Guest) -> Result<()> {
        // QEMU opens cards' cables before it answers there; in a namespace it would not find them.
        guest.qmp()?;
        self.namespaces.plug_in()?;
        let run = guest.run();
        let text = fs::read_to_string(folder.join("dnsmasq.conf"))?;
        // The ROM is iPXE in any case; here it is taken for what it replaced.
        let is_kept = |line: &&str| way != Way::Pxelinux || !line.ends_with("set:ipxe,175");
        let text: Vec<_> = text.lines().filter(is_kept).collect();
        let own = run.file("dnsmasq.conf");
        fs::write(&own, text.join("\n")).context("cannot write into the run directory")?;
        let path = |name| run.file(name).display().to_string();
        let mut command = self.namespaces.command(0, "dnsmasq");
        command
            .args(["--keep-in-foreground", "--user=root", "--pid-file="])
            // Nobody else is on that wire whose address it might be: it would wait 3 s for an answer.
            .arg("--no-ping")
            .arg(format!("--conf-file={}", own.display()))
            .arg(format!("--dhcp-leasefile={}", path("leases")))
            .arg(format!("--log-facility={}", path("dnsmasq.log")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.child = Some(command.spawn().context("cannot run dnsmasq")?);
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
