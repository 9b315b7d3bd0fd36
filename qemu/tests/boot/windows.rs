//! How many iterations are shown around a suspicious one.

use anyhow::{Result, ensure};

use crate::rig::{Rig, Session, starting};
use crate::supervision::{expect_injected, expect_window};

crate::facts![
    windows_change_by_command,
    windows_are_set_by_the_command_line,
    windows_that_touch_are_shown_as_one_where_that_is_asked_for,
];

fn stall_shows(session: &mut Session, before: usize, after: usize) -> Result<()> {
    session.command("stall 1 300000")?;
    let printed = expect_injected(session, before + 1 + after)?;
    expect_window(&printed, before, after)
}

fn windows_change_by_command(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        for (before, after) in [(2, 3), (0, 0), (100, 50), (0, 400)] {
            let line = format!("pmd-perf-log-set -us 250000 -b {before} -a {after}");
            let settings = session.one_line(&line)?;
            ensure!(settings.contains(&format!("before {before}, after {after},")), "{settings:?}");
            stall_shows(session, before, after)?;
        }
        Ok(())
    })
}

fn windows_are_set_by_the_command_line(rig: &Rig) -> Result<()> {
    let words = "pmd-perf-log-us=250000 pmd-perf-log-b=1 pmd-perf-log-a=2";
    rig.wired()?.append(words).boot(|session| stall_shows(session, 1, 2))
}

fn windows_that_touch_are_shown_as_one_where_that_is_asked_for(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 250000 -e")?;
        session.command("stall 1 300000 3")?;
        let printed = expect_injected(session, 13)?;
        let suspects = starting(&printed.lines, "Suspicious iteration ");
        ensure!(suspects.len() == 3, "{} in one: {:#?}", suspects.len(), printed.lines);
        ensure!(printed.rows.len() == 13, "{} rows: {:#?}", printed.rows.len(), printed.lines);
        Ok(())
    })
}
