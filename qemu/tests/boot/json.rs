//! Answers for programs: documents of JSON, one a line, that tell what the text tells.

use anyhow::{Context as _, Result, ensure};
use qemu::reading;
use serde_json::Value;

use crate::rig::{LIMIT, Rig, Session, starting};
use crate::sizes::{forwards, frame};

crate::facts![
    every_show_command_answers_in_json,
    json_and_text_tell_the_same_of_an_event,
    a_long_history_is_one_whole_document,
];

/// Documents of `answer`; anything else in it is an error.
fn documents(answer: &[String]) -> Result<Vec<Value>> {
    let parsed = |line: &String| {
        serde_json::from_str(line).with_context(|| format!("not a document: {line:?}"))
    };
    answer.iter().map(parsed).collect()
}

/// The one document that `line` is answered with.
fn document(session: &mut Session, line: &str) -> Result<Value> {
    let mut all = documents(&session.command(line)?)?;
    ensure!(all.len() == 1, "{} documents answer {line:?}", all.len());
    all.pop().context("no document")
}

fn every_show_command_answers_in_json(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        (60..70).try_for_each(|length| forwards(session, &frame(length, None)))?;
        for (line, schema) in [
            ("pmd-perf-show -it 20 -ms 20 -f json", "pmd-perf-show"),
            ("pmd-perf-show -nh --interval 1s -f json", "pmd-perf-show"),
            ("pmd-perf-log-show -f json", "pmd-perf-log-show"),
            ("pmd-rxq-show -f json", "pmd-rxq-show"),
            ("show ports -f json", "show-ports"),
            ("show drops -f json", "show-drops"),
            ("show ledger -f json", "show-ledger"),
            ("show events -f json", "show-events"),
        ] {
            let document = document(session, line)?;
            let expected = format!("barecore.{schema}");
            ensure!(document["schema"] == expected.as_str(), "{line}: {document}");
        }
        let ledger = document(session, "show ledger -f json")?;
        ensure!(ledger["total"]["forwarded_packets"] == 10, "{ledger}");
        ensure!(ledger["is_exact"] == true, "{ledger}");
        let ports = document(session, "show ports -f json")?;
        ensure!(ports["ports"][0]["rx_packets"] == 10, "{ports}");
        ensure!(ports["ports"][0]["rx_missed_packets"].is_null(), "virtio cannot tell: {ports}");
        Ok(())
    })
}

fn json_and_text_tell_the_same_of_an_event(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 250000")?;
        session.command("stall 1 300000")?;
        session.expect(" injected", LIMIT)?;
        session.command("pmd-perf-log-set -us 4294967295")?;
        let list = document(session, "show events -f json")?;
        let events = list["events"].as_array().context("no list")?;
        let is_injected = |event: &&Value| {
            event["flags"].as_array().is_some_and(|flags| flags.iter().any(|it| it == "injected"))
        };
        let event =
            events.iter().find(is_injected).with_context(|| format!("not listed: {list}"))?;
        let number = event["event"].as_u64().context("no number")?;
        let shown = document(session, &format!("show event {number} -f json"))?;
        let text = session.command(&format!("show event {number}"))?;
        let of = |row: &Value| Some((row["iteration"].as_u64()?, row["cycles_tsc"].as_u64()?));
        let rows = shown["iteration_rows"].as_array().context("no rows")?;
        let in_json: Option<Vec<_>> = rows.iter().map(of).collect();
        let rows = reading::iterations(&text);
        let in_text = rows.iter().map(|row| (row.number, row.cycles)).collect();
        ensure!(in_json == Some(in_text), "{shown} is not {text:#?}");
        let suspect = &shown["suspects"][0];
        ensure!(suspect["record"]["reasons"][0] == "duration", "{shown}");
        ensure!(suspect["record"]["start"]["utc"].is_string(), "{shown}");
        ensure!(suspect["since_last_look"]["smis"].is_null(), "TCG has no such register: {shown}");
        Ok(())
    })
}

fn a_long_history_is_one_whole_document(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        let shown = document(session, "pmd-perf-show -nh -it 4096 -f json")?;
        let rows = shown["iteration_rows"].as_array().context("no rows")?;
        let missing = shown["missing_iteration_rows"].as_u64().context("no count")?;
        ensure!(rows.len() as u64 + missing == 4096, "{} rows, {missing} missing", rows.len());
        for row in rows {
            let rooms = row["rooms"].as_object().context("no rooms")?.values();
            let sum: u64 = rooms.filter_map(Value::as_u64).sum();
            ensure!(row["cycles_tsc"] == sum, "rooms do not add up: {row}");
        }
        let list = session.command("show events")?;
        ensure!(starting(&list, "triggers=").len() == 1, "the console goes on: {list:#?}");
        Ok(())
    })
}
