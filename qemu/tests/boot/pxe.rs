//! The image boots from the directory that `cargo xtask pxe` writes, through the firmware and loaders that a lab
//! has, and each machine gets its own configuration.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use qemu::loaders::{BIOS_MODULES, UEFI_MODULES};
use qemu::machine::Mac;
use qemu::missing::{need, need_path};
use qemu::pxe::directory::{self, Content};
use qemu::pxe::hosts::Host;
use qemu::pxe::served::{self, Way};
use qemu::pxe::server::{Addresses, RANGE, Server};

use crate::rig::{BOOT_LIMIT, NOTHING, Rig, Skipped};
use crate::sizes::{forwards, frame};

crate::facts![
    a_bios_boots_it_by_ipxe,
    uefi_firmware_boots_it_by_itself,
    uefi_firmware_boots_it_by_ipxe,
    a_bios_boots_it_by_pxelinux,
    a_bios_boots_it_by_ipxe_beside_another_dhcp_server,
    uefi_firmware_boots_it_by_itself_beside_another_dhcp_server,
    uefi_firmware_boots_it_by_ipxe_beside_another_dhcp_server,
    a_bios_boots_it_by_pxelinux_beside_another_dhcp_server,
    a_bios_boots_it_by_grub_from_the_network,
    uefi_firmware_boots_it_by_grub_from_the_network,
];

fn a_bios_boots_it_by_ipxe(rig: &Rig) -> Result<()> {
    boots(rig, Way::Bios, Addresses::Ours, as_written)
}

fn uefi_firmware_boots_it_by_itself(rig: &Rig) -> Result<()> {
    boots(rig, Way::Uefi, Addresses::Ours, as_written)
}

fn uefi_firmware_boots_it_by_ipxe(rig: &Rig) -> Result<()> {
    boots(rig, Way::Ipxe, Addresses::Ours, as_written)
}

fn a_bios_boots_it_by_pxelinux(rig: &Rig) -> Result<()> {
    boots(rig, Way::Pxelinux, Addresses::Ours, as_written)
}

fn a_bios_boots_it_by_ipxe_beside_another_dhcp_server(rig: &Rig) -> Result<()> {
    boots(rig, Way::Bios, Addresses::Anothers, as_written)
}

fn uefi_firmware_boots_it_by_itself_beside_another_dhcp_server(rig: &Rig) -> Result<()> {
    boots(rig, Way::Uefi, Addresses::Anothers, as_written)
}

fn uefi_firmware_boots_it_by_ipxe_beside_another_dhcp_server(rig: &Rig) -> Result<()> {
    boots(rig, Way::Ipxe, Addresses::Anothers, as_written)
}

fn a_bios_boots_it_by_pxelinux_beside_another_dhcp_server(rig: &Rig) -> Result<()> {
    boots(rig, Way::Pxelinux, Addresses::Anothers, as_written)
}

fn a_bios_boots_it_by_grub_from_the_network(rig: &Rig) -> Result<()> {
    need_path(BIOS_MODULES.0, BIOS_MODULES.1)?;
    boots(rig, Way::Pxelinux, Addresses::Ours, with_grub)
}

fn uefi_firmware_boots_it_by_grub_from_the_network(rig: &Rig) -> Result<()> {
    need_path(UEFI_MODULES.0, UEFI_MODULES.1)?;
    boots(rig, Way::Uefi, Addresses::Ours, with_grub)
}

/// Leaves the directory as it is.
fn as_written(_: &Path) -> Result<()> {
    Ok(())
}

/// Puts GRUB into the directory and sends all to it, as docs/pxe.md says.
fn with_grub(folder: &Path) -> Result<()> {
    need(&[("grub-mknetdir", "grub-common")])?;
    let output = Command::new("grub-mknetdir")
        .arg(format!("--net-directory={}", folder.display()))
        .arg("--subdir=grub")
        .output()
        .context("cannot run grub-mknetdir")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "grub-mknetdir failed: {said}");
    let file = folder.join("dnsmasq.conf");
    let text = fs::read_to_string(&file)?;
    let others = text.lines().filter(|line| !line.starts_with("dhcp-boot="));
    let grub =
        ["dhcp-boot=tag:bios,grub/i386-pc/core.0", "dhcp-boot=tag:uefi,grub/x86_64-efi/core.efi"];
    let lines: Vec<_> = others.chain(grub).collect();
    fs::write(&file, lines.join("\n")).context("cannot write dnsmasq.conf")
}

/// Boots a machine of three cards by `way` and its first one, which stays unused; the others forward.
/// `completes` does to the directory what its user does.
fn boots(
    rig: &Rig,
    way: Way,
    addresses: Addresses,
    completes: fn(&Path) -> Result<()>,
) -> Result<()> {
    let mut server = Server::prepare(addresses).map_err(|error| Skipped(format!("{error:#}")))?;
    let mut setup = rig.machine()?.wires(2)?;
    way.need()?;
    let hosts = [lab_machine()];
    let folder = setup.run.file("pxe");
    let elf = fs::read(rig.image()).context("cannot read the image")?;
    let content = Content { elf: &elf, hosts: &hosts, words: "", network: RANGE };
    directory::write(&folder, &content)?;
    completes(&folder)?;
    served::boot_by(&mut setup.machine, way, server.netdev(), &hosts, &setup.run)?;
    setup.start(|session| {
        server.serve(&folder, way, session)?;
        session.boot(BOOT_LIMIT)?;
        forwards(session, &frame(60, None))?;
        let running = session.command("show config")?;
        ensure!(running.iter().any(|line| line == "hostname=lab1"), "{running:#?}");
        let ports = session.ports()?;
        ensure!(ports.len() == 2, "the card that booted is a port, too: {ports:#?}");
        session.exit()
    })
}

/// A machine whose configuration takes all cards, but for the one that booted.
fn lab_machine() -> Host {
    let configuration =
        format!("hostname=lab1\nports=all\nforward=0:1\n{}\n", NOTHING.replace(' ', "\n"));
    Host { mac: Mac([2, 0, 0, 0, 0, 1]), name: "lab1".into(), configuration: configuration.into() }
}
