//! What makes settings last: the words for the next boot.

use core::fmt::{self, Display, Formatter};

use super::{Setting, Settings, TABLE};

/// The part of a command line that gives PMDs their settings, each with its core; empty where
/// they are the defaults.
pub struct Lasting<'a, I>(pub &'a I);

impl<I: Iterator<Item = (usize, Settings)> + Clone> Display for Lasting<'_, I> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let all = TABLE.iter().map(|setting| (setting, Values(setting, self.0)));
        let mut blank = "";
        for (setting, values) in all.filter(|(_, values)| !values.are_default()) {
            write!(out, "{blank}{}={values}", setting.key)?;
            blank = " ";
        }
        Ok(())
    }
}

/// The value of one setting on PMDs, each with its core, as the command line takes it.
pub struct Values<'a, I>(pub &'static Setting, pub &'a I);

impl<I: Iterator<Item = (usize, Settings)> + Clone> Values<'_, I> {
    /// Whether it is the default on all of them.
    pub fn are_default(&self) -> bool {
        self.1.clone().all(|(_, settings)| self.0.is_same(&settings, &Settings::DEFAULT))
    }
}

impl<I: Iterator<Item = (usize, Settings)> + Clone> Display for Values<'_, I> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Some((_, first)) = self.1.clone().next() else { return Ok(()) };
        write!(out, "{}", self.0.value(&first))?;
        let mut others = self.1.clone().filter(|(_, settings)| !self.0.is_same(settings, &first));
        others.try_for_each(|(core, settings)| write!(out, ",{core}:{}", self.0.value(&settings)))
    }
}
