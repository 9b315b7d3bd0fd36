//! What is set: in a line, and in full with what makes it last.

use core::fmt::{self, Display, Formatter, Write};

use perf::Settings;
use perf::json::LogShow;
use perf::settings::{Duration, Lasting, TABLE};

use crate::command::Format;
use crate::control::Pmd;

/// The most important settings in a line.
pub struct Told<'a>(pub &'a Settings);

impl Display for Told<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let on = |switch| if switch { "on" } else { "off" };
        let Settings { metrics, log, fill, before, after, extend, .. } = *self.0;
        write!(out, "{}, ", on(log))?;
        match self.0.duration {
            Duration::Micros(micros) => write!(out, "{micros} us, ")?,
            Duration::Auto => out.write_str("auto us, ")?,
        }
        write!(out, "queue {fill}, before {before}, after {after}, extend {}", on(extend))?;
        out.write_str(if metrics { "" } else { " (without effect: pmd-perf-metrics is off)" })
    }
}

/// `pmd-perf-log-show` while it is carried out: a PMD a step.
pub struct SettingsJob {
    core: Option<usize>,
    format: Format,
    /// The PMD to look at next, by its place among all.
    next: usize,
    /// How to make settings last is still to be told.
    is_open: bool,
}

impl SettingsJob {
    /// Begins to show the settings of the PMD on `core`, or of all.
    pub fn new(core: Option<usize>, format: Format) -> Self {
        Self { core, format, next: 0, is_open: true }
    }

    /// Writes what is set for the next PMD. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<O>(&mut self, pmds: &[Pmd<O>], out: &mut impl Write) -> Result<bool, fmt::Error> {
        let wanted = |pmd: &&Pmd<O>| self.core.is_none_or(|core| core == pmd.core());
        let all = pmds.iter().map(|pmd| (pmd.core(), *pmd.settings()));
        let lasting = Lasting(&all);
        let mut rest = pmds.iter().enumerate().skip(self.next);
        match (rest.find(|(_, pmd)| wanted(pmd)), self.format) {
            (Some((place, pmd)), format) => {
                self.next = place + 1;
                match format {
                    Format::Text => text(pmd, out)?,
                    Format::Json => document(pmd).write(&lasting, out)?,
                }
            }
            (None, Format::Text) if core::mem::take(&mut self.is_open) => {
                writeln!(out, "to have them at the next boot: {lasting}")?;
            }
            (None, _) => return Ok(false),
        }
        Ok(true)
    }
}

fn document<O>(pmd: &Pmd<O>) -> LogShow<'_> {
    LogShow { core: pmd.core(), node: pmd.node(), settings: pmd.settings(), auto: pmd.auto() }
}

fn text<O>(pmd: &Pmd<O>, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "pmd thread numa_id {} core_id {}:", pmd.node(), pmd.core())?;
    for setting in &TABLE {
        let value = setting.value(pmd.settings());
        writeln!(out, "  {:<18} {value:<12} {}", setting.key, setting.help)?;
    }
    match pmd.settings().duration {
        Duration::Auto => writeln!(out, "  auto stands for {} us now", pmd.auto()),
        Duration::Micros(_) => Ok(()),
    }
}
