//! Requests of programs, and the marks around their answers.
//!
//! Within an answer stands nothing else: notices, events and frames wait for its end.

use core::fmt::{self, Write};

use heapless::String;
use perf::request::{Mark, Reply, Request, TAG};

use super::{Control, Orders};
use crate::machine::Machine;

/// A request whose answer is being written.
pub(super) struct Pending {
    tag: String<TAG>,
    /// Errors that had been told before.
    errors: u64,
}

impl<O: Orders> Control<'_, O> {
    /// Does what `line` asks for, which a person or a program typed.
    pub(super) fn obey(&mut self, line: &str, machine: &mut impl Machine) -> fmt::Result {
        let request = Request::read(line);
        if request.is_some() {
            // A program needs no line that is kept quiet for it.
            self.heard = 0;
        }
        match request {
            None => self.execute(line, machine),
            Some(Err(tag)) => writeln!(self.output, "{}", Reply { tag, mark: Mark::Garbled }),
            Some(Ok(Request { tag, command })) => {
                writeln!(self.output, "{}", Reply { tag, mark: Mark::Begins })?;
                let tag = String::try_from(tag).unwrap_or_default();
                self.asked = Some(Pending { tag, errors: self.output.errors() });
                self.execute(command, machine)
            }
        }
    }

    /// Marks the end of the answer that was given, if it is one to a request. False if not.
    pub(super) fn end_answer(&mut self) -> Result<bool, fmt::Error> {
        let Some(Pending { tag, errors }) = self.asked.take() else { return Ok(false) };
        let mark = if self.output.errors() == errors { Mark::Done } else { Mark::Failed };
        writeln!(self.output, "{}", Reply { tag: &tag, mark })?;
        Ok(true)
    }

    /// Marks that the answer ends in the middle.
    pub(super) fn stop_answer(&mut self) -> fmt::Result {
        let Some(Pending { tag, .. }) = self.asked.take() else { return Ok(()) };
        writeln!(self.output, "{}", Reply { tag: &tag, mark: Mark::Stopped })
    }
}
