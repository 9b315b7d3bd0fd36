//! From rows of an iteration history to figures.

use std::fmt;

use anyhow::{Context as _, Result};

use crate::reading::Iteration;

/// Frames in a full batch.
pub const BATCH: f64 = 32.0;

/// Above so many instructions the control core ran during the iteration, which takes turns with
/// the PMD on QEMU's one thread, or the PMD looked away. Such iterations are left out.
const INTERRUPTED: u64 = 100_000;

/// Iterations in a row whose mean is one value for the median. What a frame costs is not all
/// spent in the iteration that forwards it: sent frames are given back some iterations later,
/// up to all that circulate at once, so a block holds ten times as many.
const BLOCK: usize = 64;

/// Blocks that are needed for a median.
const ENOUGH: usize = 11;

/// The medians, in guest instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// For one forwarded 64-byte frame in iterations with one full batch, the giving back of
    /// sent frames included.
    pub per_frame: f64,
    /// For an iteration that found nothing.
    pub per_idle: f64,
    /// How many iterations with full batches that is the median of.
    pub full_iterations: usize,
}

/// The host left the emulator too little of its processors for a figure to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    seen: usize,
    blocks: usize,
}

impl fmt::Display for Unsettled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, blocks } = self;
        write!(out, "{seen} iterations held only {blocks} runs of {BLOCK} full batches, ")?;
        write!(out, "{ENOUGH} are needed")
    }
}

impl std::error::Error for Unsettled {}

/// Whether `rows` hold enough for medians.
pub(super) fn are_enough(rows: &[Iteration]) -> bool {
    blocks(rows).len() >= ENOUGH
}

/// The medians of `rows`, which are in order of time.
pub(super) fn cost(rows: &[Iteration]) -> Result<Cost> {
    let blocks = blocks(rows);
    if blocks.len() < ENOUGH {
        return Err(Unsettled { seen: rows.len(), blocks: blocks.len() }.into());
    }
    let idle = rows.iter().filter(|row| row.packets == 0).map(|row| row.cycles as f64).collect();
    Ok(Cost {
        full_iterations: blocks.len() * BLOCK,
        per_frame: median(blocks).context("no iteration was full")?,
        per_idle: median(idle).context("no iteration was idle")?,
    })
}

/// For each [`BLOCK`] of full iterations that follow each other, the mean for a frame.
fn blocks(rows: &[Iteration]) -> Vec<f64> {
    rows.chunk_by(|row, next| row.number + 1 == next.number && is_full(row) && is_full(next))
        .flat_map(|run| run.chunks_exact(BLOCK))
        .map(|block| block.iter().map(|row| row.cycles).sum::<u64>())
        .map(|cycles| cycles as f64 / (BLOCK as f64 * BATCH))
        .collect()
}

fn is_full(row: &Iteration) -> bool {
    row.packets as f64 == BATCH && row.batches() == 1 && row.cycles < INTERRUPTED
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Iterations in a row: cycles and frames of each.
    fn rows(given: impl IntoIterator<Item = (u64, u64)>) -> Vec<Iteration> {
        let row = |(number, (cycles, packets)): (usize, (u64, u64))| Iteration {
            number: number as u64,
            cycles,
            packets,
            batch: packets.min(32) as f64,
        };
        given.into_iter().enumerate().map(row).collect()
    }

    fn full(cycles: impl Fn(usize) -> u64) -> Vec<(u64, u64)> {
        (0..ENOUGH * BLOCK).map(|number| (cycles(number), 32)).collect()
    }

    #[test]
    fn full_batches_and_idle_iterations_have_a_median_each() {
        let idle = [(90, 0), (100, 0), (5_000_000, 0)];
        let cost = super::cost(&rows(full(|_| 6400).into_iter().chain(idle))).unwrap();
        assert_eq!((cost.per_frame, cost.per_idle), (200.0, 100.0));
    }

    #[test]
    fn work_that_is_put_off_to_a_later_iteration_counts_for_all() {
        let cycles =
            |number| if number % 4 == 3 { 12_800 } else { 4_266 + u64::from(number % 4 == 0) * 2 };
        let cost = super::cost(&rows(full(cycles).into_iter().chain([(90, 0)]))).unwrap();
        assert_eq!(cost.per_frame, 200.0);
    }

    #[test]
    fn a_run_of_full_batches_ends_where_the_control_core_ran_or_a_batch_was_not_full() {
        for other in [(1_024_041, 32), (6_400, 31), (12_800, 64), (90, 0)] {
            let given = full(|_| 6400)
                .chunks(BLOCK - 1)
                .flat_map(|run| [run, &[other]].concat())
                .collect::<Vec<_>>();
            assert_eq!(blocks(&rows(given)), Vec::<f64>::new(), "{other:?}");
        }
    }

    #[test]
    fn too_few_full_batches_are_no_figure() {
        let error = cost(&rows(vec![(6400, 32); BLOCK])).unwrap_err();
        assert!(error.to_string().contains("only 1 runs of 64"), "{error}");
    }
}
