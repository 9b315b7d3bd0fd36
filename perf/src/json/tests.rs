use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::*;
use crate::events::{Accounts, Events, Filter, Note, Open, Part, Source};
use crate::iteration::Iteration;
use crate::played::{HERTZ, Played};
use crate::recorder::Upcall;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::time::{Timebase, Utc};

const BASE: Timebase = Timebase {
    utc: Some(Utc { count: 0, nanos: 1_795_478_400_000_000_000, error: 500_000_000, drift: 0 }),
    ..Timebase::new(HERTZ, 0)
};

/// A PMD with two suspicious iterations in one event, and a control core.
struct Desk {
    pmd: Played,
    settings: Settings,
    events: Events<'static>,
    open: Option<Open>,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        let mut pmd = Played::new();
        pmd.recorder.set_limits(settings.limits(HERTZ, 0));
        let (parts, rows) = (vec![Part::default(); 64], vec![Iteration::default(); 4000]);
        let events = Events::new(parts.leak(), rows.leak()).unwrap();
        Self { pmd, settings, events, open: None }
    }

    /// Has 22 iterations of which the 11th and the 13th are suspicious.
    fn run(&mut self) {
        self.pmd.idle(10);
        self.pmd.recorder.burst(3, 32, 200);
        self.pmd.recorder.upcall(Upcall::Lost, &self.pmd.clock);
        self.pmd.stall(400);
        self.pmd.idle(1);
        self.pmd.run(300);
        self.pmd.idle(9);
        let Self { pmd, settings, events, open } = self;
        events.collect(&Source { core: 1, metrics: pmd.metrics, settings: *settings }, open);
    }

    fn accounts(&self) -> Accounts {
        Accounts::of(self.pmd.metrics, self.open.as_ref())
    }

    fn perf_show(&self, wanted: Wanted) -> Value {
        let metrics = self.pmd.metrics;
        let mut counted = Box::new(Snapshot::ZERO);
        metrics.copy_to(&mut counted, 1_000_000);
        let rows = (1..=metrics.ended()).rev().filter_map(|it| metrics.history().iteration(it));
        let rows: Vec<_> = if wanted.iterations { rows.collect() } else { Vec::new() };
        let figures = Figures {
            core: 1,
            node: 0,
            settings: &self.settings,
            counted: &counted,
            now: 1_000_000,
            base: &BASE,
            rows: &rows,
            missing: 7,
            accounts: self.accounts(),
        };
        let mut document = PerfShow::new(wanted);
        let millisecond = |number| (metrics.milliseconds().get(number), Some(9));
        whole(|out| document.step(&figures, millisecond, out))
    }

    fn show_event(&self, number: u64) -> Value {
        let mut document = ShowEvent::new(self.events.find(number).unwrap());
        whole(|out| document.step(&self.events, &BASE, out))
    }

    fn show_events(&self, filter: Filter) -> Value {
        let mut document = ShowEvents::new(self.accounts(), filter);
        whole(|out| document.step(&self.events, &BASE, out))
    }

    fn log_show(&self) -> Value {
        let document = LogShow { core: 1, node: 0, settings: &self.settings, auto: 77 };
        let mut is_open = true;
        whole(|out| {
            document.write(&"pmd-perf-log-b=7", out)?;
            Ok(core::mem::take(&mut is_open))
        })
    }
}

const ALL: Wanted = Wanted { histograms: true, iterations: true, milliseconds: Some((3, 2)) };
const LEAST: Wanted = Wanted { histograms: false, iterations: false, milliseconds: None };

/// The document that `step` writes, in steps that are not too long.
fn whole(mut step: impl FnMut(&mut String) -> Result<bool, fmt::Error>) -> Value {
    let mut text = String::new();
    loop {
        let before = text.len();
        let more = step(&mut text).unwrap();
        assert!(text.len() - before <= STEP);
        if !more {
            break;
        }
    }
    let line = text.lines().next().unwrap();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn desk() -> Desk {
    let mut desk = Desk::new(Settings { extend: true, ..Settings::DEFAULT });
    desk.run();
    desk
}

#[test]
fn a_pmd_tells_what_it_counted() {
    let shown = desk().perf_show(ALL);
    assert_eq!(shown["schema"], "barecore.pmd-perf-show");
    assert_eq!((&shown["core_id"], &shown["iterations"]), (&1.into(), &22.into()));
    assert_eq!(shown["counters"]["rx_packets"], 32);
    assert_eq!(shown["counters"]["lost_upcall_passes"], 1);
    assert_eq!(shown["until"]["utc"], "2026-11-24T00:00:01.000000000Z");
    assert_eq!(shown["until"]["tsc"], "1000000", "as a string, because it may be large");
    let cycles = &shown["histograms"]["iteration_cycles_tsc"];
    assert_eq!((&cycles["samples"], &cycles["min"]), (&22.into(), &10.into()));
    assert_eq!(cycles["bins"].as_array().unwrap().len(), 32);
    assert_eq!(shown["accounts"]["dumped"], 2);
}

#[test]
fn rows_stand_newest_first_and_empty_milliseconds_among_them() {
    let shown = desk().perf_show(ALL);
    let rows = shown["iteration_rows"].as_array().unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row["iteration"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=22).rev().collect::<Vec<_>>());
    let row = &rows[11];
    assert_eq!((&row["rx_fill_max_packets"], &row["deepest_queue"]), (&232.into(), &3.into()));
    assert_eq!(row["flags"], serde_json::json!(["injected", "lost-upcall"]));
    let rooms: u64 = row["rooms"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(row["cycles_tsc"], rooms);
    let milliseconds = shown["millisecond_rows"].as_array().unwrap();
    let starts: Vec<_> = milliseconds.iter().map(|row| &row["start_boot_ms"]).collect();
    assert_eq!(starts, [1, 0, 0], "none before boot");
    assert!(milliseconds.iter().all(|row| row["iterations"] == 0), "none is complete");
    assert_eq!(milliseconds[0]["nic_lost_packets"], 9);
}

#[test]
fn what_was_not_asked_for_is_not_there() {
    let shown = desk().perf_show(LEAST);
    for key in ["histograms", "iteration_rows", "missing_iteration_rows", "millisecond_rows"] {
        assert_eq!(shown.get(key), None, "{key}");
    }
}

#[test]
fn what_was_not_recorded_is_null() {
    let mut desk = Desk::new(Settings { metrics: false, ..Settings::DEFAULT });
    desk.run();
    let shown = desk.perf_show(ALL);
    for key in ["histograms", "iteration_rows", "millisecond_rows"] {
        assert!(shown[key].is_null(), "{key}");
    }
    assert_eq!(shown["counters"]["unrecorded_iterations"], 22);
}

#[test]
fn an_event_tells_its_suspects_and_the_rows_around_them() {
    let shown = desk().show_event(1);
    let suspects = shown["suspects"].as_array().unwrap();
    let reasons: Vec<_> = suspects.iter().map(|it| it["record"]["reasons"].clone()).collect();
    assert_eq!(reasons[0], serde_json::json!(["duration", "fill", "lost-upcall"]));
    assert_eq!(reasons[1], serde_json::json!(["duration", "stolen"]));
    assert!(suspects[0]["since_last_look"]["smis"].is_null(), "this machine has no such register");
    assert_eq!(shown["iteration_rows"].as_array().unwrap().len(), 5 + 3 + 5);
    assert_eq!((&shown["missing_iterations"], &shown["is_truncated"]), (&0.into(), &false.into()));
}

#[test]
fn rooms_that_were_not_timed_are_null() {
    let mut desk = Desk::new(Settings { rooms: false, ..Settings::DEFAULT });
    desk.run();
    let shown = desk.show_event(1);
    for row in [&shown["iteration_rows"][0]["rooms"], &shown["suspects"][0]["record"]["rooms"]] {
        assert!(row["rx_cycles_tsc"].is_null() && row["upcall_cycles_tsc"].is_number(), "{row}");
    }
}

#[test]
fn an_event_that_makes_room_while_it_is_written_ends_early() {
    let mut desk = Desk::new(Settings::DEFAULT);
    desk.run();
    let mut document = ShowEvent::new(desk.events.find(1).unwrap());
    let mut step = 0;
    let shown = whole(|out| {
        step += 1;
        while step == 9 && desk.events.find(1).is_some() {
            desk.events.note(Note::new(), 0);
        }
        document.step(&desk.events, &BASE, out)
    });
    assert_eq!(shown["is_truncated"], true);
}

#[test]
fn events_are_listed_with_notes_among_them() {
    let mut desk = desk();
    desk.events.note(Note::try_from("say \"hi\"").unwrap(), 700);
    let shown = desk.show_events(Filter::default());
    let [event, note] = &shown["events"].as_array().unwrap()[..] else { panic!("{shown}") };
    assert_eq!((&event["suspects"], &event["iteration_rows"]), (&2.into(), &13.into()));
    assert_eq!((&note["note"], &note["start"]["boot_ns"]), (&"say \"hi\"".into(), &700_000.into()));
    assert!(note["core_id"].is_null());
    assert_eq!((&shown["kept_events"], &shown["accounts"]["triggers"]), (&2.into(), &2.into()));
    assert_eq!(desk.show_event(2)["note"], "say \"hi\"");
    let none = Filter { core: Some(9), ..Filter::default() };
    assert_eq!(desk.show_events(none)["events"], serde_json::json!([]));
}

#[test]
fn settings_name_their_units() {
    let shown = desk().log_show();
    let settings = shown["settings"].as_array().unwrap();
    let of = |key: &str| settings.iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!(of("pmd-perf-log-us")["value_us"], 250);
    assert_eq!(of("pmd-perf-log-b")["value_iterations"], 5);
    assert_eq!(of("pmd-perf-log")["value"], true);
    assert_eq!(of("pmd-perf-log-r")["value"].as_array().unwrap().len(), crate::Reasons::COUNT);
    assert_eq!(shown["boot_options"], "pmd-perf-log-b=7");
}

/// Adds the keys of all objects in `value`, but those that are names of reasons.
fn keys(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            all.insert(key.clone());
            if key != "suppressed_by_reason" {
                keys(value, all);
            }
        }),
        Value::Array(elements) => elements.iter().for_each(|value| keys(value, all)),
        _ => {}
    }
}

#[test]
fn every_key_is_documented() {
    let documentation = include_str!("../../../docs/json.md");
    let mut desk = desk();
    desk.events.note(Note::new(), 0);
    let mut all = BTreeSet::new();
    for document in [
        desk.perf_show(ALL),
        desk.show_event(1),
        desk.show_event(2),
        desk.show_events(Filter::default()),
        desk.log_show(),
    ] {
        keys(&document, &mut all);
    }
    let missing: Vec<_> =
        all.iter().filter(|key| !documentation.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/json.md says nothing of {missing:?}");
}
