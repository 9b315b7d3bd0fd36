//! Runs `pmdstat` as a user does.

#![allow(dead_code, reason = "each test program is built with all of it")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

pub(crate) mod played;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The example trace, and the clock that it was made with.
pub(crate) const STALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/stall.csv");
pub(crate) const STALL_HERTZ: &str = "2500000000";

/// How a run ended, and what it wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) talk: String,
}

/// Runs `pmdstat` with the words of `line`, and `input` on its standard input.
pub(crate) fn pmdstat(line: &str, input: impl AsRef<[u8]>) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pmdstat"))
        .args(line.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.as_ref().to_vec());
    // It may end before it has read everything.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { status: output.status.code(), out: text(output.stdout), talk: text(output.stderr) }
}

/// A recording that holds one frame of each kind, as version 1 of the stream wrote it.
pub(crate) fn recording() -> Vec<u8> {
    let text = include_str!("../../../../perf/src/stream/golden/v1.hex");
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Replays `trace` with the words of `options`; it must succeed.
pub(crate) fn replay(options: &str, trace: &str) -> Run {
    let run = pmdstat(&format!("replay - {options}"), trace);
    assert_eq!(run.status, Some(0), "{}", run.talk);
    run
}

/// Idle iterations from 1 to `last`, those of `suspicious` of 300 us and all others of 1 us, where a
/// cycle is a nanosecond.
pub(crate) fn trace(suspicious: &[u64], last: u64) -> String {
    let mut text = "iteration,cycles\n".to_owned();
    for number in 1..=last {
        let cycles = if suspicious.contains(&number) { 300_000 } else { 1000 };
        writeln!(text, "{number},{cycles}").unwrap();
    }
    text
}

/// An event as it was written: its suspicious iterations and those of its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) suspects: Vec<u64>,
    pub(crate) rows: Vec<u64>,
}

/// The events in `text`.
pub(crate) fn events(text: &str) -> Vec<Shown> {
    let mut events: Vec<Shown> = Vec::new();
    let mut in_rows = true;
    let written = text.lines().take_while(|line| !line.starts_with("triggers="));
    for line in written {
        if let Some((_, rest)) = line.split_once(" iter=").filter(|_| line.starts_with("Susp")) {
            if std::mem::take(&mut in_rows) {
                events.push(Shown::default());
            }
            events.last_mut().unwrap().suspects.push(first_number(rest).unwrap());
        } else if let Some(number) = first_number(line).filter(|_| line.starts_with("   ")) {
            in_rows = true;
            events.last_mut().unwrap().rows.push(number);
        }
    }
    events
}

/// The number that `text` begins with.
pub(crate) fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
