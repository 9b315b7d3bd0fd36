//! What makes settings last: the words for the next boot.

use core::fmt::{self, Display, Formatter};

use super::{Settings, TABLE};

/// The part of a command line that gives PMDs their settings, each with its core; empty where
/// they are the defaults.
pub struct Lasting<'a, I>(pub &'a I);

impl<I: Iterator<Item = (usize, Settings)> + Clone> Display for Lasting<'_, I> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Some((_, first)) = self.0.clone().next() else { return Ok(()) };
        let mut blank = "";
        for setting in &TABLE {
            let is_default = |settings: &Settings| setting.is_same(settings, &Settings::DEFAULT);
            if self.0.clone().all(|(_, settings)| is_default(&settings)) {
                continue;
            }
            write!(out, "{blank}{}={}", setting.key, setting.value(&first))?;
            for (core, settings) in self.0.clone() {
                if !setting.is_same(&settings, &first) {
                    write!(out, ",{core}:{}", setting.value(&settings))?;
                }
            }
            blank = " ";
        }
        Ok(())
    }
}
