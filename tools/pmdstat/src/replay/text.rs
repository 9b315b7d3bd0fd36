//! A replay as text: what the console would have shown.

use std::io::{self, Write};

use perf::Settings;
use perf::Timebase;
use perf::events::Accounts;
use perf::report::{Column, Heading, Histograms, Overall};

use super::{Counted, Report, Told};

/// Writes text.
pub(super) struct Text<W>(pub(super) W);

impl<W: Write> Report for Text<W> {
    fn begin(&mut self, _: usize, _: &Settings, _: &Timebase) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, told: &Told<'_>) -> io::Result<()> {
        let (mut dump, mut text) = (told.dump, String::new());
        while dump.line(told.events, told.base, &mut text).map_err(io::Error::other)? {}
        self.0.write_all(text.as_bytes())
    }

    fn narrowed(&mut self, _: u64, _: u64, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn accounts(&mut self, accounts: &Accounts) -> io::Result<()> {
        writeln!(self.0, "{accounts}")
    }

    fn figures(&mut self, figures: &Counted<'_>) -> io::Result<()> {
        let Counted { counted, between: [from, now], base, core, settings, .. } = *figures;
        let duration = now - from;
        write!(self.0, "{}", Heading { core, node: 0, now, duration, base })?;
        write!(self.0, "{}", Overall { counted, duration, hertz: base.hertz })?;
        if settings.metrics {
            write!(self.0, "\n{}", Histograms(&Column::of(counted)))?;
        }
        Ok(())
    }
}
