//! What somebody does at the console who looks for a hiccup: notes, settings that last, milliseconds,
//! stolen time, the watchdog, the self-test.

use anyhow::{Context as _, Result, bail, ensure};
use qemu::reading::number;

use crate::rig::{LIMIT, Rig, Skipped, starting};

/// What stands before the words that make settings last.
const LASTING: &str = "to have them at the next boot: ";

crate::facts![ALONE: the_self_test_reads_known_stalls_back];

crate::facts![
    a_note_is_an_event_with_its_time,
    settings_survive_a_boot_with_the_words_that_are_shown,
    milliseconds_are_shown_newest_first_and_without_gaps,
    an_nmi_makes_an_iteration_suspicious_and_the_pmd_goes_on,
    an_iteration_that_does_not_end_is_reported_with_where_it_stands,
];

fn a_note_is_an_event_with_its_time(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        let noted = session.one_line("mark cable pulled")?;
        let event = number(&noted, "event")?;
        let shown = session.one_line(&format!("show event {event}"))?;
        ensure!(shown.starts_with(&format!("mark: event={event} tsc=")), "{shown:?}");
        ensure!(shown.contains(" utc=20") && shown.ends_with("us cable pulled"), "{shown:?}");
        let list = session.command("show events")?;
        ensure!(list.iter().any(|line| line.ends_with("mark: cable pulled")), "{list:#?}");
        Ok(())
    })
}

fn settings_survive_a_boot_with_the_words_that_are_shown(rig: &Rig) -> Result<()> {
    let mut words = String::new();
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -b 7 -a 3 -e -r duration+fill -up 9")?;
        session.command("set pmd-perf-rooms=off")?;
        let shown = session.command("pmd-perf-log-show")?;
        words =
            shown.last().and_then(|line| line.strip_prefix(LASTING)).context("no words")?.into();
        session.exit()
    })?;
    for word in ["pmd-perf-log-b=7", "pmd-perf-log-r=duration+fill", "pmd-perf-rooms=off"] {
        ensure!(words.contains(word), "{word} is not in {words:?}");
    }
    let again = rig.machine()?.wires(2)?.append("ports=all pmd-watchdog=off").append(&words);
    again.boot(|session| {
        let shown = session.command("pmd-perf-log-show")?;
        ensure!(shown.last() == Some(&format!("{LASTING}{words}")), "{words:?}: {shown:#?}");
        session.exit()
    })
}

fn milliseconds_are_shown_newest_first_and_without_gaps(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("stall 1 100000")?;
        let rows = session.ask_until("pmd-perf-show -nh -ms 300", |lines| {
            let titles = lines.iter().position(|line| line.starts_with("   ms "))?;
            let cells = |row: &String| {
                let cells = row.split_whitespace().map(|cell| cell.parse().unwrap_or(u64::MAX));
                cells.collect::<Vec<u64>>()
            };
            let rows: Vec<_> = lines[titles + 1..].iter().map(cells).collect();
            // The stall is over, and the milliseconds that it took are among those that are shown.
            let empty = rows.iter().skip_while(|row| row[1] == 0).filter(|row| row[1] == 0);
            (empty.count() >= 50).then_some(rows)
        })?;
        let is_next = |pair: &[Vec<u64>]| pair[0][0] == pair[1][0] + 1;
        ensure!(rows.windows(2).all(is_next), "a gap: {rows:?}");
        Ok(())
    })
}

fn an_nmi_makes_an_iteration_suspicious_and_the_pmd_goes_on(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("crash nmi 1")?;
        let line = session.expect(" nmi", LIMIT)?;
        ensure!(line.contains("Suspicious iteration (stolen time): "), "{line:?}");
        session.command("pmd-perf-log-set -us 250000")?;
        session.command("stall 1 300000")?;
        session.expect(" injected", LIMIT)?;
        session.exit()
    })
}

fn an_iteration_that_does_not_end_is_reported_with_where_it_stands(rig: &Rig) -> Result<()> {
    rig.wired()?.append("pmd-watchdog=report").boot(|session| {
        session.command("stall 1 3000000")?;
        // A busy host may hold up other iterations, too, and none of them for as long.
        let report = session.look_until(|shown| {
            let is_it = |line: &&String| {
                line.contains("Watchdog: core=1 ") && line.contains(", last room housekeeping, ")
            };
            shown.iter().find(is_it).cloned()
        })?;
        ensure!(report.contains("rip=0x"), "{report:?}");
        let list = session.ask_until("show events", |lines| {
            let sums = starting(lines, "triggers=").pop()?.to_owned();
            number(&sums, "stuck").ok().map(|count| (count, sums))
        })?;
        ensure!(list.0 >= 1, "{}", list.1);
        Ok(())
    })
}

fn the_self_test_reads_known_stalls_back(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.console().send(b"selftest\r")?;
        let verdict = session.look_until(|shown| {
            let is_it = |line: &&String| {
                line.starts_with("selftest: passed") || line.starts_with("selftest: FAILED")
            };
            shown.iter().find(is_it).cloned()
        })?;
        if verdict.starts_with("selftest: FAILED") {
            bail!(Skipped(format!("the host is too busy for a self-test: {verdict}")));
        }
        ensure!(verdict == "selftest: passed, 3 checks" || verdict == "selftest: passed, 4 checks");
        Ok(())
    })
}
