//! A replay as documents of JSON, one a line: those that the console writes, and a few of its own.

use std::io::{self, Write};

use perf::events::Accounts;
use perf::json::{Fates, Figures, LogShow, Pen, PerfShow, ShowEvent, VERSION, Wanted};
use perf::settings::Lasting;
use perf::{Settings, Timebase};
use serde::Serialize;

use super::{Counted, Report, Told};

/// What is shown of what was counted: a trace is a history by itself.
const WANTED: Wanted = Wanted { histograms: true, iterations: false, milliseconds: None };

/// Writes JSON.
pub(super) struct Json<W>(pub(super) W);

#[derive(Serialize)]
struct Begin {
    tsc_hz: u64,
    start_tsc: String,
}

#[derive(Serialize)]
struct Narrowed {
    event: u64,
    iteration_rows: u64,
    from_iteration: u64,
}

#[derive(Serialize)]
struct Ended {
    accounts: Fates,
}

impl<W: Write> Json<W> {
    /// Writes a document that has nothing but these `members`.
    fn document(&mut self, schema: &'static str, members: &impl Serialize) -> io::Result<()> {
        self.write(|out| {
            let mut pen = Pen::begin(schema, VERSION, out)?;
            pen.members(members, out)?;
            pen.end(out)
        })
    }

    fn write(
        &mut self,
        tell: impl FnOnce(&mut String) -> Result<(), std::fmt::Error>,
    ) -> io::Result<()> {
        let mut text = String::new();
        tell(&mut text).map_err(io::Error::other)?;
        self.0.write_all(text.as_bytes())
    }
}

impl<W: Write> Report for Json<W> {
    fn begin(&mut self, core: usize, settings: &Settings, base: &Timebase) -> io::Result<()> {
        let begin = Begin { tsc_hz: base.hertz, start_tsc: base.boot.to_string() };
        self.document("barecore.replay", &begin)?;
        let all = std::iter::once((core, *settings));
        let shown = LogShow { core, node: 0, settings, auto: 0 };
        self.write(|out| shown.write(&Lasting(&all), out))
    }

    fn event(&mut self, told: &Told<'_>) -> io::Result<()> {
        let mut document = ShowEvent::new(told.dump);
        self.write(|out| {
            while document.step(told.events, told.base, out)? {}
            Ok(())
        })
    }

    fn narrowed(&mut self, event: u64, rows: u64, iteration: u64) -> io::Result<()> {
        let narrowed = Narrowed { event, iteration_rows: rows, from_iteration: iteration };
        self.document("barecore.replay-narrowed", &narrowed)
    }

    fn accounts(&mut self, accounts: &Accounts) -> io::Result<()> {
        self.document("barecore.replay-accounts", &Ended { accounts: accounts.into() })
    }

    fn figures(&mut self, figures: &Counted<'_>) -> io::Result<()> {
        let Counted { counted, between: [_, now], base, core, settings, accounts } = *figures;
        let rows = &[];
        let figures =
            Figures { core, node: 0, settings, counted, now, base, rows, missing: 0, accounts };
        let mut document = PerfShow::new(WANTED);
        self.write(|out| {
            while document.step(&figures, |_| (None, None), out)? {}
            Ok(())
        })
    }
}
