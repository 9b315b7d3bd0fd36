//! The log stream on the second serial port.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use perf::stream::{Found, Message, Scanner};

use crate::rig::{Rig, Session};
use crate::supervision::expect_injected;

crate::facts![the_second_port_carries_whole_frames_with_unbroken_numbers];

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
