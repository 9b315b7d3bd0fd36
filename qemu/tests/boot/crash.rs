//! Crashes of every kind, on the control core and on a PMD's: reported, recorded, and a failing status.

use anyhow::{Context as _, Result, ensure};
use qemu::faults::{self, Fault};
use qemu::guest::Exit;
use qemu::loaders::{BOTH_WAYS, Load, Loader};

use crate::rig::{LIMIT, NOTHING, Rig, Session};
use crate::transcript;

crate::facts![
    a_page_fault_on_core_0_is_reported,
    a_stack_overflow_on_core_0_hits_the_guard_page,
    a_panic_on_core_0_is_reported,
    a_null_read_on_core_0_is_reported,
    a_write_to_text_on_core_0_is_reported,
    a_page_fault_on_a_pmd_core_is_reported,
    a_stack_overflow_on_a_pmd_core_hits_the_guard_page,
    a_panic_on_a_pmd_core_is_reported,
    a_null_read_on_a_pmd_core_is_reported,
    a_write_to_text_on_a_pmd_core_is_reported,
    what_the_processor_refuses_is_reported,
    a_machine_check_on_a_machine_with_uefi_firmware_is_reported,
    a_crash_while_a_crash_is_reported_is_told_and_the_machine_starts_again_if_that_is_asked_for,
];

/// Forces `fault` upon a machine with two PMDs, and has the report be as it was.
fn reported(rig: &Rig, kind: &'static str, core: usize, cause: &'static str) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 3);
    setup.boot(|session| {
        let report = Fault::new(kind, core, cause).force(session, 2)?;
        let lines: Vec<_> = report.into_iter().filter(|line| !is_late(line)).collect();
        let place = if core == 0 { "core-0" } else { "pmd" };
        transcript::compare(&format!("crash-{kind}-{place}"), &lines)
    })
}

/// How machines with one PMD end whose way of booting is tried: a fault there gives a right report, too.
pub(crate) fn ends(session: &mut Session) -> Result<()> {
    Fault::new("page-fault", 1, "where nothing is mapped").force(session, 1).map(drop)
}

/// What no program does that Rust compiled; `cargo xtask soak faults` forces all of the list on both firmwares.
fn what_the_processor_refuses_is_reported(rig: &Rig) -> Result<()> {
    let is_refusal = |fault: &&Fault| {
        ["divide-error", "invalid-opcode", "general-protection"].contains(&fault.kind)
    };
    faults::ALL
        .iter()
        .filter(is_refusal)
        .try_for_each(|fault| rig.wired()?.boot(|session| fault.force(session, 1).map(drop)))
}

fn a_machine_check_on_a_machine_with_uefi_firmware_is_reported(rig: &Rig) -> Result<()> {
    let fault = faults::ALL.iter().find(|fault| fault.kind == Fault::BY_MACHINE);
    let fault = fault.context("no machine check")?;
    let mut setup = rig.machine()?.wires(2)?;
    let words = format!("ports=all {NOTHING}");
    let load = Load { elf: rig.image(), words: &words, file: BOTH_WAYS };
    Loader::QemuUefi.boots(&mut setup.machine, &load, &setup.run)?;
    setup.boot(|session| fault.force(session, 1).map(drop))
}

/// A PMD panics, and faults while that is reported. QEMU is told to end where the machine would start again.
fn a_crash_while_a_crash_is_reported_is_told_and_the_machine_starts_again_if_that_is_asked_for(
    rig: &Rig,
) -> Result<()> {
    rig.wired()?.append("forward=0:1 panic=reboot").boot(|session| {
        session.console().send(b"crash twice 1\r")?;
        let exit = session.wait_exit(LIMIT)?;
        ensure!(exit == Exit::PoweredOff, "QEMU ended by {exit:?}");
        let shown = session.shown().join("\n");
        for part in [
            "crash on core 1: panic at ",
            ": as the command crash asked,",
            "crash in the report of a crash: page fault (vector 14, ",
            "where nothing is mapped",
            "  r13 ",
            "end of the report",
        ] {
            ensure!(shown.contains(part), "no {part:?}: {shown}");
        }
        let recorded = faults::recorded(session)?.join("\n");
        ensure!(recorded.contains("crash in the report of a crash: page fault "), "{recorded}");
        Ok(())
    })
}

/// Whether `line` says that cores did not stop in time, as those of a busy host's emulator may not.
fn is_late(line: &str) -> bool {
    line.contains(" cores did not stop within ")
}

fn a_page_fault_on_core_0_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "page-fault", 0, "where nothing is mapped")
}

fn a_stack_overflow_on_core_0_hits_the_guard_page(rig: &Rig) -> Result<()> {
    reported(rig, "stack-overflow", 0, "stack overflow on core 0 (guard page hit at ")
}

fn a_panic_on_core_0_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "panic", 0, "panic at ")
}

fn a_null_read_on_core_0_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "null-read", 0, "null pointer: read at ")
}

fn a_write_to_text_on_core_0_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "text-write", 0, "write to text at ")
}

fn a_page_fault_on_a_pmd_core_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "page-fault", 1, "where nothing is mapped")
}

fn a_stack_overflow_on_a_pmd_core_hits_the_guard_page(rig: &Rig) -> Result<()> {
    reported(rig, "stack-overflow", 2, "stack overflow on core 2 (guard page hit at ")
}

fn a_panic_on_a_pmd_core_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "panic", 1, "panic at ")
}

fn a_null_read_on_a_pmd_core_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "null-read", 2, "null pointer: read at ")
}

fn a_write_to_text_on_a_pmd_core_is_reported(rig: &Rig) -> Result<()> {
    reported(rig, "text-write", 1, "write to text at ")
}
