//! The image boots from the directory that `cargo xtask pxe` writes, through the firmware and loaders that a lab
//! has, and each machine gets its own configuration.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Mac;
use qemu::pxe::directory::{self, Content};
use qemu::pxe::hosts::Host;
use qemu::pxe::served::{self, RANGE, Server, Way};

use crate::rig::{BOOT_LIMIT, NOTHING, Rig, Skipped};
use crate::sizes::{forwards, frame};

crate::facts![
    a_bios_boots_it_by_ipxe,
    uefi_firmware_boots_it_by_itself,
    uefi_firmware_boots_it_by_ipxe,
    a_bios_boots_it_by_pxelinux,
];

fn a_bios_boots_it_by_ipxe(rig: &Rig) -> Result<()> {
    boots(rig, Way::Bios)
}

fn uefi_firmware_boots_it_by_itself(rig: &Rig) -> Result<()> {
    boots(rig, Way::Uefi)
}

fn uefi_firmware_boots_it_by_ipxe(rig: &Rig) -> Result<()> {
    boots(rig, Way::Ipxe)
}

fn a_bios_boots_it_by_pxelinux(rig: &Rig) -> Result<()> {
    boots(rig, Way::Pxelinux)
}

/// Boots a machine of three cards by `way` and its first one, which stays unused; the others forward.
fn boots(rig: &Rig, way: Way) -> Result<()> {
    let mut server = Server::prepare().map_err(|error| Skipped(format!("{error:#}")))?;
    let mut setup = rig.machine()?.wires(2)?;
    way.need()?;
    let hosts = [lab_machine()];
    let folder = setup.run.file("pxe");
    let elf = fs::read(rig.image()).context("cannot read the image")?;
    let content = Content { elf: &elf, hosts: &hosts, words: "", network: RANGE };
    directory::write(&folder, &content)?;
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
