use perf::stream::Table as Of;
use perf::stream::{Heading, Kind, Row, Suspect};
use perf::{Iteration, Reasons};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::recording::made::{amounts, draft, greeting, line, names, note};

/// A suspicious iteration of `cycles`, of which `upcall` were spent in upcalls.
fn suspect(start: u64, cycles: u64, upcall: u64) -> Suspect {
    let mut heading = Heading { event: 1, number: 8, end: start };
    let mut row = Row::of(&Iteration::default(), &heading);
    (row.skipped, row.apart, row.cycles, row.upcall_cycles) = (0, 0, cycles, upcall);
    let mut iteration = row.iteration(&mut heading);
    iteration.reasons = Reasons::DURATION;
    let readings = perf::stolen::Readings::default();
    Suspect { event: 1, core: 1, iteration, has_rooms: true, readings, loss: None }
}

fn recorded(suspect: &Suspect) -> Recording {
    let drafts = [
        greeting(0, 1),
        draft(Kind::Suspect, suspect),
        note(2),
        names(Of::Counters, &["phwol_hits", "a \"name\""]),
        names(Of::Ledger, &["received", "forwarded", "parked"]),
        amounts((Of::Counters, 1), u64::MAX - 7, &[3, 1 << 60]),
        amounts((Of::Ledger, 1), 900, &[5, 4, 0, 0, 0, 1]),
        amounts((Of::Histogram(0), 1), 900, &[0, 7]),
    ];
    Recording::read(&*line(0, &drafts)).unwrap()
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

fn documents(recording: &Recording) -> Vec<Value> {
    let text = text(|out| tables::json_lines(recording, out).unwrap());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn trace(recording: &Recording) -> Vec<Value> {
    let text = text(|out| chrome::write(recording, out).unwrap());
    let trace: Value = serde_json::from_str(&text).unwrap();
    trace["traceEvents"].as_array().unwrap().clone()
}

#[test]
fn numbers_that_floating_point_would_change_are_strings() {
    let documents = documents(&recorded(&suspect(1 << 60, 300, 100)));
    let find = |name: &str| documents.iter().find(|it| it["name"] == name).unwrap().clone();
    assert_eq!(find("phwol_hits")["count"], 3);
    assert_eq!(find("a \"name\"")["count"], (1_u64 << 60).to_string());
    assert_eq!(documents[0]["start_tsc"], (1_u64 << 60).to_string());
    assert_eq!(
        (&documents[0]["cycles_tsc"], &documents[0]["reasons"]),
        (&300.into(), &"duration".into())
    );
    assert_eq!(documents[1]["note"], "noted");
}

#[test]
fn a_table_has_a_line_of_titles_and_one_for_each_record() {
    let recording = recorded(&suspect(0, 300, 100));
    let table = |table| text(|out| tables::csv(&recording, table, out).unwrap());
    assert_eq!(
        table(Table::Counters),
        "start,table,core_id,port,at_tsc,at_boot_ns,name,count\n\
         1,counters,1,,18446744073709551608,18446744073709551615,phwol_hits,3\n\
         1,counters,1,,18446744073709551608,18446744073709551615,\"a \"\"name\"\"\",1152921504606846976\n\
         1,ledger,1,0,900,900000,received,5\n\
         1,ledger,1,0,900,900000,forwarded,4\n"
    );
    assert_eq!(table(Table::Events).lines().count(), 3);
    assert_eq!(table(Table::Milliseconds), "");
}

#[test]
fn buckets_are_cumulative_and_end_at_the_walls_of_open_vswitch() {
    let recording = recorded(&suspect(0, 300, 100));
    let written = text(|out| prometheus::write(&recording.boots[0], "a\"b", out).unwrap());
    for line in [
        "# TYPE barecore_iteration_cycles_tsc histogram",
        "barecore_iteration_cycles_tsc_bucket{host=\"a\\\"b\",core=\"1\",le=\"499\"} 7",
        "barecore_iteration_cycles_tsc_bucket{host=\"a\\\"b\",core=\"1\",le=\"24000000\"} 7",
        "barecore_iteration_cycles_tsc_bucket{host=\"a\\\"b\",core=\"1\",le=\"+Inf\"} 7",
        "barecore_iteration_cycles_tsc_count{host=\"a\\\"b\",core=\"1\"} 7",
        "barecore_phwol_hits_total{host=\"a\\\"b\",core=\"1\"} 3",
        "barecore_port_forwarded_packets_total{host=\"a\\\"b\",core=\"1\",port=\"0\"} 4",
        "barecore_parked_packets{host=\"a\\\"b\",core=\"1\"} 1",
    ] {
        assert!(written.lines().any(|own| own == line), "{line} is not in\n{written}");
    }
}

#[test]
fn the_trace_of_a_machine_is_one_that_readers_know() {
    let recording = Recording::read(&include_bytes!("../../tests/golden/run.pmd")[..]).unwrap();
    let text = text(|out| chrome::write(&recording, out).unwrap());
    assert_eq!(schema::faults(&text), [""; 0]);
    assert!(text.matches("\"name\":\"iteration\"").count() > 1000);
}

#[test]
fn iterations_that_cross_end_where_the_next_begins() {
    let drafts = [greeting(0, 1), draft(Kind::Suspect, &suspect(100, 300, 299))];
    let other = Suspect { event: 2, core: 1, ..suspect(250, 90, 7) };
    let mut other = other;
    other.iteration.number += 1;
    let recording =
        Recording::read(&*line(0, &[drafts, [draft(Kind::Suspect, &other), note(3)]].concat()));
    let text = text(|out| chrome::write(&recording.unwrap(), out).unwrap());
    assert_eq!(schema::faults(&text), [""; 0]);
    assert!(text.contains("\"dur\":150.0,\"name\":\"iteration\""), "{text}");
}

proptest! {
    #[test]
    fn rooms_lie_in_their_iteration_and_fill_it(
        start in 0..1_u64 << 40,
        (cycles, upcall) in (1..1_u64 << 32).prop_flat_map(|cycles| (Just(cycles), 0..=cycles)),
    ) {
        let nanos = |value: &Value| (value.as_f64().unwrap() * 1000.0).round();
        let events = trace(&recorded(&suspect(start, cycles, upcall)));
        let slices: Vec<(f64, f64)> = events
            .iter()
            .filter(|event| event["ph"] == "X")
            .map(|event| (nanos(&event["ts"]), nanos(&event["dur"])))
            .collect();
        let (first, whole) = slices[0];
        let mut next = first;
        for (start, length) in &slices[1..] {
            prop_assert_eq!(*start, next);
            next = start + length;
        }
        prop_assert_eq!(next, first + whole);
    }

    #[test]
    fn whatever_a_file_holds_is_exported_as_json(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,40}") {
        let mut all = line(0, &[greeting(0, 1), note(1)]);
        all.extend(bytes);
        let noted = perf::stream::Note { event: 3, at: u64::MAX, text: &text };
        all.extend(line(9, &[draft(Kind::Note, &noted)]));
        let recording = Recording::read(&*all).unwrap();
        let written: Vec<Value> = documents(&recording);
        prop_assert!(written.iter().all(|it| it["schema_version"] == 1));
        prop_assert!(trace(&recording).iter().any(|event| event["ph"] == "i"));
    }
}
