//! `pmdstat replay`, from its words to its status.
//!
//! What the example gives is in `golden`. Where that changes on purpose, write it anew with the
//! options of the two tests, and look at the difference.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::Value;
use tool::{Run, STALL, STALL_HERTZ, events, pmdstat, replay, trace};

fn stall(options: &str) -> Run {
    let run = pmdstat(&format!("replay {STALL} --hertz {STALL_HERTZ} {options}"), "");
    assert_eq!(run.status, Some(0), "{}", run.talk);
    run
}

fn json(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_example_is_written_as_text_byte_for_byte() {
    let run = stall("--full --show --clear-at 87153760");
    assert_eq!(run.out, include_str!("golden/stall.txt"));
    assert_eq!(run.talk, "");
}

#[test]
fn the_example_is_written_as_json_byte_for_byte() {
    let run = stall("--format json --show -e");
    assert_eq!(run.out, include_str!("golden/stall.jsonl"));
    assert_eq!(run.talk, "");
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let text = std::fs::read_to_string(STALL).unwrap();
    let options = format!("--hertz {STALL_HERTZ}");
    assert_eq!(replay(&options, &text), stall(""));
}

/// The documents of `lines` whose schema ends in `name`.
fn documents<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    let schema = format!("barecore.{name}");
    lines.iter().filter(|line| line["schema"] == schema.as_str()).collect()
}

#[test]
fn every_line_of_json_names_its_schema_and_its_version() {
    let lines = json(&stall("--format json --show").out);
    assert!(lines.iter().all(|line| line["schema_version"] == 1));
    let mut schemas: Vec<&str> =
        lines.iter().map(|line| line["schema"].as_str().unwrap()).collect();
    schemas.dedup();
    let expected =
        ["replay", "pmd-perf-log-show", "show-event", "replay-accounts", "pmd-perf-show"];
    assert_eq!(schemas, expected.map(|name| format!("barecore.{name}")));
}

#[test]
fn text_and_json_tell_of_the_same_iterations() {
    let number = |record: &Value| record["iteration"].as_u64().unwrap();
    let list = |list: &Value| list.as_array().unwrap().clone();
    let in_json: Vec<_> = documents(&json(&stall("--format json -e").out), "show-event")
        .into_iter()
        .map(|event| {
            let suspects =
                list(&event["suspects"]).iter().map(|it| number(&it["record"])).collect();
            let rows = list(&event["iteration_rows"]).iter().map(number).collect();
            (suspects, rows)
        })
        .collect();
    let in_text = events(&stall("-e").out);
    let in_text: Vec<(Vec<u64>, Vec<u64>)> =
        in_text.into_iter().map(|event| (event.suspects, event.rows)).collect();
    assert_eq!(in_json, in_text);
}

#[test]
fn the_rooms_of_every_row_add_up() {
    let lines = json(&stall("--format json").out);
    let events = documents(&lines, "show-event");
    let rows = events.iter().filter_map(|event| event["iteration_rows"].as_array()).flatten();
    let mut count = 0;
    for row in rows {
        let rooms = row["rooms"].as_object().unwrap().values();
        let sum: u64 = rooms.map(|cycles| cycles.as_u64().unwrap()).sum();
        assert_eq!(Some(sum), row["cycles_tsc"].as_u64(), "{row}");
        count += 1;
    }
    assert!(count > 50);
}

#[test]
fn counts_of_the_clock_beyond_floating_point_are_kept_exactly_in_json() {
    let run =
        replay("-f json -b 0 -a 0", "iteration,cycles,start_tsc\n1,300000,9007199254740993\n");
    let event = documents(&json(&run.out), "show-event")[0].clone();
    assert_eq!(event["iteration_rows"][0]["start"]["tsc"], "9007199254740993");
    assert_eq!(event["iteration_rows"][0]["start"]["boot_ns"], 0);
    assert!(event["iteration_rows"][0]["rooms"]["rx_cycles_tsc"].is_null(), "no rooms are told");
}

#[test]
fn a_setting_is_the_same_by_its_key_and_by_its_letters() {
    let options = "-us 1000 -q 100 -b 1 -a 2 -e -r duration+fill";
    let keys = "--set pmd-perf-log-us=1000 --set pmd-perf-log-q=100 --set pmd-perf-log-b=1 \
                --set pmd-perf-log-a=2 --set pmd-perf-log-e=true \
                --set pmd-perf-log-r=duration+fill";
    assert_eq!(stall(options), stall(keys));
    assert_ne!(stall(options), stall(""));
}

#[test]
fn with_supervision_off_nothing_is_suspicious() {
    let nothing = "triggers=0 dumped=0 suppressed=0 pending=0\n";
    assert_eq!(stall("off").out, nothing);
    assert_eq!(stall("--set pmd-perf-metrics=off").out, nothing);
}

#[test]
fn an_iteration_of_the_limit_is_not_suspicious_and_a_longer_one_is() {
    let count = |cycles: u64| {
        let trace = format!("iteration,cycles\n1,{cycles}\n");
        replay("-us 10 -a 0 --hertz 3000000", &trace)
            .out
            .lines()
            .filter(|line| line.starts_with("Sus"))
            .count()
    };
    assert_eq!((count(30), count(31)), (0, 1));
}

#[test]
fn every_reason_can_come_from_a_trace() {
    for (columns, cells, reason) in [
        ("packets", "1", "duration"),
        ("packets,fill", "1,128", "fill"),
        ("fill", "128", "fill"),
        ("rx_drops", "1", "nic-loss"),
        ("packets,tx_drops", "1,1", "tx-full"),
        ("flags", "pool-low", "pool-low"),
        ("upcalls,lost_upcalls", "1,1", "lost-upcall"),
        ("upcalls", "64", "upcall-storm"),
        ("packets", "1", "per-packet"),
        ("sleep_cycles,sleep_asked_cycles", "500001,250000", "oversleep"),
        ("flags", "machine-check", "stolen"),
    ] {
        let cycles = if reason == "duration" { 250_001 } else { 1001 };
        let trace = format!("iteration,cycles,{columns}\n1,{cycles},{cells}\n");
        let run = replay(&format!("-f json -a 0 -cpp 1000 -r {reason}"), &trace);
        let lines = json(&run.out);
        let suspect = &documents(&lines, "show-event")[0]["suspects"][0]["record"];
        assert_eq!(suspect["reasons"], serde_json::json!([reason]), "{}", run.out);
    }
}

#[test]
fn a_trace_without_rooms_has_no_gaps() {
    let plain = replay("-a 0", "iteration,cycles\n1,300000\n").out;
    assert!(plain.starts_with("Suspicious iteration (excessive total cycles): "), "{plain}");
    let rooms = replay("-a 0", "iteration,cycles,tx_cycles\n1,300000,0\n").out;
    assert!(rooms.starts_with("Suspicious iteration (excessive total cycles, stolen time): "));
}

#[test]
fn iterations_that_were_not_recorded_are_counted_and_not_invented() {
    let run = replay("--show", "iteration,cycles\n8,1000\n10,300000\n11,1000\n16,1000\n");
    assert_eq!(events(&run.out)[0].rows, [11, 10, 8]);
    assert!(run.out.contains("\n(8 iterations of it were not recorded)\n"), "{}", run.out);
    assert!(run.out.contains("\n  Iterations:                    4  "), "{}", run.out);
}

#[test]
fn frames_that_the_nic_lost_wait_for_the_window_or_the_end_of_the_trace() {
    let text =
        trace(&[], 110).replace("cycles\n", "cycles,rx_drops\n").replace("1000\n", "1000,0\n");
    let text = text.replace("\n50,1000,0", "\n50,1000,7").replace("\n108,1000,0", "\n108,1000,9");
    let run = replay("--full", &text);
    let shown = events(&run.out);
    assert_eq!((shown[0].rows.len(), shown[1].rows[0]), (11, 110));
    assert!(run.out.contains("  the NIC lost 7 frames between boot_ns=49000 and boot_ns=50000\n"));
    assert!(run.out.ends_with("triggers=2 dumped=2 suppressed=0 pending=0\n"));
}

#[test]
fn a_clear_changes_what_was_counted_and_not_what_is_reported() {
    let text = trace(&[100], 200);
    let (whole, cleared) = (replay("--show", &text), replay("--clear-at 151", &text));
    assert!(whole.out.contains("\n  Iterations:                  200  "));
    assert!(cleared.out.contains("\n  Iterations:                   50  "));
    assert_eq!(events(&whole.out), events(&cleared.out));
    let late = replay("--clear-at 201", &text);
    assert!(late.talk.starts_with("note: the trace ends before iteration 201"), "{}", late.talk);
}

#[test]
fn a_clear_comes_before_the_first_iteration_that_was_recorded() {
    let text = "iteration,cycles\n1,1000\n20,1000\n30,1000\n";
    assert!(replay("--clear-at 10", text).out.contains("\n  Iterations:                    2  "));
}

#[test]
fn a_trace_without_iterations_reports_nothing() {
    let run = replay("--show -e", "iteration,cycles\n");
    assert!(run.out.starts_with("triggers=0 dumped=0 suppressed=0 pending=0\n"));
}

#[test]
fn wrong_input_ends_with_status_1_and_one_line() {
    for (text, error) in [
        ("", "error: standard input: line 1: expected a column iteration, found none\n"),
        (
            "iteration,cycles\n1,2\n2,-3\n",
            "error: standard input: line 3, column 2 (cycles): expected a whole number from 0 to \
             9007199254740991, found \"-3\"\n",
        ),
    ] {
        let run = pmdstat("replay -", text);
        assert_eq!((run.status, run.talk.as_str()), (Some(1), error));
    }
    let run = pmdstat("replay no/such/file", "");
    assert_eq!(run.status, Some(1));
    assert!(run.talk.starts_with("error: no/such/file: "), "{}", run.talk);
}

#[test]
fn what_was_complete_before_an_error_is_written() {
    let run = pmdstat("replay - -a 0 -b 0", "iteration,cycles\n1,300000\n2,x\n");
    assert_eq!(run.status, Some(1));
    assert_eq!(events(&run.out)[0].rows, [1]);
    assert!(!run.out.contains("triggers="));
}

#[test]
fn a_wrong_call_ends_with_status_2_and_says_what_was_expected() {
    for (words, expected) in [
        ("replay", "<TRACE>"),
        ("replay - -us ten", "expected 0 to 4294967295, or auto"),
        ("replay - -us auto", "expected microseconds"),
        ("replay - -us", "expected 0 to 4294967295, or auto"),
        ("replay - --set smoke=1", "expected one of: pmd-perf-metrics"),
        ("replay - -r smoke", "all, none, or any of these"),
        ("replay - --hertz 0", "1000000"),
        ("replay - --clear-at 0", "1.."),
        ("smoke", "unrecognized subcommand"),
    ] {
        let run = pmdstat(words, "");
        assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{words}");
        assert!(run.talk.contains(expected), "{words}: {}", run.talk);
    }
}

#[test]
fn the_help_names_every_setting_and_every_column() {
    let run = pmdstat("replay --help", "");
    assert_eq!(run.status, Some(0));
    for word in ["pmd-perf-log-os", "-cpp VALUE", "sleep_asked_cycles", "upcall-storm"] {
        assert!(run.out.contains(word), "{word}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pmdstat"))
        .args(["replay", STALL, "--hertz", STALL_HERTZ, "-us", "0", "-f", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let status = Command::new(env!("CARGO_BIN_EXE_pmdstat"))
        .args(["replay", STALL])
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_recording_is_replayed_by_its_iterations_and_not_by_what_it_counted() {
    let run = pmdstat("replay - -r all", tool::recording());
    assert!(
        run.talk.starts_with("note: a recording holds the iterations around its events, 1 of them")
    );
    assert_eq!((run.status, events(&run.out).len()), (Some(0), 1), "{}", run.out);
    let run = pmdstat("replay - --show", tool::recording());
    assert_eq!((run.status, &*run.out), (Some(1), ""));
    assert!(run.talk.ends_with("pmdstat show tells what was counted\n"), "{}", run.talk);
    let run = pmdstat("replay - --core 77", tool::recording());
    assert!(run.talk.contains("it holds no iterations of core 77"), "{}", run.talk);
}
