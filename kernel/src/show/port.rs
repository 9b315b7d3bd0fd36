//! `show port N regs` and `show port N counters`: what its card holds and counts, a few lines a step.

use core::fmt::{self, Display, Formatter, Write};

use perf::json::{Pen, VERSION};
use serde::Serialize;

use crate::command::Format;
use crate::machine::{Counter, Machine, Register};

/// Rows of one step.
const ROWS: usize = 16;

/// What of a card is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Its registers.
    Registers,
    /// Its counters.
    Counters,
}

/// The command while it is carried out.
pub struct PortJob {
    port: usize,
    inside: Inside,
    /// The document that is being written, if it is one.
    pen: Option<Pen>,
    format: Format,
    next: usize,
}

impl PortJob {
    /// Begins to show the `inside` of the card of `port`.
    pub fn new(port: usize, inside: Inside, format: Format) -> Self {
        Self { port, inside, pen: None, format, next: 0 }
    }

    /// Whether it has written the beginning of a line and not its end.
    pub fn is_inside_line(&self) -> bool {
        self.pen.is_some()
    }

    /// Writes a little more. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(
        &mut self,
        machine: &impl Machine,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        if self.format == Format::Json && self.pen.is_none() {
            self.pen = Some(self.begin(out)?);
        }
        for _ in 0..ROWS {
            let more = match self.inside {
                Inside::Registers => self.row(machine.register(self.port, self.next), out)?,
                Inside::Counters => self.row(machine.counter(self.port, self.next), out)?,
            };
            if !more {
                self.end(out)?;
                return Ok(false);
            }
            self.next += 1;
        }
        Ok(true)
    }

    fn begin(&self, out: &mut impl Write) -> Result<Pen, fmt::Error> {
        let (schema, key) = match self.inside {
            Inside::Registers => ("barecore.show-port-regs", "registers"),
            Inside::Counters => ("barecore.show-port-counters", "counters"),
        };
        let mut pen = Pen::begin(schema, VERSION, out)?;
        pen.member("port", &self.port, out)?;
        pen.array(key, out)?;
        Ok(pen)
    }

    fn row<R: Display + Serialize>(
        &mut self,
        row: Option<R>,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let Some(row) = row else { return Ok(false) };
        match &mut self.pen {
            Some(pen) => pen.element(&row, out)?,
            None => writeln!(out, "{row}")?,
        }
        Ok(true)
    }

    fn end(&mut self, out: &mut impl Write) -> fmt::Result {
        match self.pen.take() {
            Some(mut pen) => {
                pen.end_array(out)?;
                pen.end(out)
            }
            None if self.next == 0 => {
                writeln!(out, "the card of port {} does not tell any", self.port)
            }
            None => Ok(()),
        }
    }
}

/// A name, and which of several it is.
struct Name(&'static str, Option<u16>);

impl Display for Name {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)?;
        self.1.map_or(Ok(()), |queue| write!(out, "[{queue}]"))
    }
}

impl Display for Register {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, queue, offset, value } = *self;
        write!(out, "{} {offset:#07x}={value:#010x}", Name(name, queue))
    }
}

impl Display for Counter {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", Name(self.name, self.queue), self.count)
    }
}
