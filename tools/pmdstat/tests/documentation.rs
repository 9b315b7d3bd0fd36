//! What docs/replay.md shows is what the program writes.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::{STALL, pmdstat};

const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/replay.md"));
const EXAMPLE: &str = "tools/pmdstat/examples/stall.csv";

/// Commands in the document, and what it says that they write.
fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    let blocks = TEXT.split("```console\n$ pmdstat ").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().split_once('\n').unwrap())
}

#[test]
fn every_example_writes_what_the_document_says() {
    let mut count = 0;
    for (words, expected) in examples() {
        let run = pmdstat(&words.replace(EXAMPLE, STALL), "");
        assert_eq!(run.status, Some(0), "{words}: {}", run.talk);
        let written: Vec<&str> = run.out.lines().map(str::trim_end).collect();
        match expected.strip_suffix("[...]\n") {
            None => assert_eq!(written, expected.lines().collect::<Vec<_>>(), "{words}"),
            Some(beginning) => {
                let lines: Vec<&str> = beginning.lines().collect();
                assert_eq!(written[..lines.len()], lines, "{words}");
            }
        }
        count += 1;
    }
    assert!(count >= 3, "{count} examples were found");
}
