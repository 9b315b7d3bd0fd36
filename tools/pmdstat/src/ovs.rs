//! What Open vSwitch tells in text, as the model of recordings: the answer of `dpif-netdev/pmd-perf-show`, and
//! *Suspicious iteration* with its neighbourhood from a log of ovs-vswitchd.
//!
//! Barecore's console has the same lines, so its log is read by the same code. Whatever else stands between
//! them is passed over. Shares in text are rounded, and so is what is computed from them.

mod report;
mod suspects;

use perf::stream::Table;
use perf::{Counter, Timebase};

use crate::recording::Boot;
use report::Report;
use suspects::Suspects;

/// What `lines` tell; nothing if they hold nothing of the kind.
pub(crate) fn read(lines: &[String]) -> Option<Boot> {
    let (mut reports, mut suspects) = (Vec::<Report>::new(), Suspects::default());
    let mut duration = None;
    for line in lines {
        if let Some(seconds) = report::duration(line) {
            duration = Some(seconds);
        } else if let Some(core) = report::core(line) {
            reports.push(Report::new(core, duration.take().unwrap_or(0.0)));
        } else if !suspects.take(line)
            && let Some(report) = reports.last_mut()
        {
            report.take(line);
        }
    }
    let is_anything = !reports.is_empty() || !suspects.events.is_empty();
    is_anything.then(|| boot(&reports, suspects))
}

fn boot(reports: &[Report], mut suspects: Suspects) -> Boot {
    suspects.end();
    let hertz = suspects.hertz().or_else(|| reports.iter().find_map(Report::hertz));
    let mut boot = Boot::default();
    let zero = hertz.and_then(|hertz| suspects.boot(hertz));
    boot.clock = hertz.map(|hertz| Timebase::new(hertz, zero.unwrap_or(0)));
    let source = if suspects.is_barecore { "Barecore's console" } else { "Open vSwitch" };
    let speed = hertz.map_or("unknown".to_owned(), |hertz| format!("about {hertz}"));
    let mut tell = |name: &str, value| boot.facts.insert(("machine".into(), name.into()), value);
    tell("source", format!("{source}, as text"));
    tell("tsc_hz", speed);
    if zero.is_none() {
        tell("moments", "not told: each event begins at 0".to_owned());
    }
    let names = Counter::NAMES.map(str::to_owned).to_vec();
    boot.names.insert((Table::Counters, 0), names);
    reports.iter().for_each(|report| report.keep(hertz.unwrap_or(0), &mut boot));
    boot.events = suspects.events;
    boot
}

/// The whole number that `text` begins with, blanks left out.
fn number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The number with a point before `unit` in `text`.
fn before(text: &str, unit: &str) -> Option<f64> {
    let (head, _) = text.split_once(unit)?;
    head.rsplit(|letter: char| !letter.is_ascii_digit() && letter != '.').next()?.parse().ok()
}

#[cfg(test)]
mod tests;
