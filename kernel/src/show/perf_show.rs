//! `pmd-perf-show`: one PMD after the other, each copied as a whole before a word of it is
//! written.

use core::fmt::{self, Write};

use perf::Iteration;
use perf::recorder::Snapshot;
use perf::report::{Column, Heading, Histograms, Overall, ROW_TITLES, Row};

use crate::clock::Clock;
use crate::command::PerfShow;
use crate::control::Pmd;

/// The command while it is carried out.
pub struct PerfShowJob {
    wish: PerfShow,
    /// Whether there are histograms and histories to show.
    metrics: bool,
    /// The PMD to look at next, by its place among all.
    pmd: usize,
    next: Line,
    /// What the PMD before it has counted.
    counted: Snapshot,
    /// Iterations copied of it, and those that were overwritten while that was done.
    rows: usize,
    missed: usize,
}

#[derive(Clone, Copy)]
enum Line {
    Pmd,
    Histograms(usize),
    Row(usize),
    Milliseconds,
    End,
}

impl PerfShowJob {
    /// Begins to show what `wish` asks for, where `metrics` says whether iterations are recorded.
    pub fn new(wish: PerfShow, metrics: bool) -> Self {
        Self { wish, metrics, pmd: 0, next: Line::Pmd, counted: Snapshot::ZERO, rows: 0, missed: 0 }
    }

    /// Writes the next lines, not more than a step takes. `rows` keeps what was copied between
    /// steps. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(
        &mut self,
        pmds: &[Pmd<O>],
        rows: &mut [Iteration],
        time: (&Clock, u64),
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        self.next = match self.next {
            Line::Pmd => match self.turn_to_next(pmds) {
                Some(pmd) => {
                    self.copy(pmd, rows);
                    self.head(pmd, time, out)?;
                    if self.metrics { Line::Histograms(0) } else { Line::Pmd }
                }
                None => Line::Milliseconds,
            },
            Line::Histograms(line) if self.wish.histograms && line < Histograms::LINES => {
                out.write_str(if line == 0 { "\n" } else { "" })?;
                Histograms(&Column::of(&self.counted)).line(line, out)?;
                writeln!(out)?;
                Line::Histograms(line + 1)
            }
            Line::Histograms(_) => Line::Row(0),
            Line::Row(row) => match rows[..self.rows].get(row) {
                Some(iteration) => {
                    if row == 0 {
                        writeln!(out, "\n{ROW_TITLES}")?;
                    }
                    writeln!(out, "{}", Row(iteration))?;
                    Line::Row(row + 1)
                }
                None => {
                    self.tell_missed(out)?;
                    Line::Pmd
                }
            },
            Line::Milliseconds => {
                if self.wish.milliseconds {
                    writeln!(out, "\nThe millisecond history is not recorded.")?;
                }
                Line::End
            }
            Line::End => return Ok(false),
        };
        Ok(true)
    }

    fn turn_to_next<'p, O>(&mut self, pmds: &'p [Pmd<O>]) -> Option<&'p Pmd<O>> {
        let wanted = |pmd: &Pmd<O>| self.wish.core.is_none_or(|core| core == pmd.core());
        let skipped = pmds.iter().skip(self.pmd).position(wanted)?;
        self.pmd += skipped + 1;
        pmds.get(self.pmd - 1)
    }

    /// Copies counters and, newest first, iterations since the PMD was cleared.
    fn copy<O>(&mut self, pmd: &Pmd<O>, rows: &mut [Iteration]) {
        let wanted = if self.metrics { usize::from(self.wish.rows) } else { 0 };
        let metrics = pmd.metrics();
        self.counted = metrics.snapshot().since(&pmd.cleared().counted);
        let numbers = (pmd.cleared().iteration + 1..=metrics.ended()).rev().take(wanted);
        let asked = numbers.clone().count();
        let recorded = numbers.filter_map(|number| metrics.history().iteration(number));
        self.rows = rows.iter_mut().zip(recorded).map(|(row, iteration)| *row = iteration).count();
        self.missed = asked - self.rows;
    }

    fn tell_missed(&self, out: &mut impl Write) -> fmt::Result {
        match self.missed {
            0 => Ok(()),
            missed => writeln!(out, "({missed} older iterations are not in the history)"),
        }
    }

    fn head<O>(&self, pmd: &Pmd<O>, time: (&Clock, u64), out: &mut impl Write) -> fmt::Result {
        let (clock, now) = time;
        let hertz = clock.hertz;
        let duration = now.saturating_sub(pmd.cleared().at);
        let uptime = clock.since_boot(now);
        write!(out, "{}", Heading { core: pmd.core(), uptime, duration, hertz })?;
        write!(out, "{}", Overall { counted: &self.counted, duration, hertz })
    }
}
