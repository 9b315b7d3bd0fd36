//! Rules and megaflows as lists, and what a packet would meet: a line or some a step.

use core::fmt::{self, Write};

use dataplane::field::Id;
use dataplane::flow::Megaflow;
use dataplane::key::{Key, Mask};
use dataplane::rules::{Filter, Match, View};
use dataplane::translate::{RESUBMITS, Trace, Translation, translate};
use perf::Timebase;

use crate::control::{Pmd, Tables};

/// Places for flows that are looked at in one step at most.
const PLACES: u32 = 1024;

/// `dump-flows` while it is carried out: a rule a step.
pub struct RulesJob {
    filter: Filter,
    next: usize,
}

impl RulesJob {
    /// Begins to list rules that `filter` admits.
    pub fn new(filter: Filter) -> Self {
        Self { filter, next: 0 }
    }

    /// Writes the next rule. False if there was none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(&mut self, tables: &Tables, out: &mut impl Write) -> Result<bool, fmt::Error> {
        let Some(rule) = tables.rules().rule(self.next) else { return Ok(false) };
        self.next += 1;
        if self.filter.admits(&rule) {
            let (packets, bytes) = rule.hits;
            writeln!(out, "n_packets={packets},n_bytes={bytes},{rule}")?;
        }
        Ok(true)
    }
}

/// `dpctl/dump-flows` while it is carried out: a flow a step.
pub struct FlowsJob {
    core: Option<usize>,
    /// The PMD, by its place among all, and the place of the flow, that come next.
    next: (usize, u32),
}

impl FlowsJob {
    /// Begins to list the flows of the PMD on `core`, or of all.
    pub fn new(core: Option<usize>) -> Self {
        Self { core, next: (0, 0) }
    }

    /// Writes the next flow, if there is one soon. False if there is none left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(
        &mut self,
        pmds: &[Pmd<O>],
        tables: &Tables,
        (base, now): (&Timebase, u64),
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        for _ in 0..PLACES {
            let (number, place) = self.next;
            let Some(pmd) = pmds.get(number) else { return Ok(false) };
            let is_wanted = self.core.is_none_or(|core| core == pmd.core());
            if !is_wanted || place as usize >= pmd.flows().capacity() {
                self.next = (number + 1, 0);
                continue;
            }
            self.next.1 += 1;
            if let Some(flow) = pmd.flows().read(place) {
                write!(out, "core {}: ", pmd.core())?;
                return megaflow(&flow, tables, (base, now), out).map(|()| true);
            }
        }
        Ok(true)
    }
}

fn megaflow(
    flow: &Megaflow,
    tables: &Tables,
    (base, now): (&Timebase, u64),
    out: &mut impl Write,
) -> fmt::Result {
    let Megaflow { key, mask, packets, bytes, used, .. } = flow;
    let age = base.micros(now.saturating_sub(*used)) / 1000;
    let (seconds, millis) = (age / 1000, age % 1000);
    write!(out, "{}, packets:{packets}, bytes:{bytes}, ", Match { value: key, mask })?;
    write!(out, "used:{seconds}.{millis:03}s, actions:")?;
    // What it does is known from the rules, unless they have changed and it is about to go.
    let said = translate(tables.world(), key, &mut ());
    match said.program.fingerprint() == flow.actions {
        true => writeln!(out, "{}", said.program),
        false => writeln!(out, "(of rules that have changed)"),
    }
}

/// `ofproto/trace` while it is carried out: a table a step.
pub struct TraceJob {
    packet: Key,
    /// What was said of the packet.
    said: Mask,
    next: usize,
}

impl TraceJob {
    /// Begins to tell what a packet of this key would meet, of which `said` was said.
    pub fn new(packet: Key, said: Mask) -> Self {
        Self { packet, said, next: 0 }
    }

    /// Writes what the packet meets next. False if that was all.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(&mut self, tables: &Tables, out: &mut impl Write) -> Result<bool, fmt::Error> {
        if self.next == 0 {
            writeln!(out, "Flow: {}", Match { value: &self.packet, mask: &self.said })?;
        }
        let mut one = One { rest: self.next, out, written: None };
        let translation = translate(tables.world(), &self.packet, &mut one);
        self.next += 1;
        match one.written {
            Some(written) if self.next <= RESUBMITS => written.map(|()| true),
            _ => self.end(&translation, out).map(|()| false),
        }
    }

    fn end(&self, translation: &Translation, out: &mut impl Write) -> fmt::Result {
        let Translation { mask, program, heard, .. } = translation;
        if let Some(station) = heard {
            writeln!(out, "Learns: port {} vlan {}", station.port, station.vlan)?;
        }
        writeln!(out, "Megaflow: {}", Match { value: &self.packet, mask })?;
        writeln!(out, "Datapath actions: {program}")
    }
}

/// Writes one of the rules that a packet meets, after a number of others.
struct One<'a, W> {
    rest: usize,
    out: &'a mut W,
    written: Option<fmt::Result>,
}

impl<W: Write> Trace for One<'_, W> {
    fn met(&mut self, table: u8, rule: Option<&View<'_>>) {
        if self.rest == 0 && self.written.is_none() {
            self.written = Some(match rule {
                Some(rule) => writeln!(self.out, "{table:2}. {rule}"),
                None => writeln!(self.out, "{table:2}. no rule fits"),
            });
        }
        self.rest = self.rest.saturating_sub(1);
    }
}

/// The packet that a match describes: all that it says, and that it comes for the first time.
pub fn packet(value: &Key, mask: &Mask) -> (Key, Mask) {
    let mut said = *mask;
    Id::InPort.look_at(&mut said);
    (*value, said)
}
