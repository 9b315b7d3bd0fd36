//! `pmdstat show` of what Open vSwitch tells in text.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::pmdstat;

const REPORT: &str = include_str!("golden/ovs-perf-show.txt");
const LOG: &str = include_str!("golden/ovs-vswitchd.log");

/// Lines that are told again as they were; what is computed from shares is not among them.
fn is_exact(line: &str) -> bool {
    let is_computed = line.contains("us/it)") || line.starts_with("   6888 ");
    !is_computed && !line.starts_with("Time:")
}

#[test]
fn a_report_is_shown_as_it_was_told() {
    let run = pmdstat("show -", REPORT);
    assert_eq!((run.status, &*run.talk), (Some(0), ""));
    let shown: Vec<&str> = run.out.lines().map(str::trim_end).collect();
    for line in REPORT.lines().filter(|line| is_exact(line)) {
        assert!(shown.contains(&line.trim_end()), "{line} is not in\n{}", run.out);
    }
}

#[test]
fn an_event_of_a_log_is_shown_with_its_neighbourhood() {
    let run = pmdstat("show - --event 2", LOG);
    assert_eq!((run.status, &*run.talk), (Some(0), ""));
    assert_eq!(run.out, include_str!("golden/ovs-event.txt"));
}

#[test]
fn a_log_is_exported_and_checked_as_a_recording_is() {
    let run = pmdstat("export - --format csv --table rows", LOG);
    assert_eq!((run.status, run.out.lines().count()), (Some(0), 10));
    assert_eq!(pmdstat("check -", LOG).status, Some(0));
}
