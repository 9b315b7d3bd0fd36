//! Printing by polling, for when nothing else works any more.

use core::fmt;
use core::hint::spin_loop;

use uart_16550::backend::Backend;

use crate::{Chip, Port};

/// Polls in which the chip has to take at least one byte: about a second, a read taking a
/// microsecond.
const POLLS: u32 = 1_000_000;

/// Writes all it is given, waiting for the line. Once the line has stood still for a second, it
/// gives up for good: every further byte is refused at once.
pub struct Insist<'a, B: Backend = Chip> {
    port: &'a mut Port<B>,
    is_stuck: bool,
}

impl<'a, B: Backend> Insist<'a, B> {
    pub(crate) fn on(port: &'a mut Port<B>) -> Self {
        Self { port, is_stuck: false }
    }

    /// Sends `bytes` as they are; an error if the line is stuck.
    pub fn bytes(&mut self, mut bytes: &[u8]) -> fmt::Result {
        while !bytes.is_empty() {
            let sent = self.some_of(bytes);
            bytes = &bytes[sent..];
            if self.is_stuck {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }

    /// Waits until all is on the line, down to the chip's last byte: what comes next may turn it off.
    /// An error if the line is stuck.
    pub fn finish(&mut self) -> fmt::Result {
        let polls = if self.is_stuck { 0 } else { POLLS };
        let is_done = (0..polls).any(|_| {
            spin_loop();
            self.port.is_done()
        });
        self.is_stuck |= !is_done;
        if is_done { Ok(()) } else { Err(fmt::Error) }
    }

    /// Polls until the chip takes something. Returns how many bytes it took.
    fn some_of(&mut self, bytes: &[u8]) -> usize {
        for _ in 0..if self.is_stuck { 0 } else { POLLS } {
            let sent = self.port.write(bytes);
            if sent > 0 {
                return sent;
            }
            spin_loop();
        }
        self.is_stuck = true;
        0
    }
}

/// Text: each line feed is sent as carriage return and line feed.
impl<B: Backend> fmt::Write for Insist<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            match part.strip_suffix('\n') {
                None => self.bytes(part.as_bytes())?,
                Some(line) => {
                    self.bytes(line.as_bytes())?;
                    self.bytes(b"\r\n")?;
                }
            }
        }
        Ok(())
    }
}
