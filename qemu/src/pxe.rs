//! A directory that machines boot Barecore from, by PXE: what firmware and loaders ask for, with one
//! configuration for each machine, and what tells a server of DHCP and TFTP to hand it out.
//!
//! - [`hosts`] says which machines there are.
//! - [`directory`] writes the files.
//! - [`dnsmasq`] is that server's configuration.
//! - [`server`] runs that server on the wire of a machine of QEMU, and [`served`] lets the machine boot by it.

pub mod directory;
pub mod dnsmasq;
pub mod hosts;
pub mod served;
pub mod server;

/// The script of iPXE, which iPXE is sent to.
pub const IPXE_SCRIPT: &str = "boot.ipxe";

/// What a BIOS is sent to.
pub const BIOS_LOADER: &str = "pxelinux.0";

/// What UEFI firmware is sent to that belongs to no machine of the list.
pub const IMAGE: &str = "barecore.img";

/// Where the configurations lie, and the images that have them inside.
pub const HOSTS: &str = "hosts";
