//! Iterations that took too long, or met too full a queue, are noticed, kept, printed and counted.
//!
//! A busy host stops an emulated processor now and then, so natural events come whenever they
//! like. Supervision is therefore set to notice nothing until the moment of a test, and events are
//! told apart by what they say: only those that were caused say `injected`.

use anyhow::{Context as _, Result, ensure};
use qemu::reading::{self, Event, Iteration, number};

use crate::rig::{LIMIT, Rig, Session, starting};
use crate::sizes::{forwards, frame};
use crate::transcript;

/// What stands between the first lines of an event and its table, and above the table's columns.
const NEIGHBOURHOOD: &str = "Neighborhood of suspicious iteration:";
const TITLES: &str = "   iter  ";

/// Many more frames than a ring of 256 holds, and than a PMD takes until it does what it is told.
const MANY: usize = 3000;

crate::facts![
    a_stall_is_printed_with_five_iterations_before_and_five_after,
    a_stall_is_kept_and_shown_again_with_its_rooms,
    a_thousand_stalls_in_a_row_are_each_dumped_or_counted_as_suppressed,
    a_stall_under_traffic_fills_the_queue_and_has_both_reasons,
    a_full_queue_alone_is_suspicious,
    supervision_that_is_off_notices_nothing_and_can_be_switched_on,
    metrics_that_are_off_record_nothing_and_frames_are_counted_still,
];

/// An event as the console printed it.
pub(crate) struct Printed {
    pub(crate) lines: Vec<String>,
    pub(crate) event: Event,
    pub(crate) rows: Vec<Iteration>,
}

/// A line of `show events`.
struct Listed {
    event: u64,
    duration: u64,
    rows: u64,
    reasons: String,
}

/// Waits until the console has shown the next injected event with a table of `rows` iterations,
/// whatever else it shows.
pub(crate) fn expect_injected(session: &mut Session, rows: usize) -> Result<Printed> {
    let number = number(&session.expect(" injected", LIMIT)?, "event")?;
    let is_it = |found: &Printed| found.event.number == number && found.rows.len() >= rows;
    session
        .look_until(|shown| printed(shown).filter(is_it))
        .with_context(|| format!("no injected event with {rows} iterations"))
}

/// The last injected event in `lines`, as far as it is there.
fn printed(lines: &[String]) -> Option<Printed> {
    let is_injected = |line: &String| line.ends_with(" injected");
    let last = lines.iter().rposition(is_injected)?;
    let heads = lines[..last].iter().rev().take_while(|line| is_injected(line)).count();
    let table = last + 1 + [NEIGHBOURHOOD, TITLES].len();
    let is_row = |line: &&String| reading::iterations(std::slice::from_ref(*line)).len() == 1;
    let end = table + lines.iter().skip(table).take_while(is_row).count();
    let lines = lines.get(last - heads..end)?.to_vec();
    let is_whole = lines[heads + 1] == NEIGHBOURHOOD && lines[heads + 2].starts_with(TITLES);
    let event = reading::events(&lines[..1]).pop()?;
    is_whole.then(|| Printed { event, rows: reading::iterations(&lines), lines })
}

fn listed(lines: &[String]) -> Vec<Listed> {
    let listed = |line: &String| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [event, _core, _start, _iter, duration, rows, reasons @ ..] = words.as_slice() else {
            return None;
        };
        let (event, duration) = (event.parse().ok()?, duration.parse().ok()?);
        Some(Listed { event, duration, rows: rows.parse().ok()?, reasons: reasons.join(" ") })
    };
    lines.iter().filter_map(listed).collect()
}

/// Has exactly `before` iterations before the suspicious one, and `after` behind it.
pub(crate) fn expect_window(printed: &Printed, before: usize, after: usize) -> Result<()> {
    let Printed { lines, rows, .. } = printed;
    ensure!(rows.len() == before + 1 + after, "{} rows: {lines:#?}", rows.len());
    let newest = number(&lines[0], "iter")? + after as u64;
    let numbers = (0..rows.len() as u64).map(|age| newest - age);
    ensure!(rows.iter().map(|row| row.number).eq(numbers), "not newest first: {lines:#?}");
    let longest = rows.iter().map(|row| row.cycles).max();
    ensure!(longest == Some(rows[after].cycles), "not the longest: {lines:#?}");
    Ok(())
}

fn a_stall_is_printed_with_five_iterations_before_and_five_after(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 9000")?;
        session.command("stall 1 10000")?;
        let printed = expect_injected(session, 11)?;
        let head = &printed.lines[0];
        ensure!(head.starts_with("Suspicious iteration (excessive total cycles): "), "{head:?}");
        ensure!(number(head, "duration")? >= 10_000, "too short: {head:?}");
        ensure!(number(head, "core")? == 1, "{head:?}");
        expect_window(&printed, 5, 5)?;
        transcript::compare("event", &printed.lines)?;
        let all = session.shown().join("\n");
        ensure!(all.matches(" injected").count() == 1, "more than one injected event");
        Ok(())
    })
}

fn a_stall_is_kept_and_shown_again_with_its_rooms(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 9000")?;
        session.command("stall 1 10000")?;
        let first = expect_injected(session, 11)?;
        session.command("pmd-perf-log-set -us 4294967295")?;
        let events = session.command("show events")?;
        let injected: Vec<_> =
            listed(&events).into_iter().filter(|it| it.reasons.ends_with(", injected")).collect();
        let [event] = injected.as_slice() else { anyhow::bail!("not one: {events:#?}") };
        ensure!(event.event == first.event.number && event.rows == 11, "{events:#?}");
        ensure!(event.duration == number(&first.lines[0], "duration")?, "{events:#?}");
        let again = session.command(&format!("show event {}", event.event))?;
        ensure!(again.starts_with(&first.lines), "{again:#?} is not {:#?}", first.lines);
        ensure!(again.iter().any(|line| line.starts_with("rooms of iteration ")), "{again:#?}");
        transcript::compare("show-event", &again)?;
        let line = session.one_line("show event 999999")?;
        ensure!(line.starts_with("error: no event 999999"), "{line:?}");
        Ok(())
    })
}

fn a_thousand_stalls_in_a_row_are_each_dumped_or_counted_as_suppressed(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 2900")?;
        session.command("stall 1 3000 1000")?;
        session.ask_until("show events", |lines| {
            let sums = starting(lines, "triggers=").pop()?;
            (number(sums, "triggers").ok()? >= 1000).then_some(())
        })?;
        session.command("pmd-perf-log-set -us 4294967295")?;
        let events = session.ask_until("show events", |lines| {
            let sums = starting(lines, "triggers=").pop()?;
            (number(sums, "pending").ok()? == 0).then(|| lines.to_vec())
        })?;
        let sums = starting(&events, "triggers=").concat();
        let figure = |name| number(&sums, name);
        let (dumped, suppressed) = (figure("dumped")?, figure("suppressed")?);
        ensure!(figure("triggers")? == dumped + suppressed, "{sums:?}");
        ensure!(dumped >= 64, "64 windows always fit: {sums:?}");
        let injected =
            listed(&events).iter().filter(|it| it.reasons.ends_with(", injected")).count();
        let missing = 1000_u64.saturating_sub(injected as u64);
        let counted = suppressed + number(&starting(&events, "kept=").concat(), "forgotten")?;
        ensure!(missing <= counted, "{missing} stalls are neither listed nor counted: {events:#?}");
        session.exit()
    })
}

/// Holds the PMD up for `times` iterations of 300 ms, and sends so many frames meanwhile that they
/// fill the queue whenever that begins; then waits for an event with `reasons`.
fn fill_while_stalled(rig: &Rig, micros: u32, times: u32, reasons: &str) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command(&format!("pmd-perf-log-set -us {micros} -q 128"))?;
        session.command(&format!("stall 1 300000 {times}"))?;
        for _ in 0..MANY {
            session.wires[0].send(&frame(60, None), LIMIT)?;
        }
        session.ask_until("show events", |lines| {
            listed(lines).iter().any(|it| it.reasons == reasons).then_some(())
        })
    })
}

fn a_stall_under_traffic_fills_the_queue_and_has_both_reasons(rig: &Rig) -> Result<()> {
    // The first fills the queue that the second finds.
    fill_while_stalled(rig, 200_000, 2, "excessive total cycles, vhost RX queue full, injected")
}

fn a_full_queue_alone_is_suspicious(rig: &Rig) -> Result<()> {
    fill_while_stalled(rig, u32::MAX, 1, "vhost RX queue full")
}

fn supervision_that_is_off_notices_nothing_and_can_be_switched_on(rig: &Rig) -> Result<()> {
    rig.wired()?.append("pmd-perf-log=off pmd-perf-log-us=9000").boot(|session| {
        let banner = session.shown().join("\n");
        ensure!(banner.contains("supervision off"), "{banner}");
        session.command("stall 1 100000")?;
        session.ask_until("pmd-perf-show", |lines| {
            let beyond = starting(lines, "   > ").pop()?;
            (beyond.split_whitespace().nth(1)? != "0").then_some(())
        })?;
        let events = session.command("show events")?;
        ensure!(starting(&events, "triggers=0 ").len() == 1, "{events:#?}");
        let settings = session.one_line("pmd-perf-log-set on")?;
        ensure!(settings.starts_with("pmd-perf-log-set: on, 9000 us"), "{settings:?}");
        session.command("stall 1 10000")?;
        expect_injected(session, 11).map(drop)
    })
}

fn metrics_that_are_off_record_nothing_and_frames_are_counted_still(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1 pmd-perf-metrics=off").boot(|session| {
        let banner = session.shown().join("\n");
        ensure!(banner.contains("metrics off"), "{banner}");
        session.command("stall 1 10000 10")?;
        for length in 60..160 {
            forwards(session, &frame(length, None))?;
        }
        let events = session.command("show events")?;
        ensure!(starting(&events, "triggers=0 ").len() == 1, "{events:#?}");
        let report = session.ask_until("pmd-perf-show -it 20", |lines| {
            let received = starting(lines, "  Rx packets:").pop()?;
            (received.split_whitespace().nth(2)? == "100").then(|| lines.to_vec())
        })?;
        ensure!(!report.iter().any(|line| line.starts_with("Histograms")), "{report:#?}");
        ensure!(reading::iterations(&report).is_empty(), "{report:#?}");
        let settings = session.one_line("pmd-perf-log-set")?;
        ensure!(settings.contains("without effect"), "{settings:?}");
        Ok(())
    })
}
