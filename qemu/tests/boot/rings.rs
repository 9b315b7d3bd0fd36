//! Rings of the sizes that were asked for.

use anyhow::{Result, ensure};

use crate::carry::carry_both_ways;
use crate::rig::{Rig, Session};

/// Frames into each port: the smallest rings wrap thirty times. A transmit ring has to hold as many as
/// are under way at a time.
const FRAMES: usize = 2_000;

crate::facts![frames_go_both_ways_over_rings_as_large_as_was_asked_for_or_as_the_card_has];

/// Expects of `port` that it has rings of so many descriptors.
pub(crate) fn expect_rings(session: &mut Session, port: usize, rings: (u32, u32)) -> Result<()> {
    let (receive, transmit) = rings;
    let end = format!(", n_rxq_desc {receive}, n_txq_desc {transmit}");
    session.ask_until(&format!("show port {port} queues"), |lines| {
        lines.iter().any(|line| line.ends_with(&end)).then_some(())
    })
}

fn frames_go_both_ways_over_rings_as_large_as_was_asked_for_or_as_the_card_has(
    rig: &Rig,
) -> Result<()> {
    let words = "forward=0:1 n_rxq_desc=64,1:128 n_txq_desc=128,1:4096";
    rig.wired()?.append(words).boot(|session| {
        let shown = session.shown();
        let error = "error: n_txq_desc: rings of port 1 have 256 descriptors, not 4096: \
                     its card has no more";
        ensure!(shown.iter().any(|line| line == error), "{shown:#?}");
        ensure!(shown.iter().filter(|line| line.contains("_desc: ")).count() == 1, "{shown:#?}");
        expect_rings(session, 0, (64, 128))?;
        expect_rings(session, 1, (128, 256))?;
        carry_both_ways(session, FRAMES)
    })
}
