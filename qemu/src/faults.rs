//! Faults that are forced upon the image, and what its report has to say of each.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};
use perf::stream::{Found, Message, Scanner};
use serde_json::json;

use crate::asking::LIMIT;
use crate::guest::{Exit, Guest};
use crate::reading;

/// Iterations of each PMD that a report shows.
const LAST: usize = 32;

/// A machine check on core 1, as QEMU's monitor has it: bank 1 has an error that is valid, not corrected, and
/// leaves the core corrupt; there is no way back (Intel SDM volume 3, 15.3).
const MACHINE_CHECK: &str = "mce 1 1 0xb200000000000000 0x4 0x0 0x0";

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind that the image's command `crash` takes, or [`Fault::BY_MACHINE`].
    pub kind: &'static str,
    /// Where it happens.
    pub core: usize,
    /// What the report says of it.
    pub told: &'static str,
}

/// Ten of them, on the control core and on a PMD's.
pub const ALL: [Fault; 10] = [
    Fault::new("page-fault", 0, "where nothing is mapped"),
    Fault::new("null-read", 1, "null pointer: read at "),
    Fault::new("text-write", 0, "write to text at "),
    Fault::new("stack-overflow", 1, "stack overflow on core 1 (guard page hit at "),
    Fault::new("panic", 0, "panic at "),
    Fault::new("divide-error", 1, "divide error (vector 0, error code 0x0)"),
    Fault::new("invalid-opcode", 0, "invalid opcode (vector 6, error code 0x0)"),
    Fault::new("general-protection", 1, "general protection fault (vector 13, error code 0x0)"),
    Fault::new(Fault::BY_MACHINE, 1, "bank 1: status 0xb200000000000000"),
    Fault::new(Fault::IN_REPORT, 1, "crash in the report of a crash: page fault (vector 14, "),
];

impl Fault {
    /// The kind that QEMU forces and not the image.
    pub const BY_MACHINE: &'static str = "machine-check";

    /// The kind that also breaks the report, so that it shows no iterations.
    pub const IN_REPORT: &'static str = "twice";

    /// A fault.
    #[must_use]
    pub const fn new(kind: &'static str, core: usize, told: &'static str) -> Self {
        Self { kind, core, told }
    }

    /// Forces it upon a machine with so many PMDs, and returns the report, which is right.
    ///
    /// # Errors
    ///
    /// It is not right, or the machine does not end by it. The message says why.
    pub fn force(self, guest: &mut Guest, pmds: usize) -> Result<Vec<String>> {
        let rows = LAST * pmds;
        // A busy host may not have let the last PMD begin yet.
        guest.ask_until(&format!("pmd-perf-show -nh -it {LAST}"), |lines| {
            (reading::iterations(lines).len() == rows).then_some(())
        })?;
        if self.kind == Self::BY_MACHINE {
            let line = json!({ "command-line": MACHINE_CHECK });
            guest.qmp()?.execute("human-monitor-command", line)?;
        } else {
            guest.console().send(format!("crash {} {}\r", self.kind, self.core).as_bytes())?;
        }
        let exit = guest.wait_exit(LIMIT)?;
        ensure!(exit == Exit::Crashed, "QEMU ended by {exit:?}");
        let report = printed(guest);
        self.judge(&report, rows).with_context(|| report.join("\n"))?;
        let recorded = recorded(guest)?;
        // A line that a second fault breaks off goes by the console alone.
        let is_told = report.ends_with(&recorded) && recorded.join("\n").contains(self.told);
        let is_whole = recorded.len() == report.len() || self.kind == Self::IN_REPORT;
        ensure!(is_told && is_whole, "recorded: {recorded:#?}, printed: {report:#?}");
        Ok(report)
    }

    /// Has a report name cause and core, show registers and so many iterations, and end.
    fn judge(self, report: &[String], rows: usize) -> Result<()> {
        let Self { kind, core, told } = self;
        let text = report.join("\n");
        ensure!(text.starts_with(&format!("crash on core {core}: ")), "not on core {core}");
        ensure!(text.contains(told), "not called {told:?}");
        ensure!(text.contains("rsp "), "no registers");
        let (shown, rows) =
            (reading::iterations(report).len(), if kind == Self::IN_REPORT { 0 } else { rows });
        ensure!(shown == rows, "{shown} iterations, not {rows}");
        ensure!(report.last().is_some_and(|line| line == "end of the report"), "it has no end");
        Ok(())
    }
}

/// The report on the console, as far as it is there.
fn printed(guest: &mut Guest) -> Vec<String> {
    let mut lines = guest.console().lines();
    lines.pop();
    let start = lines.iter().position(|line| line.starts_with("crash on core "));
    lines.split_off(start.unwrap_or(lines.len()))
}

/// The report in the stream, which went to the file `com2` and of which all frames must be whole and none
/// missing.
///
/// # Errors
///
/// There is none, or it is damaged.
pub fn recorded(guest: &Guest) -> Result<Vec<String>> {
    let stream = fs::read(guest.run().file("com2")).context("no stream")?;
    let (mut scanner, mut report, mut next) = (Scanner::new(), String::new(), 0);
    for byte in stream {
        match scanner.push(byte) {
            None => {}
            Some(Found::Frame(frame)) => {
                ensure!(frame.sequence == next, "{} comes before {next}", frame.sequence);
                next += 1;
                if let Ok(Message::Crash(text)) = Message::read(&frame) {
                    report.push_str(text);
                }
            }
            // Firmware had the line before: a frame that is missing is noticed at the next one.
            Some(Found::Text(_) | Found::Damage(_)) if next == 0 => {}
            Some(other) => bail!("behind {next} frames: {other:?}"),
        }
    }
    Ok(report.lines().map(|line| line.trim_end().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const WHOLE: &str = "crash on core 1: divide error (vector 0, error code 0x0)\n  rip 0  rsp 0\n\
                         7 100 0 0 0 0 0 0\nend of the report";

    #[test]
    fn a_report_that_says_what_where_and_how_is_right() {
        ALL[5].judge(&report(WHOLE), 1).unwrap();
    }

    #[test]
    fn a_report_that_lacks_anything_is_not() {
        for (from, to) in [
            ("core 1", "core 2"),
            ("divide", "unknown"),
            ("rsp", "rbp"),
            ("7 100 0", "7 100"),
            ("\nend of the report", ""),
        ] {
            let broken = report(&WHOLE.replace(from, to));
            assert!(ALL[5].judge(&broken, 1).is_err(), "{from}");
        }
    }

    #[test]
    fn no_kind_is_there_twice() {
        let kinds: std::collections::HashSet<_> = ALL.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds.len(), ALL.len());
    }
}
