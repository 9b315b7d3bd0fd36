//! What Chrome's trace event format asks of a trace (its document "Trace Event Format"), as far as ours uses
//! it, and what its readers need to show slices: those of one track lie in each other or apart.

use std::collections::BTreeMap;

use serde_json::Value;

/// A slice: where it begins and ends, in microseconds.
type Slice = (f64, f64);

/// What is wrong with `text`; nothing if it is a trace.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let Ok(trace) = serde_json::from_str::<Value>(text) else { return vec!["no JSON".into()] };
    let Some(events) = trace["traceEvents"].as_array() else { return vec!["no events".into()] };
    let mut faults: Vec<String> = Vec::new();
    if !matches!(trace["displayTimeUnit"].as_str(), Some("ns" | "ms")) {
        faults.push("no unit".into());
    }
    let wrong = events.iter().filter_map(|event| Some(format!("{}: {event}", fault(event)?)));
    faults.extend(wrong);
    let mut tracks = BTreeMap::<(u64, u64), Vec<Slice>>::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let key = (event["pid"].as_u64().unwrap_or(0), event["tid"].as_u64().unwrap_or(0));
        let number = |name: &str| event[name].as_f64().unwrap_or(0.0);
        let slice = (number("ts"), number("ts") + number("dur"));
        tracks.entry(key).or_default().push(slice);
    }
    faults.extend(tracks.into_iter().filter_map(|(track, slices)| crossing(track, slices)));
    faults
}

/// What `event` lacks of what its phase requires.
fn fault(event: &Value) -> Option<&'static str> {
    let is_time =
        |name: &str| event[name].as_f64().is_some_and(|time| time.is_finite() && time >= 0.0);
    let args = event["args"].as_object();
    let is_all = |judge: fn(&Value) -> bool| args.is_some_and(|args| args.values().all(judge));
    let rules: [(bool, &str); 4] = match event["ph"].as_str() {
        Some("M") => {
            let is_known = matches!(event["name"].as_str(), Some("process_name" | "thread_name"));
            [
                (is_known, "another name"),
                (event["args"]["name"].is_string(), "no args.name"),
                (true, ""),
                (true, ""),
            ]
        }
        Some("X") => [
            (is_time("ts"), "no ts"),
            (is_time("dur"), "no dur"),
            (event["tid"].is_u64(), "no tid"),
            (args.is_some(), "no args"),
        ],
        Some("C") => [
            (is_time("ts"), "no ts"),
            (is_all(Value::is_number), "args are no numbers"),
            (true, ""),
            (true, ""),
        ],
        Some("i") => {
            let is_scope = matches!(event["s"].as_str(), Some("g" | "p" | "t"));
            [
                (is_time("ts"), "no ts"),
                (is_scope, "no scope"),
                (event["tid"].is_u64(), "no tid"),
                (true, ""),
            ]
        }
        _ => [(false, "another phase"); 4],
    };
    let all = rules
        .into_iter()
        .chain([(event["pid"].is_u64(), "no pid"), (event["name"].is_string(), "no name")]);
    all.into_iter().find(|(is_so, _)| !is_so).map(|(_, fault)| fault)
}

/// Two slices of which one begins in the other and ends behind it.
fn crossing(track: (u64, u64), mut slices: Vec<Slice>) -> Option<String> {
    // Of two that begin together the longer is around the other.
    slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut around: Vec<Slice> = Vec::new();
    for slice in slices {
        around.retain(|outer| outer.1 - error(outer.1) > slice.0);
        let crossed = around.last().filter(|outer| slice.1 > outer.1 + error(outer.1));
        if let Some(outer) = crossed {
            return Some(format!("slices of {track:?} cross: {outer:?} and {slice:?}"));
        }
        around.push(slice);
    }
    None
}

/// By how much a sum of two floating-point numbers of this size may be wrong, in ours: a quarter of a nanosecond
/// for a hundred days.
fn error(micros: f64) -> f64 {
    (micros * f64::EPSILON * 2.0).max(0.000_25)
}

#[test]
fn what_is_no_trace_is_found() {
    let trace = |events: &str| format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[{events}]}}");
    let slice = |ts: u32, dur: u32| {
        format!(
            "{{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":2,\"ts\":{ts},\"dur\":{dur},\"args\":{{}}}}"
        )
    };
    let list = |slices: &[(u32, u32)]| {
        trace(&slices.iter().map(|(ts, dur)| slice(*ts, *dur)).collect::<Vec<_>>().join(","))
    };
    assert_eq!(faults(&list(&[(5, 10), (5, 3), (8, 7), (15, 1), (0, 5)])), [""; 0]);
    assert_eq!(faults(&list(&[(5, 10), (8, 8)])).len(), 1);
    assert_eq!(faults(&list(&[(5, 10), (5, 3), (7, 2)])).len(), 1);
    assert_eq!(
        faults(&trace("{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"tid\":2,\"ts\":1}")).len(),
        1
    );
    assert_eq!(
        faults(&trace("{\"ph\":\"C\",\"name\":\"a\",\"pid\":1,\"ts\":1,\"args\":{\"b\":\"1\"}}"))
            .len(),
        1
    );
    assert_eq!(faults("{}"), ["no events"]);
}
