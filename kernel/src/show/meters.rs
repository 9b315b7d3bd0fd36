//! `dump-meters`: meters as they are set, and what passed them.

use core::fmt::{self, Write};

use dataplane::meter::Meter;

/// A list of meters that is being written.
pub struct MetersJob {
    next: usize,
    end: usize,
}

impl MetersJob {
    /// The list of this one, or of all.
    pub fn new(number: Option<u32>) -> Self {
        match number {
            Some(number) => Self { next: number as usize - 1, end: number as usize },
            None => Self { next: 0, end: usize::MAX },
        }
    }

    /// Writes the next of `meters`. False once all are written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(&mut self, meters: &[Meter], out: &mut impl Write) -> Result<bool, fmt::Error> {
        let rest = meters.iter().enumerate().take(self.end).skip(self.next);
        let mut set = rest.filter_map(|(place, meter)| Some((place + 1, meter.get()?)));
        let Some((number, (setting, passed, dropped))) = set.next() else { return Ok(false) };
        self.next = number;
        writeln!(out, "meter={number} {setting} passed={passed} dropped={dropped}")?;
        Ok(true)
    }
}
