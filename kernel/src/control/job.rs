//! What takes more than one step to write.

use core::fmt;

use super::Control;
use crate::control::Orders;
use crate::events::{Dump, List};
use crate::machine::Machine;
use crate::show::PerfShowJob;

/// An answer, or an event, that is being written.
#[expect(clippy::large_enum_variant, reason = "there is one job at a time, and no heap")]
pub(super) enum Job {
    PerfShow(PerfShowJob),
    Events(List),
    Event(Dump),
}

impl<O: Orders> Control<'_, O> {
    /// Writes a little more of what is being written.
    pub(super) fn go_on(&mut self, machine: &impl Machine) -> fmt::Result {
        let Some(job) = &mut self.job else { return Ok(()) };
        let (out, events, clock) = (&mut self.output, &self.events, &self.clock);
        let more = match job {
            Job::PerfShow(job) => job.step(self.pmds, self.rows, (clock, machine.now()), out)?,
            Job::Events(list) => list.line(events, clock, out)?,
            Job::Event(dump) => dump.line(events, clock, out)?,
        };
        if !more {
            self.job = None;
        }
        Ok(())
    }
}
