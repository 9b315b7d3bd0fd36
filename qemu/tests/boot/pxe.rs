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
use qemu::run_directory::RunDirectory;

use crate::crash;
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
    a_bios_whose_machine_is_not_in_the_list_boots_it_with_the_words_alone,
    uefi_firmware_whose_machine_is_not_in_the_list_boots_it_with_the_words_alone,
    a_directory_that_is_written_again_has_right_sums_and_nothing_of_a_machine_that_is_gone,
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

fn a_bios_whose_machine_is_not_in_the_list_boots_it_with_the_words_alone(rig: &Rig) -> Result<()> {
    boots_without_a_list(rig, Way::Bios)
}

fn uefi_firmware_whose_machine_is_not_in_the_list_boots_it_with_the_words_alone(
    rig: &Rig,
) -> Result<()> {
    boots_without_a_list(rig, Way::Uefi)
}

fn a_directory_that_is_written_again_has_right_sums_and_nothing_of_a_machine_that_is_gone(
    rig: &Rig,
) -> Result<()> {
    let run = RunDirectory::new()?;
    let folder = run.file("pxe");
    let elf = fs::read(rig.image()).context("cannot read the image")?;
    let machines = lab_machines();
    let own = |host: &Host| {
        let mac = host.dashed();
        [format!("hosts/{mac}.conf"), format!("hosts/{mac}.img"), format!("pxelinux.cfg/01-{mac}")]
    };
    let there = |host: &Host| own(host).map(|name| folder.join(name).exists());
    for count in [2, 1] {
        let hosts = &machines[..count];
        let content = Content { elf: &elf, hosts, words: "panic=halt", network: RANGE };
        directory::write(&folder, &content)?;
        ensure!(there(&machines[0]) == [true; 3], "a file of the first machine is missing");
        ensure!(there(&machines[1]) == [count == 2; 3], "files of the second: {count} machines");
        let mut check = Command::new("sha256sum");
        let output = check.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&folder).output();
        let output = output.context("cannot run sha256sum")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
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
    let serving = Serving { hosts: &lab_machines(), words: "", addresses, completes };
    serving.boots(rig, way, "hostname=lab1")
}

/// The same, but no list has the machine: all that it has is on the command line, or in the image.
fn boots_without_a_list(rig: &Rig, way: Way) -> Result<()> {
    let words = format!("hostname=spare ports=all forward=0:1 {NOTHING}");
    let serving =
        Serving { hosts: &[], words: &words, addresses: Addresses::Ours, completes: as_written };
    serving.boots(rig, way, "hostname=spare")
}

/// What machines boot from.
struct Serving<'a> {
    hosts: &'a [Host],
    words: &'a str,
    addresses: Addresses,
    completes: fn(&Path) -> Result<()>,
}

impl Serving<'_> {
    /// Boots a machine, which is to have the line `own` in its configuration.
    fn boots(&self, rig: &Rig, way: Way, own: &str) -> Result<()> {
        let mut server =
            Server::prepare(self.addresses).map_err(|error| Skipped(format!("{error:#}")))?;
        let mut setup = rig.machine()?.wires(2)?;
        way.need()?;
        let folder = setup.run.file("pxe");
        let elf = fs::read(rig.image()).context("cannot read the image")?;
        let (hosts, words) = (self.hosts, self.words);
        directory::write(&folder, &Content { elf: &elf, hosts, words, network: RANGE })?;
        (self.completes)(&folder)?;
        served::boot_by(&mut setup.machine, way, server.netdev(), hosts, &setup.run)?;
        setup.start(|session| {
            server.serve(&folder, way, session)?;
            session.boot(BOOT_LIMIT)?;
            forwards(session, &frame(60, None))?;
            let running = session.command("show config")?;
            ensure!(running.iter().any(|line| line == own), "{running:#?}");
            let ports = session.ports()?;
            ensure!(ports.len() == 2, "the card that booted is a port, too: {ports:#?}");
            crash::ends(session)
        })
    }
}

/// A machine whose configuration takes all cards, but for the one that booted, and another. Their names are
/// words of dnsmasq's.
fn lab_machines() -> [Host; 2] {
    let keys = format!("hostname=lab1\nports=all\nforward=0:1\n{}\n", NOTHING.replace(' ', "\n"));
    let host = |number, name: &str, configuration: &str| Host {
        mac: Mac([2, 0, 0, 0, 0, number]),
        name: name.into(),
        configuration: configuration.into(),
    };
    [host(1, "ignore", &keys), host(2, "uefi", "hostname=lab2\n")]
}
