//! `nictest N`: all that a lab needs to know of a card, in one log: what it is, its link, all registers,
//! what it counts, and what came back of frames that it sent to itself at boot.

use core::fmt::{self, Write};
use core::ops::Range;

use super::port::{Inside, PortJob};
use super::ports::{checksum_line, link_lines};
use crate::command::Format;
use crate::machine::{Checksum, Machine};

/// The command while it is carried out.
pub struct NicTestJob {
    /// Ports that are still to be told of.
    ports: Range<usize>,
    stage: Stage,
}

enum Stage {
    Head,
    Registers(PortJob),
    Counters(PortJob),
    End,
}

impl NicTestJob {
    /// Begins to tell of the cards of `ports`.
    pub fn new(ports: Range<usize>) -> Self {
        Self { ports, stage: Stage::Head }
    }

    /// Writes a little more; `resets` says how often the link of a port went up or down. False if there was
    /// nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(
        &mut self,
        machine: &impl Machine,
        resets: impl Fn(usize) -> u64,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let port = self.ports.start;
        if self.ports.is_empty() {
            return Ok(false);
        }
        let part = |inside| PortJob::new(port, inside, Format::Text);
        match &mut self.stage {
            Stage::Head => {
                head(machine, (port, resets(port)), out)?;
                writeln!(out, "registers:")?;
                self.stage = Stage::Registers(part(Inside::Registers));
            }
            Stage::Registers(job) => {
                if !job.step(machine, out)? {
                    writeln!(out, "counters:")?;
                    self.stage = Stage::Counters(part(Inside::Counters));
                }
            }
            Stage::Counters(job) => {
                if !job.step(machine, out)? {
                    self.stage = Stage::End;
                }
            }
            Stage::End => {
                let loopback = machine.loopback(port);
                writeln!(out, "loopback: {loopback}")?;
                let verdict = match machine.checksum(port) {
                    Some(Checksum::Wrong { .. }) => "FAIL",
                    _ => loopback.verdict(),
                };
                writeln!(out, "nictest port {port}: {verdict}")?;
                (self.stage, self.ports.start) = (Stage::Head, port + 1);
            }
        }
        Ok(true)
    }
}

/// What a card is, and its link.
fn head(
    machine: &impl Machine,
    (number, resets): (usize, u64),
    out: &mut impl Write,
) -> fmt::Result {
    let Some(port) = machine.port(number) else { return Ok(()) };
    write!(out, "nictest port {number}: {} {} {} ", port.place, port.driver, port.mac)?;
    writeln!(out, "{}", machine.identity(number).unwrap_or_default())?;
    checksum_line(machine, number, out)?;
    link_lines(machine, (number, port.link, resets), out)
}
