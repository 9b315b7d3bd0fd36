//! *Suspicious iteration* and its neighbourhood.

use std::collections::BTreeMap;

use perf::stream::{Heading, Row, Suspect, Whole};
use perf::suspicion::REASONS;
use perf::{Iteration, Reasons};

use super::number;
use crate::recording::Event;

/// What was read of them.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    pub(super) events: BTreeMap<u64, Event>,
    /// Lines had what only Barecore writes.
    pub(super) is_barecore: bool,
    /// The event of each core that was announced and has no rows yet.
    open: BTreeMap<u16, u64>,
    /// The event that rows belong to.
    listed: Option<u64>,
    /// Counts of the time-stamp counter and nanoseconds since boot, where lines tell both: the first and the last.
    moments: Option<[(u64, u64); 2]>,
    /// Microseconds of the longest, its event and its number.
    longest: (u64, u64, u64),
}

impl Suspects {
    /// Takes `line` if it is of the kind.
    pub(super) fn take(&mut self, line: &str) -> bool {
        if let Some((head, rest)) = line.split_once("Suspicious iteration (") {
            self.announced(core(head), rest);
            return true;
        }
        if let Some((head, _)) = line.split_once("Neighborhood of suspicious iteration:") {
            let core = core(head);
            let only = self.open.keys().next().copied();
            self.listed = core.or(only).and_then(|core| self.open.remove(&core));
            return true;
        }
        let Some(row) = self.listed.and_then(|_| row(line)) else {
            return false;
        };
        let event = self.listed.and_then(|number| self.events.get_mut(&number));
        event.into_iter().for_each(|event| event.rows.push(row));
        true
    }

    fn announced(&mut self, core: Option<u16>, rest: &str) {
        let Some((reasons, fields)) = rest.split_once("):") else { return };
        let field = |name: &str| number(fields.split_once(name)?.1);
        let (Some(iteration), Some(micros)) = (field(" iter="), field(" duration=")) else {
            return;
        };
        let told = field(" event=");
        self.is_barecore |= told.is_some();
        let core = field(" core=").and_then(|core| core.try_into().ok()).or(core).unwrap_or(0);
        if let (Some(tsc), Some(nanos)) = (field(" tsc="), field(" boot_ns=")) {
            self.moments.get_or_insert([(tsc, nanos); 2])[1] = (tsc, nanos);
        }
        let next = self.events.last_key_value().map_or(1, |(last, _)| last.wrapping_add(1));
        let event = told.unwrap_or_else(|| self.open.get(&core).copied().unwrap_or(next));
        self.open.insert(core, event);
        self.listed = None;
        if micros > self.longest.0 {
            self.longest = (micros, event, iteration);
        }
        let suspect = suspect((event, core), (iteration, field(" tsc=")), words(reasons));
        self.events.entry(event).or_default().suspects.push(suspect);
    }

    /// All lines were read: rows are put in order, and tell what is known of their suspects.
    pub(super) fn end(&mut self) {
        self.events.values_mut().for_each(complete);
    }

    /// Cycles in a second: from moments, or from the longest iteration of which a row tells the cycles.
    pub(super) fn hertz(&self) -> Option<u64> {
        self.speed().or_else(|| {
            let (micros, event, number) = self.longest;
            let rows = &self.events.get(&event)?.rows;
            quotient(rows.iter().find(|row| row.number == number)?.cycles, 1_000_000, micros)
        })
    }

    /// The count of the time-stamp counter at boot, where that can be told.
    pub(super) fn boot(&self, hertz: u64) -> Option<u64> {
        let [(tsc, nanos), _] = self.moments?;
        Some(tsc.saturating_sub(quotient(hertz, nanos, NANOS)?))
    }

    fn speed(&self) -> Option<u64> {
        let [(first, from), (last, to)] = self.moments?;
        quotient(last.checked_sub(first)?, NANOS, to.checked_sub(from)?)
    }
}

const NANOS: u64 = 1_000_000_000;

/// `number * factor / divisor`; nothing if that is 0 or no number.
fn quotient(number: u64, factor: u64, divisor: u64) -> Option<u64> {
    let quotient = (u128::from(number) * u128::from(factor)).checked_div(divisor.into())?;
    u64::try_from(quotient).ok().filter(|quotient| *quotient > 0)
}

fn suspect(
    (event, core): (u64, u16),
    (number, tsc): (u64, Option<u64>),
    reasons: Reasons,
) -> Suspect {
    let mut iteration = Iteration::default();
    (iteration.number, iteration.start, iteration.reasons) = (number, tsc.unwrap_or(0), reasons);
    let readings = perf::stolen::Readings::default();
    Suspect { event, core, iteration, has_rooms: false, readings, loss: None }
}

/// Puts rows in order, lays them out in time, and tells suspects what rows say.
fn complete(event: &mut Event) {
    event.rows.sort_by_key(|row| row.number);
    let suspect = event.suspects.first().map(|suspect| suspect.iteration).unwrap_or_default();
    let before = event.rows.iter().take_while(|row| row.number < suspect.number);
    let mut start = before.fold(suspect.start, |start, row| start.wrapping_sub(row.cycles));
    if suspect.start == 0 {
        start = 0;
    }
    for row in &mut event.rows {
        row.start = start;
        start = start.wrapping_add(row.cycles);
    }
    for suspect in &mut event.suspects {
        let own = &mut suspect.iteration;
        let Some(row) = event.rows.iter().find(|row| row.number == own.number) else { continue };
        let start = if own.start == 0 { row.start } else { own.start };
        let reasons = own.reasons;
        *own = *row;
        (own.start, own.reasons) = (start, reasons);
    }
    let (suspects, rows) = (event.suspects.len() as u64, event.rows.len() as u64);
    let whole = Whole { event: 0, suspects, rows, missing: 0, is_cut: false };
    event.whole = (rows > 0).then_some(whole);
}

/// The reasons whose words `text` has.
fn words(text: &str) -> Reasons {
    let text = text.to_ascii_lowercase();
    let held = REASONS.iter().filter(|reason| text.contains(&reason.words.to_ascii_lowercase()));
    held.fold(Reasons::none(), |all, reason| all.and(reason.is))
}

/// The core of the thread that wrote a line of ovs-vswitchd's log: `(pmd-c04/id:8)`.
fn core(head: &str) -> Option<u16> {
    number(head.split_once("(pmd-c")?.1)?.try_into().ok()
}

/// An iteration from the columns of the iteration history.
fn row(line: &str) -> Option<Iteration> {
    let cells: Option<Vec<u64>> = line.split_whitespace().map(|cell| cell.parse().ok()).collect();
    let [number, cycles, packets, _, per_batch, fill, upcalls, per_upcall] = *cells? else {
        return None;
    };
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let row = Row {
        skipped: 0,
        apart: 0,
        cycles,
        packets: small(packets),
        batches: small(packets.checked_div(per_batch).unwrap_or(0)),
        fill: small(fill),
        upcalls: small(upcalls),
        upcall_cycles: upcalls.saturating_mul(per_upcall),
    };
    let mut heading = Heading { event: 0, number: number.wrapping_sub(1), end: 0 };
    Some(row.iteration(&mut heading))
}
