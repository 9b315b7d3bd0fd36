//! What the control core does for a PMD: takes what was marked, counts, clears.

use std::collections::VecDeque;

use anyhow::{Result, anyhow};
use perf::events::{Accounts, Events, Loss, Open, Part, ROWS, Source};
use perf::stolen::Readings;
use perf::{Iteration, Mark, Reasons, Settings, Snapshot};

use super::pmd::Pmd;
use super::{Counted, Report, Told};
use crate::talk::say;
use crate::trace::Row;

/// Room for the events that are not written yet.
pub(super) struct Memory {
    parts: Vec<Part>,
    rows: Vec<Iteration>,
}

impl Memory {
    /// Events are written as soon as they are complete, so there need be room only for those of one
    /// look, and for one that may yet grow.
    pub(super) fn new() -> Self {
        let parts = vec![Part::default(); 2048];
        let rows = vec![Iteration::default(); 64 * ROWS as usize];
        Self { parts, rows }
    }
}

/// Who is told of, and how much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// The core that reports name.
    pub(super) core: usize,
    /// Whether all that is known of an event is told.
    pub(super) full: bool,
}

/// A control core with one PMD, whose events it writes at once.
pub(super) struct Desk<'a> {
    pmd: Pmd,
    telling: Telling,
    settings: Settings,
    events: Events<'a>,
    open: Option<Open>,
    /// Losses of the NIC whose windows are not complete, oldest first.
    losses: VecDeque<(Mark, Loss)>,
    /// Losses that became events.
    sampled: u64,
    /// How things stood at the clear.
    cleared: Box<Snapshot>,
}

impl<'a> Desk<'a> {
    /// Has `pmd` record and mark what `settings` say.
    pub(super) fn new(
        mut pmd: Pmd,
        settings: Settings,
        telling: Telling,
        memory: &'a mut Memory,
    ) -> Result<Self> {
        let Memory { parts, rows } = memory;
        let events = Events::new(parts, rows).map_err(|error| anyhow!("{error:?}"))?;
        pmd.set(&settings);
        let (open, losses, cleared) = (None, VecDeque::new(), pmd.counted());
        Ok(Self { pmd, telling, settings, events, open, losses, sampled: 0, cleared })
    }

    /// Has the PMD run the iteration of `row`, and writes the events that are complete then.
    pub(super) fn take(&mut self, row: &Row, report: &mut dyn Report) -> Result<()> {
        self.pmd.run(row);
        self.notice_loss(row);
        self.collect();
        self.write(report)?;
        self.narrow(report)
    }

    /// Counts from here on. The PMD notices nothing.
    pub(super) fn clear(&mut self) {
        self.cleared = self.pmd.counted();
    }

    /// There are no further iterations: writes what is left, and what became of it all.
    pub(super) fn end(&mut self, report: &mut dyn Report) -> Result<()> {
        self.keep_losses(u64::MAX);
        self.write(report)?;
        let accounts = self.accounts();
        report.accounts(&accounts)?;
        let (pending, lost) = (accounts.pending, self.events.not_printed());
        if pending > 0 {
            say(format_args!("note: pending={pending}: the trace ends before their windows do"));
        }
        if lost > 0 {
            say(format_args!(
                "note: {lost} events made room for newer ones before they were complete"
            ));
        }
        Ok(())
    }

    /// Writes what was counted since the clear.
    pub(super) fn show(&self, report: &mut dyn Report) -> Result<()> {
        let mut counted = self.pmd.counted();
        let between = [self.cleared.at, counted.at];
        counted.subtract(&self.cleared);
        report.figures(&Counted {
            counted: &counted,
            between,
            base: &self.pmd.base,
            core: self.telling.core,
            settings: &self.settings,
            accounts: self.accounts(),
        })?;
        Ok(())
    }

    /// The PMD, whose time is known by rooms where the trace tells that too.
    fn source(&self) -> Source {
        let settings =
            Settings { rooms: self.settings.rooms && self.pmd.has_rooms, ..self.settings };
        Source { core: self.telling.core, metrics: self.pmd.metrics, settings }
    }

    /// Takes all that was marked and is complete.
    fn collect(&mut self) {
        let (source, marks) = (self.source(), &self.pmd.metrics.marks);
        loop {
            let taken = marks.taken();
            self.events.collect(&source, &mut self.open);
            if marks.taken() == taken {
                break;
            }
        }
        self.keep_losses(self.pmd.metrics.ended());
    }

    /// Remembers what the NIC lost in the iteration of `row`, if that counts as a reason.
    fn notice_loss(&mut self, row: &Row) {
        let Settings { metrics, log, reasons, before, after, .. } = self.settings;
        if row.nic_lost == 0 || !(metrics && log && reasons.has(Reasons::NIC_LOSS)) {
            return;
        }
        let mark = Mark {
            number: row.number,
            first: row.number.saturating_sub(before.into()).max(1),
            last: row.number + u64::from(after),
            reasons: Reasons::NIC_LOSS,
            cut: false,
            readings: Readings::default(),
        };
        let between = [row.began(), self.pmd.now()];
        self.losses.push_back((mark, Loss { frames: row.nic_lost, between }));
    }

    /// Makes events of the losses whose windows end with the iteration `until`, or before.
    fn keep_losses(&mut self, until: u64) {
        let (source, ended) = (self.source(), self.pmd.metrics.ended());
        while let Some((mark, loss)) = self.losses.pop_front_if(|(mark, _)| mark.last <= until) {
            let mark = Mark { last: mark.last.min(ended), ..mark };
            self.events.keep_sampled(&source, &mark, loss);
            self.sampled += 1;
        }
    }

    fn write(&mut self, report: &mut dyn Report) -> Result<()> {
        while let Some(dump) = self.events.next_to_print() {
            let events = &self.events;
            let Some(event) = dump.event(events) else { continue };
            let full = self.telling.full.then(|| events.find(event.number())).flatten();
            let dump = full.unwrap_or(dump);
            report.event(&Told { dump, events, base: &self.pmd.base })?;
        }
        Ok(())
    }

    /// Falls back to narrow windows after a huge event, as Open vSwitch does.
    fn narrow(&mut self, report: &mut dyn Report) -> Result<()> {
        let Some((event, rows)) = self.events.take_huge() else { return Ok(()) };
        let Settings { before, after, extend, .. } = Settings::DEFAULT;
        let narrow = Settings { before, after, extend, ..self.settings };
        if self.settings == narrow {
            // The event was marked before.
            return Ok(());
        }
        self.settings = narrow;
        self.pmd.set(&narrow);
        let next = self.pmd.metrics.ended() + 1;
        say(format_args!(
            "note: event {event} had {rows} rows: -b {before} -a {after} -ne from iteration {next} \
             on, as in Open vSwitch"
        ));
        report.narrowed(event, rows, next)?;
        Ok(())
    }

    fn accounts(&self) -> Accounts {
        Accounts::of(self.pmd.metrics, self.open.as_ref())
            .with_sampled(self.sampled, self.losses.len() as u64)
    }
}
