//! What takes more than one step to write.

use core::fmt;

use perf::events::{Dump, List};

use super::Control;
use super::self_test::SelfTest;
use crate::control::Orders;
use crate::machine::Machine;
use crate::show::PerfShowJob;

/// An answer, or an event, that is being written.
pub(super) enum Job {
    PerfShow(PerfShowJob),
    Events(List),
    Event(Dump),
    SelfTest(SelfTest),
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
            Job::Events(list) => list.line(events, base, out)?,
            Job::Event(dump) => dump.line(events, base, out)?,
            Job::SelfTest(test) => test.step(self.pmds, base, machine, out)?,
        };
        if !more {
            self.job = None;
        }
        Ok(())
    }
}
