//! What `pmd-perf-show` and its companions answer.

use anyhow::{Context as _, Result, ensure};
use qemu::frames::Frames;
use qemu::reading;

use crate::rig::{Rig, Session, starting};
use crate::sizes::{forwards, frame};
use crate::transcript;

/// Lines between the head of the histograms and the line that ends their bins.
const BINS: usize = 32;

crate::facts![
    the_report_has_the_layout_of_open_vswitch,
    the_report_of_one_pmd_leaves_out_the_others,
    the_histograms_add_up_to_the_iterations,
    cleared_figures_count_from_anew,
    the_history_is_shown_newest_first_and_without_gaps,
];

/// Forwards `count` frames of 60 bytes and more from port 0 to port 1.
fn forward(session: &mut Session, count: usize) -> Result<()> {
    (60..60 + count).try_for_each(|length| forwards(session, &frame(length, None)))
}

fn the_report_has_the_layout_of_open_vswitch(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        forward(session, 10)?;
        let report = until_received(session, 10)?;
        transcript::compare("pmd-perf-show", &report)?;
        transcript::compare("pmd-perf-show-nh", &session.command("pmd-perf-show -nh")?)?;
        let rows = session.ask_until("dpif-netdev/pmd-perf-show -nh -it 20", |lines| {
            (reading::iterations(lines).len() == 20).then(|| lines.to_vec())
        })?;
        transcript::compare("pmd-perf-show-it", &rows)?;
        let ports =
            session.ask_until("show ports", |lines| (lines.len() > 1).then(|| lines.to_vec()))?;
        transcript::compare("show-ports", &ports)?;
        session.wires[0].send(&frame(1, None), crate::rig::LIMIT)?;
        let drops = session.ask_until("show drops", |lines| {
            (lines.last()? == "total 1").then(|| lines.to_vec())
        })?;
        transcript::compare("show-drops", &drops)?;
        let ledger = session.ask_until("show ledger", |lines| {
            lines.last()?.ends_with(" exact=yes").then(|| lines.to_vec())
        })?;
        transcript::compare("show-ledger", &ledger)
    })
}

fn the_report_of_one_pmd_leaves_out_the_others(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 3);
    setup.boot(|session| {
        let heads = |lines: &[String]| -> Vec<String> {
            starting(lines, "pmd thread ").into_iter().map(str::to_owned).collect()
        };
        let both = heads(&session.command("pmd-perf-show -nh")?);
        let wanted = [1, 2].map(|core| format!("pmd thread numa_id 0 core_id {core}:"));
        ensure!(both == wanted, "{both:?}");
        let second = heads(&session.command("pmd-perf-show -nh -pmd 2")?);
        ensure!(second == wanted[1..], "{second:?}");
        let line = session.one_line("pmd-perf-show -pmd 9")?;
        ensure!(line == "error: no PMD on core 9 (there is one on each of: 1 2)", "{line:?}");
        Ok(())
    })
}

fn figure(lines: &[String], label: &str) -> Result<u64> {
    let line = starting(lines, label).pop().with_context(|| format!("no {label:?}: {lines:#?}"))?;
    let number = line[label.len()..].split_whitespace().next().unwrap_or_default();
    number.parse().with_context(|| line.to_owned())
}

fn the_histograms_add_up_to_the_iterations(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        forward(session, 10)?;
        let report = until_received(session, 10)?;
        let start = report.iter().position(|line| line.starts_with("Histograms"));
        let bins = &report[start.context("no histograms")? + 2..][..BINS];
        let sum = |column: usize| -> Result<u64> {
            let number = |line: &String| line.split_whitespace().nth(column)?.parse::<u64>().ok();
            let numbers: Option<Vec<_>> = bins.iter().map(number).collect();
            Ok(numbers.with_context(|| format!("{bins:#?}"))?.into_iter().sum())
        };
        let iterations = figure(&report, "  Iterations:")?;
        ensure!((sum(1)?, sum(3)?) == (iterations, iterations), "{report:#?}");
        ensure!(figure(&report, "  Tx packets:")? == 10, "{report:#?}");
        Ok(())
    })
}

/// Waits until the report says that `count` frames came. An iteration is counted when it ends,
/// which may be after its frames have left.
fn until_received(session: &mut Session, count: u64) -> Result<Vec<String>> {
    session.ask_until("pmd-perf-show", |lines| {
        (figure(lines, "  Rx packets:").ok()? == count).then(|| lines.to_vec())
    })
}

fn cleared_figures_count_from_anew(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        forward(session, 30)?;
        until_received(session, 30)?;
        session.command("dpif-netdev/pmd-stats-clear")?;
        until_received(session, 0)?;
        forward(session, 7)?;
        until_received(session, 7)?;
        session.command("pmd-stats-clear -pmd 1")?;
        forward(session, 3)?;
        until_received(session, 3)?;
        let total = session.exact_ledger()?.total;
        ensure!(total.received == 40, "the ledger is not cleared with the figures: {total:?}");
        Ok(())
    })
}

fn the_history_is_shown_newest_first_and_without_gaps(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        for sent in Frames::mixed(0).take(50) {
            forwards(session, &sent)?;
        }
        for wanted in [1, 20, 1000] {
            // Where a busy host stops the core that copies, the oldest rows are gone by then.
            let rows = session.ask_until(&format!("pmd-perf-show -nh -it {wanted}"), |lines| {
                Some(reading::iterations(lines)).filter(|rows| rows.len() == wanted)
            })?;
            let is_next = |pair: &[reading::Iteration]| pair[0].number == pair[1].number + 1;
            ensure!(rows.windows(2).all(is_next), "{rows:#?}");
        }
        Ok(())
    })
}
