//! `pmd-perf-show`: a document for each PMD.

use core::fmt::{self, Write};

use serde::Serialize;

use super::figures::{Counters, Histogram, key};
use super::iteration::{MillisecondRow, Row};
use super::values::{Fates, Moment};
use super::{Pen, VERSION};
use crate::events::Accounts;
use crate::iteration::Iteration;
use crate::milliseconds::Millisecond;
use crate::quantity::Quantity;
use crate::report::Latency;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::time::Timebase;

const SCHEMA: &str = "barecore.pmd-perf-show";

/// What was asked for beside what was counted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Histograms.
    pub histograms: bool,
    /// Rows of the iteration history.
    pub iterations: bool,
    /// So many last milliseconds before this one, which is the first that is left out.
    pub milliseconds: Option<(u64, u64)>,
}

/// What is known of a PMD. It must not change while its document is written.
#[derive(Clone, Copy)]
pub struct Figures<'a> {
    /// Its core.
    pub core: usize,
    /// The node of that.
    pub node: u8,
    /// What it was told to record.
    pub settings: &'a Settings,
    /// What was counted, and in how many cycles.
    pub counted: &'a Snapshot,
    /// The time-stamp counter at the end of that.
    pub now: u64,
    /// What explains the counter.
    pub base: &'a Timebase,
    /// Iterations of its history, newest first.
    pub rows: &'a [Iteration],
    /// Iterations that were asked for and are not there.
    pub missing: u64,
    /// What became of its suspicious iterations since boot.
    pub accounts: Accounts,
}

/// The document of one PMD, and how far it has come.
#[derive(Clone, Copy, Debug)]
pub struct PerfShow {
    wanted: Wanted,
    next: Part,
    pen: Pen,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Head,
    Histogram(usize),
    Rows,
    Row(usize),
    Milliseconds,
    /// So many are left, of which the newest is the one before this.
    Millisecond(u64, u64),
    End,
    Nothing,
}

#[derive(Serialize)]
struct Head<'a> {
    numa_id: u8,
    core_id: usize,
    until: Moment,
    duration_ns: u64,
    duration_cycles_tsc: u64,
    tsc_hz: u64,
    iterations: u64,
    counters: Counters<'a>,
    rx_wait_bound_ns: Option<u64>,
    accounts: Fates,
}

impl<'a> Head<'a> {
    fn of(figures: &Figures<'a>) -> Self {
        let Figures { core, node, counted, now, base, accounts, .. } = *figures;
        let latency = Latency { counted, duration: counted.at, base };
        Self {
            numa_id: node,
            core_id: core,
            until: Moment::of(now, base),
            duration_ns: base.nanos(counted.at),
            duration_cycles_tsc: counted.at,
            tsc_hz: base.hertz,
            iterations: counted.iterations,
            counters: Counters(counted),
            rx_wait_bound_ns: latency.wait_bound_nanos(),
            accounts: Fates::from(&accounts),
        }
    }
}

impl PerfShow {
    /// A document that holds what is `wanted`.
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, next: Part::Head, pen: Pen::default() }
    }

    /// Writes the next part of what `figures` say, with `millisecond` telling what is known of
    /// each: its record, and what NICs lost in it. False if there was none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(
        &mut self,
        figures: &Figures<'_>,
        millisecond: impl FnOnce(u64) -> (Option<Millisecond>, Option<u64>),
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let (pen, has_metrics) = (&mut self.pen, figures.settings.metrics);
        self.next = match self.next {
            Part::Head => {
                *pen = Pen::begin(SCHEMA, VERSION, out)?;
                pen.members(&Head::of(figures), out)?;
                self.histograms(has_metrics, out)?
            }
            Part::Histogram(number) => match Quantity::ALL.get(number) {
                Some(&of) => {
                    pen.member(key(of), &Histogram::of(of, figures.counted), out)?;
                    Part::Histogram(number + 1)
                }
                None => {
                    pen.end_object(out)?;
                    Part::Rows
                }
            },
            Part::Rows => self.rows(figures, out)?,
            Part::Row(number) => match figures.rows.get(number) {
                Some(row) => {
                    pen.element(&Row::of(row, figures.base, figures.settings.rooms), out)?;
                    Part::Row(number + 1)
                }
                None => {
                    pen.end_array(out)?;
                    Part::Milliseconds
                }
            },
            Part::Milliseconds => self.milliseconds(has_metrics, out)?,
            Part::Millisecond(0, _) => {
                pen.end_array(out)?;
                Part::End
            }
            Part::Millisecond(left, after) => {
                let number = after.saturating_sub(1);
                let empty = Millisecond { number, ..Millisecond::default() };
                let (record, lost) = millisecond(number);
                let record = record.unwrap_or(empty);
                pen.element(&MillisecondRow::of(&record, lost), out)?;
                Part::Millisecond(left - 1, number)
            }
            Part::End => {
                pen.end(out)?;
                Part::Nothing
            }
            Part::Nothing => return Ok(false),
        };
        Ok(true)
    }

    fn histograms(&mut self, has_metrics: bool, out: &mut impl Write) -> Result<Part, fmt::Error> {
        const KEY: &str = "histograms";
        if !self.wanted.histograms {
            return Ok(Part::Rows);
        }
        if !has_metrics {
            self.pen.member(KEY, &(), out)?;
            return Ok(Part::Rows);
        }
        self.pen.object(KEY, out)?;
        Ok(Part::Histogram(0))
    }

    fn rows(&mut self, figures: &Figures<'_>, out: &mut impl Write) -> Result<Part, fmt::Error> {
        const KEY: &str = "iteration_rows";
        if !self.wanted.iterations {
            return Ok(Part::Milliseconds);
        }
        if !figures.settings.metrics {
            self.pen.member(KEY, &(), out)?;
            return Ok(Part::Milliseconds);
        }
        self.pen.member("missing_iteration_rows", &figures.missing, out)?;
        self.pen.array(KEY, out)?;
        Ok(Part::Row(0))
    }

    fn milliseconds(
        &mut self,
        has_metrics: bool,
        out: &mut impl Write,
    ) -> Result<Part, fmt::Error> {
        const KEY: &str = "millisecond_rows";
        let Some((count, after)) = self.wanted.milliseconds else { return Ok(Part::End) };
        if !has_metrics {
            self.pen.member(KEY, &(), out)?;
            return Ok(Part::End);
        }
        self.pen.array(KEY, out)?;
        Ok(Part::Millisecond(count, after))
    }
}
