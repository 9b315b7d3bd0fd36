//! Machines of QEMU that boot from such a directory, through the firmware and loaders that a lab has.

use std::path::Path;

use anyhow::Result;

use super::hosts::Host;
use super::server::Server;
use super::{BIOS_LOADER, HOSTS, IMAGE, IPXE_SCRIPT};
use crate::find;
use crate::machine::{Boots, Firmware, Machine, Netdev, Nic};
use crate::missing::{need_path, need_uefi};
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
