//! The image boots by every loader that boots Linux, and takes its command line and a file of rules along.

use anyhow::{Result, ensure};
use qemu::loaders::{BOTH_WAYS, Load, Loader};
use qemu::machine::Firmware;
use qemu::missing::need_uefi;

use crate::crash;
use crate::rig::{BOOT_LIMIT, NOTHING, Rig, Session, Setup};
use crate::sizes::{forwards, frame};

crate::facts![
    qemu_boots_it_as_it_boots_linux_by_bios,
    qemu_boots_it_as_it_boots_linux_by_uefi,
    it_is_loaded_above_4_gib_by_uefi,
    grub_boots_it_from_a_cd_by_multiboot2,
    grub_boots_it_as_linux_by_bios,
    grub_boots_it_as_linux_by_uefi,
    a_machine_with_too_little_memory_for_the_image_says_so,
    linux_boots_it_by_kexec,
    linux_on_uefi_firmware_boots_it_by_kexec,
];

fn qemu_boots_it_as_it_boots_linux_by_bios(rig: &Rig) -> Result<()> {
    boots(rig, Loader::QemuBios, 512)
}

fn qemu_boots_it_as_it_boots_linux_by_uefi(rig: &Rig) -> Result<()> {
    boots(rig, Loader::QemuUefi, 512)
}

/// Firmware that has memory there puts images there.
fn it_is_loaded_above_4_gib_by_uefi(rig: &Rig) -> Result<()> {
    boots(rig, Loader::QemuUefi, 6144)
}

fn grub_boots_it_from_a_cd_by_multiboot2(rig: &Rig) -> Result<()> {
    boots(rig, Loader::GrubMultiboot2, 512)
}

fn grub_boots_it_as_linux_by_bios(rig: &Rig) -> Result<()> {
    boots(rig, Loader::GrubBios, 512)
}

fn grub_boots_it_as_linux_by_uefi(rig: &Rig) -> Result<()> {
    boots(rig, Loader::GrubUefi, 512)
}

/// Both ways that Linux has.
const KEXEC: [Loader; 2] = [Loader::Kexec, Loader::KexecFile];

/// QEMU puts the image where it belongs, and asks nobody whether there is enough.
fn a_machine_with_too_little_memory_for_the_image_says_so(rig: &Rig) -> Result<()> {
    let mut setup = rig.machine()?.with(|machine| machine.memory = 2);
    let load = Load { elf: rig.image(), words: "", file: BOTH_WAYS };
    Loader::QemuBios.boots(&mut setup.machine, &load, &setup.run)?;
    let told = "barecore: the memory from 1 MiB on, where this image runs, is in use or not there";
    setup.start(|session| session.expect(told, BOOT_LIMIT).map(drop))
}

fn linux_boots_it_by_kexec(rig: &Rig) -> Result<()> {
    KEXEC.into_iter().try_for_each(|loader| boots(rig, loader, 512))
}

/// Firmware's tables lie where only it tells, and its own map is Linux's by then.
fn linux_on_uefi_firmware_boots_it_by_kexec(rig: &Rig) -> Result<()> {
    need_uefi()?;
    KEXEC.into_iter().try_for_each(|loader| {
        let mut setup = rig.machine()?;
        setup.machine.firmware = Firmware::uefi(&setup.run)?;
        boots_from(setup, rig, loader)
    })
}

/// Boots a machine with two cards and so much memory by `loader`: the line says which ports, the rules say
/// where to, and both have come.
fn boots(rig: &Rig, loader: Loader, mebibytes: u32) -> Result<()> {
    boots_from(rig.machine()?.with(|machine| machine.memory = mebibytes), rig, loader)
}

/// The same of a machine that lacks only the cards.
fn boots_from(setup: Setup, rig: &Rig, loader: Loader) -> Result<()> {
    let mut setup = setup.wires(2)?;
    let words = format!("ports=all {NOTHING}");
    let load = Load { elf: rig.image(), words: &words, file: BOTH_WAYS };
    loader.boots(&mut setup.machine, &load, &setup.run)?;
    setup.start(|session| {
        session.expect("Barecore ", BOOT_LIMIT)?;
        session.boot(BOOT_LIMIT)?;
        let shown = session.shown();
        ensure!(shown.iter().any(|line| line.contains(": 2 cores up")), "no tables: {shown:#?}");
        forwards_and_crashes(session)
    })
}

fn forwards_and_crashes(session: &mut Session) -> Result<()> {
    // Firmware has used the cards, too.
    session.wires[1].forget()?;
    forwards(session, &frame(60, None))?;
    crash::ends(session)
}
