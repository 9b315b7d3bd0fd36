//! `pmdstat export`, from its words to its output. What a recording of version 1 gives is in `golden`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::played::Machine;
use tool::{pmdstat, recording};

fn exported(options: &str) -> String {
    let run = pmdstat(&format!("export - {options}"), recording());
    assert_eq!((run.status, &*run.talk), (Some(0), ""));
    run.out
}

#[test]
fn records_are_written_as_json_lines_byte_for_byte() {
    assert_eq!(exported("--format jsonl"), include_str!("golden/export.jsonl"));
}

#[test]
fn a_trace_is_written_byte_for_byte() {
    assert_eq!(exported("--format chrome"), include_str!("golden/export.json"));
}

#[test]
fn milliseconds_are_written_as_csv_byte_for_byte() {
    let table = exported("--format csv --table milliseconds");
    assert_eq!(table, include_str!("golden/milliseconds.csv"));
}

#[test]
fn every_sample_of_prometheus_belongs_to_a_metric_that_was_announced() {
    let mut machine = Machine::new("box", 1000);
    let bytes = [machine.greeting(), machine.second(), machine.second()].concat();
    let text = pmdstat("export - --format prometheus --host lab", bytes).out;
    let announced: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        let (name, labels) = sample.split_once('{').unwrap();
        assert!(announced.iter().any(|metric| name.starts_with(metric)), "{sample}");
        assert!(labels.contains("host=\"lab\""), "{sample}");
        assert!(sample.rsplit(' ').next().unwrap().parse::<u64>().is_ok(), "{sample}");
    }
    assert!(announced.len() > 40, "{announced:?}");
}

#[test]
fn what_holds_no_frame_is_an_error() {
    let run = pmdstat("export - --format chrome", "BMC: fan 3 slow\n");
    assert_eq!((run.status, &*run.out), (Some(1), ""));
}
