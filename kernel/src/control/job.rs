//! What takes more than one step to write.

use core::fmt;

use perf::events::{Dump, List};
use perf::json::{ShowEvent, ShowEvents};

use super::Control;
use super::self_test::SelfTest;
use crate::control::Orders;
use crate::machine::Machine;
use crate::show::{PerfShowJob, SettingsJob};

/// An answer, or an event, that is being written.
pub(super) enum Job {
    PerfShow(PerfShowJob),
    Settings(SettingsJob),
    Events(List),
    EventsDocument(ShowEvents),
    Event(Dump),
    EventDocument(ShowEvent),
    SelfTest(SelfTest),
}

impl Job {
    /// Whether it has written the beginning of a line and not its end.
    pub(super) fn is_inside_line(&self) -> bool {
        match self {
            Self::PerfShow(job) => job.is_inside_line(),
            Self::EventsDocument(_) | Self::EventDocument(_) => true,
            Self::Settings(_) | Self::Events(_) | Self::Event(_) | Self::SelfTest(_) => false,
        }
    }
}

impl<O: Orders> Control<'_, O> {
    /// Writes a little more of what is being written.
    pub(super) fn go_on(&mut self, machine: &mut impl Machine) -> fmt::Result {
        let Some(job) = &mut self.job else { return Ok(()) };
        let (out, events, base) = (&mut self.output, &self.events, &self.base);
        let more = match job {
            Job::PerfShow(job) => {
                job.step(self.pmds, (self.rows, self.counted), (base, machine.now()), out)?
            }
            Job::Settings(job) => job.step(self.pmds, out)?,
            Job::Events(list) => list.line(events, base, out)?,
            Job::EventsDocument(document) => document.step(events, base, out)?,
            Job::Event(dump) => dump.line(events, base, out)?,
            Job::EventDocument(document) => document.step(events, base, out)?,
            Job::SelfTest(test) => test.step(self.pmds, base, machine, out)?,
        };
        if !more {
            self.job = None;
        }
        Ok(())
    }
}
