//! Crashes of every kind, on the control core and on a PMD's: reported, recorded, and a failing status.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use perf::stream::{Found, Message, Scanner};
use qemu::guest::Exit;
use qemu::reading;

use crate::rig::{LIMIT, Rig};
use crate::transcript;

/// Iterations of each PMD that a report shows.
const LAST: usize = 32;

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
    a_crash_while_a_crash_is_reported_is_told_and_the_machine_starts_again_if_that_is_asked_for,
];

/// Types `crash KIND CORE`, and has the report name `cause` and `core` and show registers and the
/// last iterations of both PMDs.
fn reported(rig: &Rig, kind: &str, core: usize, cause: &str) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 3);
    setup.boot(|session| {
        // A busy host may not have let the second PMD begin yet.
        session.ask_until(&format!("pmd-perf-show -nh -it {LAST}"), |lines| {
            (reading::iterations(lines).len() == 2 * LAST).then_some(())
        })?;
        session.console().send(format!("crash {kind} {core}\r").as_bytes())?;
        let exit = session.wait_exit(LIMIT)?;
        ensure!(exit == Exit::Crashed, "QEMU ended by {exit:?}");
        let shown = session.shown();
        let start = shown.iter().position(|line| line.starts_with("crash on core "));
        let report = &shown[start.unwrap_or(shown.len())..];
        let text = report.join("\n");
        ensure!(text.starts_with(&format!("crash on core {core}: ")), "{shown:#?}");
        ensure!(text.contains(cause), "not called {cause:?}: {text}");
        ensure!(text.contains("rsp "), "no registers: {text}");
        let rows = reading::iterations(report).len();
        ensure!(rows == 2 * LAST, "{rows} iterations of two PMDs: {text}");
        ensure!(report.last().is_some_and(|line| line == "end of the report"), "{text}");
        let stream = fs::read(session.run().file("com2")).context("no stream")?;
        let recorded = recorded(&stream)?;
        ensure!(recorded == report, "recorded: {recorded:#?}, printed: {report:#?}");
        let lines: Vec<_> = report.iter().filter(|line| !is_late(line)).cloned().collect();
        let place = if core == 0 { "core-0" } else { "pmd" };
        transcript::compare(&format!("crash-{kind}-{place}"), &lines)
    })
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
        let stream = fs::read(session.run().file("com2")).context("no stream")?;
        let recorded = recorded(&stream)?.join("\n");
        ensure!(recorded.contains("crash in the report of a crash: page fault "), "{recorded}");
        Ok(())
    })
}

/// The report in a stream, of which all frames must be whole and none missing.
fn recorded(stream: &[u8]) -> Result<Vec<String>> {
    let (mut scanner, mut report, mut next) = (Scanner::new(), String::new(), 0);
    for byte in stream {
        match scanner.push(*byte) {
            None => {}
            Some(Found::Frame(frame)) => {
                ensure!(frame.sequence == next, "{} comes before {next}", frame.sequence);
                next += 1;
                if let Ok(Message::Crash(text)) = Message::read(&frame) {
                    report.push_str(text);
                }
            }
            Some(other) => bail!("behind {next} frames: {other:?}"),
        }
    }
    Ok(report.lines().map(|line| line.trim_end().to_owned()).collect())
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
