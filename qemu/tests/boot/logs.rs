//! The log stream on the second serial port.

use std::time::Instant;
use std::{fs, thread};

use anyhow::{Context as _, Result, bail, ensure};
use perf::stream::{Found, Message, Scanner};
use pmdstat::logs::Image;
use pmdstat::{Heard, Listener};

use crate::rig::{LIMIT, LOOK_AGAIN, Rig, Session};
use crate::supervision::expect_injected;

crate::facts![
    the_second_port_carries_whole_frames_with_unbroken_numbers,
    a_log_names_its_level_and_the_line_that_wrote_it,
    logs_are_written_by_module_and_level,
];

/// Waits for a log that holds `text`, and returns all so far as people read them.
fn logs_with(rig: &Rig, session: &Session, text: &str) -> Result<Vec<String>> {
    let (image, end) = (Image::open(rig.image())?, Instant::now() + LIMIT);
    loop {
        let bytes = fs::read(session.run().file("com2")).context("no bytes of the second port")?;
        let (mut listener, mut logs) = (Listener::from_start(), Vec::new());
        listener.hear(&bytes, &mut |heard| {
            if let Heard::Message(Message::Log(frame)) = heard {
                logs.push(image.text(frame));
            }
        });
        if logs.iter().any(|log| log.contains(text)) {
            return Ok(logs);
        }
        ensure!(Instant::now() < end, "no log with {text:?}: {logs:#?}");
        thread::sleep(LOOK_AGAIN);
    }
}

fn a_log_names_its_level_and_the_line_that_wrote_it(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        let logs = logs_with(rig, session, "slow registers: ")?;
        let Some((head, text)) = logs[0].split_once(" INFO  kernel/src/banner.rs:") else {
            bail!("{logs:#?}");
        };
        let line = text.split_once(' ').and_then(|(line, _)| line.parse::<usize>().ok());
        let source = include_str!("../../../kernel/src/banner.rs");
        let written = line.and_then(|line| source.lines().nth(line - 1)).unwrap_or("");
        ensure!(written.contains("\"Barecore {=str}, {=usize} PMDs"), "{written:?}: {logs:#?}");
        ensure!(head.parse::<f64>().is_ok(), "no time: {logs:#?}");
        ensure!(text.contains(" Barecore 0.0.0, 0 PMDs, TSC "), "{logs:#?}");
        session.exit()
    })
}

fn logs_are_written_by_module_and_level(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1 log=off,settings:dbg");
    setup.boot(|session| {
        session.command("pmd-perf-log-set -us 200001")?;
        logs_with(rig, session, ": on, 200001 us, ")?;
        session.command("vlog/set settings:warn events:info")?;
        session.command("pmd-perf-log-set -us 200002")?;
        // Settings are looked at behind events, so that those are no news any more.
        session.command("stall 1 300000")?;
        logs_with(rig, session, " suspicious iterations, ")?;
        session.command("vlog/set events:off settings:dbg")?;
        session.command("pmd-perf-log-set -us 200003")?;
        let logs = logs_with(rig, session, ": on, 200003 us, ")?;
        let count = |text: &str| logs.iter().filter(|log| log.contains(text)).count();
        ensure!(
            count(" DEBUG kernel/src/house.rs:") == 2 && count(" 200002 us, ") == 0,
            "{logs:#?}"
        );
        let others = logs.len() - 2;
        ensure!(count(" INFO  kernel/src/house.rs:") == others, "{logs:#?}");
        session.exit()
    })
}

/// Sequence numbers of all frames on the second port so far, which must all be whole.
fn sequences(session: &Session) -> Result<Vec<u32>> {
    let bytes = fs::read(session.run().file("com2")).context("no bytes of the second port")?;
    let (mut scanner, mut sequences) = (Scanner::new(), Vec::new());
    for byte in bytes {
        match scanner.push(byte) {
            Some(Found::Frame(frame)) => {
                ensure!(Message::read(&frame).is_ok(), "{frame:?}");
                sequences.push(frame.sequence);
            }
            Some(other) => anyhow::bail!("{other:?} behind {} frames", sequences.len()),
            None => {}
        }
    }
    Ok(sequences)
}

fn the_second_port_carries_whole_frames_with_unbroken_numbers(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1 pmd-perf-log-us=1500000");
    setup.boot(|session| {
        for _ in 0..3 {
            session.command("stall 1 2000000")?;
            expect_injected(session, 11)?;
        }
        session.exit()?;
        let sequences = sequences(session)?;
        ensure!(!sequences.is_empty(), "no log at all");
        let wanted: Vec<_> = (0..sequences.len() as u32).collect();
        ensure!(sequences == wanted, "{sequences:?}");
        Ok(())
    })
}
