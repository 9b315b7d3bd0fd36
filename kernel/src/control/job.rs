//! What takes more than one step to write.

use core::fmt::{self, Write};

use perf::events::{Dump, List};
use perf::json::{ShowEvent, ShowEvents};

use super::Control;
use super::coverage::CoverageJob;
use super::hwlat::{self, HwlatJob};
use super::self_test::SelfTest;
use super::tables::{Edit, Tables};
use crate::command::Format;
use crate::control::Orders;
use crate::machine::Machine;
use crate::show::{
    CaptureJob, ConfigDiffJob, ConfigJob, FlowsJob, IsolationJob, MetersJob, NicTestJob,
    PerfShowJob, PortJob, RulesJob, RxqsJob, SettingsJob, TraceJob,
};

/// An answer, or an event, that is being written.
pub(super) enum Job {
    PerfShow(PerfShowJob),
    Settings(SettingsJob),
    Config(ConfigJob),
    ConfigDiff(ConfigDiffJob),
    Events(List),
    EventsDocument(ShowEvents),
    Event(Dump),
    EventDocument(ShowEvent),
    SelfTest(SelfTest),
    Rules(RulesJob),
    Flows(FlowsJob),
    Trace(TraceJob),
    Meters(MetersJob),
    Coverage(CoverageJob),
    Rxqs(RxqsJob),
    Capture(CaptureJob),
    Port(PortJob),
    NicTest(NicTestJob),
    Hwlat(HwlatJob),
    Isolation(IsolationJob),
    /// A change of rules, and when it is given up.
    Edit(Edit, u64),
    /// A file that is to be applied, and when that is given up.
    Put(u64),
}

/// Why rules stay as they are.
pub(super) const UNSETTLED: &str =
    "error: a PMD did not take the last change over; nothing is changed";

impl Job {
    /// What disturbs each core, in words.
    pub(super) fn isolation() -> Self {
        Self::Isolation(IsolationJob::new(Format::Text))
    }

    /// Whether it has written the beginning of a line and not its end.
    pub(super) fn is_inside_line(&self) -> bool {
        match self {
            Self::PerfShow(job) => job.is_inside_line(),
            Self::Port(job) => job.is_inside_line(),
            Self::Isolation(job) => job.is_inside_line(),
            Self::EventsDocument(_) | Self::EventDocument(_) => true,
            Self::Settings(_)
            | Self::Config(_)
            | Self::ConfigDiff(_)
            | Self::Events(_)
            | Self::Event(_)
            | Self::SelfTest(_)
            | Self::Rules(_)
            | Self::Flows(_)
            | Self::Trace(_)
            | Self::Meters(_)
            | Self::Coverage(_)
            | Self::Rxqs(_)
            | Self::Capture(_)
            | Self::NicTest(_)
            | Self::Hwlat(_)
            | Self::Edit(..)
            | Self::Put(_) => false,
        }
    }
}

impl<O: Orders> Control<'_, O> {
    /// Writes a little more of what is being written.
    pub(super) fn go_on(&mut self, machine: &mut impl Machine) -> fmt::Result {
        let more = match self.job {
            Some(Job::Put(limit)) => self.apply_put(machine.log_levels(), machine.now() > limit),
            Some(Job::Config(_) | Job::ConfigDiff(_)) => self.step_config(machine.log_levels()),
            _ => self.step_job(machine),
        };
        if !more? {
            self.job = None;
        }
        Ok(())
    }

    fn step_job(&mut self, machine: &mut impl Machine) -> Result<bool, fmt::Error> {
        let Some(job) = &mut self.job else { return Ok(false) };
        let (out, events, base) = (&mut self.output, &self.events, &self.base);
        Ok(match job {
            Job::PerfShow(job) => {
                job.step(self.pmds, (self.rows, self.counted), (base, machine.now()), out)?
            }
            Job::Settings(job) => job.step(self.pmds, out)?,
            Job::Events(list) => list.line(events, base, out)?,
            Job::EventsDocument(document) => document.step(events, base, out)?,
            Job::Event(dump) => dump.line(events, base, out)?,
            Job::EventDocument(document) => document.step(events, base, out)?,
            Job::Rules(job) => job.step(&self.tables, out)?,
            Job::Flows(job) => job.step(self.pmds, &self.tables, (base, machine.now()), out)?,
            Job::Trace(job) => job.step(&self.tables, out)?,
            Job::Coverage(job) => job.step(&self.coverage, out)?,
            Job::Meters(job) => job.step(self.tables.meters, out)?,
            Job::NicTest(job) => job.step(machine, |port| self.links.resets(port), out)?,
            Job::Port(job) => job.step(machine, out)?,
            Job::Rxqs(job) => job.step(self.pmds, &self.rxqs, out)?,
            Job::Capture(job) => match &self.captures.asked {
                Some(asked) => job.step(self.pmds, asked, base, out)?,
                None => false,
            },
            Job::Edit(edit, limit) => apply(&mut self.tables, edit, machine.now() > *limit, out)?,
            Job::Put(_) | Job::Config(_) | Job::ConfigDiff(_) => false,
            Job::SelfTest(test) => test.step(self.pmds, base, machine, out)?,
            Job::Hwlat(job) => job.step(self.pmds, base, machine, out)?,
            Job::Isolation(job) => {
                job.step(machine, |core| hwlat::known(core, self.pmds, events), base, out)?
            }
        })
    }
}

/// Makes the change, unless a PMD does not know of the one before: then it is tried again until it
/// is too late. False once all is said.
fn apply(
    tables: &mut Tables,
    edit: &Edit,
    is_late: bool,
    out: &mut impl Write,
) -> Result<bool, fmt::Error> {
    match tables.edit(edit) {
        None if !is_late => return Ok(true),
        None => {
            writeln!(out, "{UNSETTLED}")?;
        }
        Some(Ok(())) => {}
        Some(Err(error)) => writeln!(out, "error: {}", error.of_command())?,
    }
    Ok(false)
}
