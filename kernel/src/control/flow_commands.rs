//! Commands about rules and megaflows.

use core::fmt::{self, Write};

use dataplane::rules::{self, Filter};
use heapless::String;

use super::job::Job;
use super::tables::{Change, Edit};
use super::{Control, Orders};
use crate::show::{self, FlowsJob, MetersJob, RulesJob, TraceJob};

impl<O: Orders> Control<'_, O> {
    pub(super) fn add_flow(&mut self, text: &str, now: u64) -> fmt::Result {
        self.edit(Change::Add, text, now)
    }

    pub(super) fn replace_flows(&mut self, text: &str, now: u64) -> fmt::Result {
        self.edit(Change::Replace, text, now)
    }

    pub(super) fn del_flows(&mut self, text: &str, now: u64) -> fmt::Result {
        self.edit(Change::Delete, text, now)
    }

    pub(super) fn dump_flows(&mut self, text: &str) -> fmt::Result {
        self.job = self.filter(text)?.map(|filter| Job::Rules(RulesJob::new(filter)));
        Ok(())
    }

    /// Has the change made as soon as all PMDs know of the last one, or in a second given up.
    fn edit(&mut self, change: Change, text: &str, now: u64) -> fmt::Result {
        let Ok(text) = String::try_from(text) else { return Ok(()) };
        let limit = now.saturating_add(self.base.hertz);
        self.job = Some(Job::Edit(Edit { change, text }, limit));
        Ok(())
    }

    /// The rules that `text` is about; none if it is wrong, which is told.
    fn filter(&mut self, text: &str) -> Result<Option<Filter>, fmt::Error> {
        match rules::parse_filter(text) {
            Ok(filter) => Ok(Some(filter)),
            Err(fault) => writeln!(self.output, "error: {fault}").map(|()| None),
        }
    }

    /// Has a meter count from now on. PMDs see that at once.
    pub(super) fn add_meter(&mut self, text: &str) -> fmt::Result {
        match rules::parse_meter(text) {
            Ok((number, setting)) => {
                self.tables.set_meter(number, &setting);
                Ok(())
            }
            Err(fault) => writeln!(self.output, "error: {fault}"),
        }
    }

    pub(super) fn del_meters(&mut self, text: &str) -> fmt::Result {
        let Some(number) = self.meter_number(text)? else { return Ok(()) };
        let meters = self.tables.meters.iter().zip(1..);
        let chosen = meters.filter(|(_, own)| number.is_none_or(|number| number == *own));
        chosen.for_each(|(meter, _)| meter.set(None, self.base.hertz));
        Ok(())
    }

    pub(super) fn dump_meters(&mut self, text: &str) -> fmt::Result {
        let number = self.meter_number(text)?;
        self.job = number.map(|number| Job::Meters(MetersJob::new(number)));
        Ok(())
    }

    /// The meter that `text` is about, or all; nothing if it is wrong, which is told.
    fn meter_number(&mut self, text: &str) -> Result<Option<Option<u32>>, fmt::Error> {
        match rules::parse_meter_number(text) {
            Ok(number) => Ok(Some(number)),
            Err(fault) => writeln!(self.output, "error: {fault}").map(|()| None),
        }
    }

    pub(super) fn dump_megaflows(&mut self, core: Option<usize>) -> fmt::Result {
        if self.is_wrong(core) {
            return self.no_pmd(core);
        }
        self.job = Some(Job::Flows(FlowsJob::new(core)));
        Ok(())
    }

    pub(super) fn trace(&mut self, text: &str) -> fmt::Result {
        let Some(filter) = self.filter(text)? else { return Ok(()) };
        let (value, mask) = filter.packets();
        let (packet, said) = show::packet(value, mask);
        self.job = Some(Job::Trace(TraceJob::new(packet, said)));
        Ok(())
    }
}
