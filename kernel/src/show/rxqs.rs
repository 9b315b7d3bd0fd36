//! `pmd-rxq-show`: who polls which receive queue, and how much of its time that takes, as Open vSwitch
//! tells it.

use core::fmt::{self, Display, Formatter, Write};

use perf::json::{Pen, VERSION};
use serde::Serialize;

use crate::balance::window;
use crate::command::{Format, ShowRxqs};
use crate::control::{Pmd, Rxqs, Usage};

/// The command while it is carried out: a PMD a step.
pub struct RxqsJob {
    core: Option<usize>,
    /// The window, in seconds.
    seconds: u32,
    format: Format,
    /// The first line is still to be told.
    is_new: bool,
    /// The PMD to look at next, by its place among all.
    next: usize,
}

impl RxqsJob {
    /// Begins to show what `wish` asks for.
    pub fn new(wish: ShowRxqs) -> Self {
        let ShowRxqs { core, seconds, format } = wish;
        let is_new = format == Format::Text;
        Self { core, seconds: window(seconds), format, is_new, next: 0 }
    }

    /// Writes a little more. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(
        &mut self,
        pmds: &[Pmd<O>],
        rxqs: &Rxqs,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        if core::mem::take(&mut self.is_new) {
            writeln!(out, "Displaying last {} seconds pmd usage %", self.seconds)?;
            return Ok(true);
        }
        let wanted = |pmd: &Pmd<O>| self.core.is_none_or(|core| core == pmd.core());
        let mut rest = pmds.iter().enumerate().skip(self.next);
        let Some((place, pmd)) = rest.find(|(_, pmd)| wanted(pmd)) else { return Ok(false) };
        self.next = place + 1;
        let share = Share { place, core: pmd.core(), node: pmd.node(), seconds: self.seconds };
        match self.format {
            Format::Text => share.text(rxqs, out)?,
            Format::Json => share.document(rxqs, out)?,
        }
        Ok(true)
    }
}

/// A PMD that is told of.
struct Share {
    place: usize,
    core: usize,
    node: u8,
    seconds: u32,
}

impl Share {
    fn text(&self, rxqs: &Rxqs, out: &mut impl Write) -> fmt::Result {
        let Self { place, core, node, seconds } = *self;
        writeln!(out, "pmd thread numa_id {node} core_id {core}:")?;
        writeln!(out, "  isolated : {}", rxqs.is_isolated(place))?;
        for queue in rxqs.of(place) {
            let ((port, number), usage) = (queue.name(), rxqs.usage(queue, seconds));
            write!(out, "  port: {port:<16}  queue-id: {number:2} (enabled)   pmd usage: ")?;
            writeln!(out, "{}", Percent(usage))?;
        }
        if rxqs.of(place).next().is_some() {
            writeln!(out, "  overhead: {}", Percent(rxqs.overhead(place, seconds)))?;
        }
        Ok(())
    }

    fn document(&self, rxqs: &Rxqs, out: &mut impl Write) -> fmt::Result {
        let Self { place, core, node, seconds } = *self;
        let mut pen = Pen::begin("barecore.pmd-rxq-show", VERSION, out)?;
        let head = Head {
            numa_id: node,
            core_id: core,
            window_s: seconds,
            is_isolated: rxqs.is_isolated(place),
            overhead_percent: rxqs.overhead(place, seconds),
        };
        pen.members(&head, out)?;
        pen.array("queues", out)?;
        for queue in rxqs.of(place) {
            let (port, queue_id) = queue.name();
            let pmd_usage_percent = rxqs.usage(queue, seconds);
            pen.element(&QueueRow { port, queue_id, pmd_usage_percent }, out)?;
        }
        pen.end_array(out)?;
        pen.end(out)
    }
}

#[derive(Serialize)]
struct Head {
    numa_id: u8,
    core_id: usize,
    window_s: u32,
    is_isolated: bool,
    overhead_percent: Usage,
}

#[derive(Serialize)]
struct QueueRow {
    port: u16,
    queue_id: u16,
    pmd_usage_percent: Usage,
}

/// A share in percent.
struct Percent(Usage);

impl Display for Percent {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(percent) => write!(out, "{percent:2} %"),
            None => out.write_str("NOT AVAIL"),
        }
    }
}
