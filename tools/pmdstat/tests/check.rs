//! `pmdstat check`, from its words to its status.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::{pmdstat, recording};

#[test]
fn what_holds_no_frame_cannot_be_judged() {
    let run = pmdstat("check -", "BMC: fan 3 slow\n");
    assert_eq!((run.status, &*run.out), (Some(3), ""));
    assert_eq!(
        run.talk,
        "error: - holds no frame of a stream and no text of pmd-perf-show or of a log\n"
    );
}

#[test]
fn a_file_that_is_not_there_cannot_be_judged() {
    let run = pmdstat("check no/such/file", "");
    assert_eq!(run.status, Some(3));
    assert!(run.talk.starts_with("error: cannot read no/such/file: "), "{}", run.talk);
}

#[test]
fn a_wrong_call_is_told_from_a_wrong_file() {
    assert_eq!(pmdstat("check", "").status, Some(2));
}

#[test]
fn a_recording_of_which_parts_are_missing_fails() {
    let run = pmdstat("check -", recording());
    assert_eq!((run.status, &*run.talk), (Some(1), ""));
    assert_eq!(run.out, include_str!("golden/check.txt"));
}

#[test]
fn a_byte_that_changed_is_a_damaged_frame() {
    let mut bytes = recording();
    let place = bytes.len() - 4;
    bytes[place] ^= 1;
    let run = pmdstat("check -", bytes);
    assert!(run.out.contains("\nfinding: 1 frames are damaged, expected 0\n"), "{}", run.out);
}
