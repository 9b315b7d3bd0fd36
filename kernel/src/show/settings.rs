//! What is set: in a line, and in full with what makes it last.

use core::fmt::{self, Display, Formatter, Write};

use perf::Settings;
use perf::settings::{Duration, TABLE};

use crate::control::Pmd;
use crate::options::Lasting;

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

/// Writes all settings of the PMD on `core`, or of all, and how to make those of all last.
///
/// # Errors
///
/// Those of `out`.
pub fn settings<O>(pmds: &[Pmd<O>], core: Option<usize>, out: &mut impl Write) -> fmt::Result {
    for pmd in pmds.iter().filter(|pmd| core.is_none_or(|core| core == pmd.core())) {
        writeln!(out, "pmd thread numa_id 0 core_id {}:", pmd.core())?;
        for setting in &TABLE {
            let value = setting.value(pmd.settings());
            writeln!(out, "  {:<18} {value:<12} {}", setting.key, setting.help)?;
        }
        if pmd.settings().duration == Duration::Auto {
            writeln!(out, "  auto stands for {} us now", pmd.auto())?;
        }
    }
    let all = pmds.iter().map(|pmd| (pmd.core(), *pmd.settings()));
    writeln!(out, "to have them at the next boot: {}", Lasting(&all))
}
