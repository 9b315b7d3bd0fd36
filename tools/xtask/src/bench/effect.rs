//! How long it takes from what is typed to its effect, on a machine that runs on.

use std::path::Path;
use std::time::{Duration, Instant};

use ::qemu::loaders::NOTHING;
use anyhow::Result;

use super::Figure;
use super::boot::{BOOTS, LIMIT, median, start, until_out};
use super::bounds::{RULE_EFFECT, THRESHOLD_EFFECT};

/// Before it, every frame is dropped.
const RULE: &[u8] = b"add-flow in_port=0,actions=output:1\r";

/// Before it, no iteration is suspicious; behind it, each is.
const THRESHOLD: &[u8] = b"pmd-perf-log-set -us 0\r";

/// Measures: of a rule, to the first frame that follows it; of a threshold, to the first event that the
/// console shows.
pub(super) fn measure(program: &Path, image: &Path) -> Result<[Figure; 2]> {
    let times: Result<Vec<_>> = (0..BOOTS).map(|_| typed(program, image)).collect();
    let (rules, thresholds) = times?.into_iter().unzip();
    Ok([
        Figure::new(RULE_EFFECT, median(rules), "s"),
        Figure::new(THRESHOLD_EFFECT, median(thresholds), "s"),
    ])
}

/// Boots a machine, and types both.
fn typed(program: &Path, image: &Path) -> Result<(Duration, Duration)> {
    let (mut guest, wires) = start(program, image, &format!("ports=all {NOTHING}"))?;
    guest.boot(LIMIT)?;
    let begin = Instant::now();
    guest.console().send(RULE)?;
    let rule = until_out(&wires, begin)?;
    let begin = Instant::now();
    guest.console().send(THRESHOLD)?;
    guest.expect("Suspicious iteration", LIMIT)?;
    Ok((rule, begin.elapsed()))
}
