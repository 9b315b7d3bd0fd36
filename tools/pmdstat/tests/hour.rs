//! The recording of an hour: what is read of it, and in how much memory.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

#[allow(dead_code, reason = "as a program it has a main function")]
#[path = "../examples/hour.rs"]
mod hour;

use std::io::BufWriter;
use std::process::{Command, Output, Stdio};
use std::thread;

/// Runs `pmdstat` with `words` and at most 500 MB of memory over the recording.
fn pmdstat(words: &str) -> Output {
    let limited = format!("ulimit -v 500000 && exec \"$0\" {words} -");
    let mut child = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_pmdstat")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take().unwrap();
    let feed = thread::spawn(move || hour::write(&mut BufWriter::new(stdin)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    output
}

#[test]
fn an_hour_makes_a_page_of_a_megabyte_in_500_mb_of_memory() {
    let output = pmdstat("report");
    assert!(output.status.success(), "{:?}", output.status);
    assert!(output.stdout.len() < 1 << 20, "{} bytes", output.stdout.len());
    let page = String::from_utf8(output.stdout).unwrap();
    for told in [
        "Suspicious iterations: 10000, in events: 10000; starts of the machine: 1.",
        "The 12 of 10000 events with the longest iterations.",
        "</span> 1000000 iterations in the rows around and at them.",
        "every frame is accounted for",
        "frames missing=0 damaged=0 of-later-versions=0; events that are not whole: 0.",
    ] {
        assert!(page.contains(told), "the page lacks: {told}");
    }
}
