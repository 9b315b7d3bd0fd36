//! `pmdstat show`, from its words to what it prints.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::{pmdstat, recording};

#[test]
fn a_crash_report_is_printed_as_the_console_had_it() {
    let run = pmdstat("show -", recording());
    assert_eq!((run.status, &*run.talk), (Some(0), ""));
    assert!(run.out.contains("\nit crashed:\npanic at here\n"), "{}", run.out);
}
