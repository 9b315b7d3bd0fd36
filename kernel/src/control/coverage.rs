//! What happened how often: totals, and rates over the last seconds, minute and hour, as Open
//! vSwitch's `coverage/show` tells them.

use core::fmt::{self, Write};

use dataplane::{Reading, Reason};
use perf::counters::Counter;
use perf::report::Quotient;

use super::Pmd;

/// Seconds between two copies of the totals (Open vSwitch's).
const STEP: u64 = 5;
/// Copies that reach back for a minute, and for an hour at one a minute.
const MINUTE: usize = 12;
const HOUR: usize = 60;
/// Copies that must be handed in.
pub const COPIES: usize = MINUTE + HOUR + 2;

/// Events that are no drops: a name, and what PMDs count it by.
const COUNTED: [(&str, Counter); 5] = [
    ("upcall", Counter::Upcalls),
    ("upcall_lost", Counter::Lost),
    ("recirculation", Counter::Recirc),
    ("tx_batch", Counter::SentBatches),
    ("pmd_sleep", Counter::SleepIterations),
];
/// Events that the control core counts itself.
const OWN: [&str; 3] = ["flow_removed", "mac_learning_learned", "mac_learning_expired"];
const EVENTS: usize = COUNTED.len() + OWN.len() + Reason::COUNT;

/// How often each event happened, each at its number.
pub type Totals = [u64; EVENTS];

/// Nothing happened.
pub const NONE: Totals = [0; EVENTS];

/// How often things happened that the control core sees.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) removed: u64,
    pub(super) learned: u64,
    pub(super) expired: u64,
}

/// Copies of totals.
pub(super) struct Coverage<'a> {
    copies: &'a mut [Totals],
    /// Copies made.
    steps: u64,
    due: u64,
}

/// The name of an event; none beyond the last.
fn name(event: usize) -> Option<&'static str> {
    let own = COUNTED.iter().map(|(name, _)| *name).chain(OWN);
    own.chain(Reason::ALL.iter().map(|reason| reason.name())).nth(event)
}

/// How often each event happened by now, as of the last second where PMDs count it; none while a
/// ledger cannot be read.
pub(super) fn totals<O>(pmds: &[Pmd<O>], seen: &Seen, now: u64) -> Option<Totals> {
    let (mut totals, mut reading) = (NONE, Reading::EMPTY);
    let (counted, rest) = totals.split_at_mut(COUNTED.len());
    for pmd in pmds {
        reading.add(&pmd.handle.ledger.read()?);
        let Some(copy) = pmd.windows.before(now, 0) else { continue };
        let counts = COUNTED.iter().map(|(_, counter)| copy.count(*counter));
        counted.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let (own, drops) = rest.split_at_mut(OWN.len());
    own.copy_from_slice(&[seen.removed, seen.learned, seen.expired]);
    for account in &reading.accounts {
        drops.iter_mut().zip(account.dropped).for_each(|(sum, frames)| *sum += frames);
    }
    Some(totals)
}

impl<'a> Coverage<'a> {
    /// Copies in this memory, as many as `COPIES` or more.
    pub(super) fn new(copies: &'a mut [Totals]) -> Self {
        Self { copies, steps: 0, due: 0 }
    }

    /// Whether another copy is due at `now`, by a clock that counts `hertz` in a second. It is made
    /// then.
    pub(super) fn is_due(&mut self, now: u64, hertz: u64) -> bool {
        let is_due = now >= self.due;
        if is_due {
            self.due = now.saturating_add(STEP * hertz);
        }
        is_due
    }

    /// Keeps `totals`.
    pub(super) fn keep(&mut self, totals: &Totals) {
        let (step, minute) = (self.steps as usize, self.steps as usize / MINUTE);
        let (minutes, hours) = self.copies.split_at_mut(MINUTE + 1);
        minutes[step % (MINUTE + 1)] = *totals;
        if step.is_multiple_of(MINUTE) {
            hours[minute % (HOUR + 1)] = *totals;
        }
        self.steps += 1;
    }

    /// Totals so many steps ago; those of boot if that is longer ago.
    fn step(&self, ago: usize) -> &Totals {
        let step = (self.steps as usize).checked_sub(ago + 1);
        step.map_or(&NONE, |step| &self.copies[step % (MINUTE + 1)])
    }

    /// Totals an hour ago; those of boot if that is longer ago.
    fn hour(&self) -> &Totals {
        let minute = self.steps.checked_sub(1).map(|last| last as usize / MINUTE);
        let then = minute.and_then(|minute| minute.checked_sub(HOUR));
        then.map_or(&NONE, |minute| &self.copies[MINUTE + 1 + minute % (HOUR + 1)])
    }

    /// Writes what `totals` say of event `number`, if it ever happened. False if there is no such
    /// event.
    pub(super) fn line(
        &self,
        number: usize,
        totals: &Totals,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let Some(name) = name(number) else { return Ok(false) };
        let total = totals[number];
        if total > 0 {
            let since = |then: &Totals, seconds: u64| {
                Quotient::of(self.step(0)[number].saturating_sub(then[number]), seconds)
            };
            let (step, minute) = (since(self.step(1), STEP), since(self.step(MINUTE), 60));
            let hour = since(self.hour(), 3600);
            write!(out, "{name:<38} {step:>9.1}/sec {minute:>9.3}/sec {hour:>11.4}/sec")?;
            writeln!(out, "   total: {total}")?;
        }
        Ok(true)
    }
}

/// `coverage/show` while it is carried out: an event a step.
pub(super) struct CoverageJob {
    totals: Totals,
    next: usize,
}

impl CoverageJob {
    /// Begins to tell `totals`.
    pub(super) fn new(totals: Totals) -> Self {
        Self { totals, next: 0 }
    }

    /// Writes what comes next. False if that was all.
    pub(super) fn step(
        &mut self,
        coverage: &Coverage<'_>,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        if self.next == 0 {
            let never = self.totals.iter().filter(|total| **total == 0).count();
            write!(out, "Event coverage, avg rate over last: 5 seconds, last minute, last hour; ")?;
            writeln!(out, "{never} events never hit")?;
        }
        self.next += 1;
        coverage.line(self.next - 1, &self.totals, out)
    }
}
