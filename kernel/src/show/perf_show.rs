//! `pmd-perf-show`: one PMD after the other, each copied as a whole before a word of it is
//! written; only milliseconds are read one by one.

use core::fmt::{self, Write};

use perf::events::Accounts;
use perf::json;
use perf::report::{
    Column, Heading, Histograms, Latency, MILLISECOND_TITLES, MillisecondRow, Overall, Percentiles,
    ROW_TITLES, Row,
};
use perf::{Iteration, Millisecond, Snapshot, Timebase};

use crate::command::{Format, PerfShow};
use crate::control::Pmd;

/// The command while it is carried out.
pub struct PerfShowJob {
    wish: PerfShow,
    /// The PMD that is shown, by its place among all, and the one to look at next.
    shown: usize,
    pmd: usize,
    next: Line,
    /// When it was copied, and what had become of its suspicious iterations.
    at: u64,
    accounts: Accounts,
    /// Iterations copied of it, and those that were overwritten while that was done.
    rows: usize,
    missed: usize,
    /// The next millisecond, and how many are left.
    millisecond: u64,
    milliseconds: u64,
}

#[derive(Clone, Copy)]
enum Line {
    Pmd,
    Histograms(usize),
    Percentiles(usize),
    Latency,
    Row(usize),
    Milliseconds,
    Millisecond,
    Document(json::PerfShow),
    End,
}

impl PerfShowJob {
    /// Begins to show what `wish` asks for.
    pub fn new(wish: PerfShow) -> Self {
        let next = Line::Pmd;
        let (shown, pmd, at, rows, missed, millisecond, milliseconds) = (0, 0, 0, 0, 0, 0, 0);
        let accounts = Accounts::default();
        Self { wish, shown, pmd, next, at, accounts, rows, missed, millisecond, milliseconds }
    }

    /// Whether it has written the beginning of a line and not its end.
    pub fn is_inside_line(&self) -> bool {
        matches!(self.next, Line::Document(_))
    }

    /// Writes the next lines, not more than a step takes. `kept` keeps what was copied between
    /// steps. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(
        &mut self,
        pmds: &[Pmd<O>],
        kept: (&mut [Iteration], &mut Snapshot),
        (base, now): (&Timebase, u64),
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let (rows, counted) = kept;
        self.next = match self.next {
            Line::Pmd => match self.turn_to_next(pmds) {
                Some(pmd) => {
                    self.copy(pmd, rows, counted, (base, now));
                    match self.wish.format {
                        Format::Text => head(pmd, counted, (base, now), out)?,
                        Format::Json => {}
                    }
                    self.first_line(pmd.settings().metrics)
                }
                None => {
                    if self.pmd == 0 && self.wish.format == Format::Text {
                        writeln!(out, "no PMD polls a queue (see them with -pmd CORE)")?;
                    }
                    Line::End
                }
            },
            Line::Histograms(Histograms::LINES) => Line::Percentiles(0),
            Line::Histograms(line) => {
                out.write_str(if line == 0 { "\n" } else { "" })?;
                Histograms(&Column::of(counted)).line(line, out)?;
                writeln!(out)?;
                Line::Histograms(line + 1)
            }
            Line::Percentiles(Percentiles::LINES) => Line::Latency,
            Line::Percentiles(line) => {
                out.write_str(if line == 0 { "\n" } else { "" })?;
                Percentiles(counted).line(line, out)?;
                writeln!(out)?;
                Line::Percentiles(line + 1)
            }
            Line::Latency => {
                let duration = counted.at;
                write!(out, "\n{}", Latency { counted, duration, base })?;
                Line::Row(0)
            }
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
                    Line::Milliseconds
                }
            },
            Line::Milliseconds if self.milliseconds == 0 => Line::Pmd,
            Line::Milliseconds => {
                writeln!(out, "\n{MILLISECOND_TITLES}")?;
                Line::Millisecond
            }
            Line::Millisecond if self.milliseconds == 0 => Line::Pmd,
            Line::Millisecond => {
                self.millisecond(pmds, out)?;
                Line::Millisecond
            }
            Line::Document(document) => {
                let rows = &rows[..self.rows];
                self.document(document, pmds, (rows, counted), base, out)?
            }
            Line::End => return Ok(false),
        };
        Ok(true)
    }

    fn first_line(&self, has_metrics: bool) -> Line {
        let PerfShow { histograms, rows, milliseconds, format, .. } = self.wish;
        match format {
            Format::Json => {
                let milliseconds =
                    (milliseconds > 0).then_some((self.milliseconds, self.millisecond + 1));
                let wanted = json::Wanted { histograms, iterations: rows > 0, milliseconds };
                Line::Document(json::PerfShow::new(wanted))
            }
            Format::Text if !has_metrics => Line::Pmd,
            Format::Text if histograms => Line::Histograms(0),
            Format::Text => Line::Row(0),
        }
    }

    /// Writes the next part of a document, and tells what is next.
    fn document<O>(
        &self,
        mut document: json::PerfShow,
        pmds: &[Pmd<O>],
        (rows, counted): (&[Iteration], &Snapshot),
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<Line, fmt::Error> {
        let Some(pmd) = pmds.get(self.shown) else { return Ok(Line::End) };
        let figures = json::Figures {
            core: pmd.core(),
            node: pmd.node(),
            settings: pmd.settings(),
            counted,
            now: self.at,
            base,
            rows,
            missing: self.missed as u64,
            accounts: self.accounts,
        };
        let millisecond =
            |number| (pmd.metrics().milliseconds().get(number), pmd.losses().sampled_in(number));
        let more = document.step(&figures, millisecond, out)?;
        Ok(if more { Line::Document(document) } else { Line::Pmd })
    }

    /// The next PMD that is to be shown; those without queues only if they are asked for.
    fn turn_to_next<'p, O>(&mut self, pmds: &'p [Pmd<O>]) -> Option<&'p Pmd<O>> {
        let wanted = |pmd: &Pmd<O>| match self.wish.core {
            Some(core) => core == pmd.core(),
            None => !pmd.metrics().is_parked(),
        };
        let skipped = pmds.iter().skip(self.pmd).position(wanted)?;
        self.shown = self.pmd + skipped;
        self.pmd = self.shown + 1;
        pmds.get(self.shown)
    }

    /// Copies what was counted since the PMD was cleared, or in the last seconds, and iterations,
    /// newest first, since it was cleared.
    fn copy<O>(
        &mut self,
        pmd: &Pmd<O>,
        rows: &mut [Iteration],
        counted: &mut Snapshot,
        (base, now): (&Timebase, u64),
    ) {
        let (metrics, cleared) = (pmd.metrics(), pmd.cleared());
        (self.at, self.accounts) = (now, pmd.accounts());
        metrics.copy_to(counted, now);
        let cycles = |seconds| base.cycles(u64::from(seconds) * 1_000_000);
        let window =
            self.wish.interval.and_then(|seconds| pmd.windows().before(now, cycles(seconds)));
        counted.subtract(window.unwrap_or(cleared.counted));
        let wanted = if pmd.settings().metrics { usize::from(self.wish.rows) } else { 0 };
        let numbers = (cleared.iteration + 1..=metrics.ended()).rev().take(wanted);
        let asked = numbers.clone().count();
        let recorded = numbers.filter_map(|number| metrics.history().iteration(number));
        self.rows = rows.iter_mut().zip(recorded).map(|(row, iteration)| *row = iteration).count();
        self.missed = asked - self.rows;
        // The millisecond under way has no record yet.
        self.millisecond = base.millisecond(now).saturating_sub(1);
        let since = base.millisecond(cleared.counted.at);
        let there_are = (self.millisecond + 1).saturating_sub(since);
        let depth = metrics.milliseconds().capacity().saturating_sub(1);
        self.milliseconds = u64::from(self.wish.milliseconds).min(there_are).min(depth);
    }

    /// Writes the next millisecond. One without a record is one in which no iteration began.
    fn millisecond<O>(&mut self, pmds: &[Pmd<O>], out: &mut impl Write) -> fmt::Result {
        let number = self.millisecond;
        let pmd = pmds.get(self.shown);
        let found = pmd.and_then(|pmd| pmd.metrics().milliseconds().get(number));
        let nic_lost = pmd.and_then(|pmd| pmd.losses().sampled_in(number));
        let record = found.unwrap_or(Millisecond { number, ..Millisecond::default() });
        self.millisecond = number.saturating_sub(1);
        self.milliseconds -= 1;
        writeln!(out, "{}", MillisecondRow { record: &record, nic_lost })
    }

    fn tell_missed(&self, out: &mut impl Write) -> fmt::Result {
        match self.missed {
            0 => Ok(()),
            missed => writeln!(out, "({missed} older iterations are not in the history)"),
        }
    }
}

fn head<O>(
    pmd: &Pmd<O>,
    counted: &Snapshot,
    (base, now): (&Timebase, u64),
    out: &mut impl Write,
) -> fmt::Result {
    let (duration, hertz) = (counted.at, base.hertz);
    write!(out, "{}", Heading { core: pmd.core(), node: pmd.node(), now, duration, base })?;
    write!(out, "{}", Overall { counted, duration, hertz })?;
    if pmd.metrics().is_parked() {
        writeln!(out, "  (it polls no queue: parked)")?;
    }
    Ok(())
}
