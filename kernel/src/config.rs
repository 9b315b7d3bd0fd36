//! The configuration: what the command line and a file say a machine is to be like.
//!
//! A line of the file is empty, or some `KEY=VALUE` as on the command line, or a meter or rules as
//! `add-meter` and `add-flow` take them; what follows a `#` is passed over. A file holds whole or not at all.

mod fault;
mod file;
#[cfg(test)]
pub(crate) mod played;

use core::fmt::{self, Display, Formatter};

use dataplane::rules::RuleSet;

use crate::options::{self, Options, Said};

pub use fault::{Fault, Faults};
pub use file::{Counts, File, Full};

/// What a machine is to be like.
#[derive(Debug)]
pub struct Config<'a> {
    /// All options.
    pub options: Options,
    /// What was said of them.
    pub said: Said<'a>,
    /// What of the command line cannot be honoured.
    pub faults: options::Faults<'a>,
    /// The file, if there is one and it holds.
    pub file: Option<File<'a>>,
    /// What is wrong with the file, of which nothing holds then.
    pub file_faults: Faults<'a>,
    /// What the file alone says.
    file_said: Said<'a>,
}

impl<'a> Config<'a> {
    /// What `line`, the command line, says, and `file` where that says nothing; `rules` become those of both.
    /// If anything is wrong with the file, only the command line holds.
    #[inline(never)]
    pub fn read(line: &'a [u8], file: Option<&'a [u8]>, rules: &mut RuleSet) -> Self {
        let mut file_faults = Faults::default();
        let file = file.and_then(|bytes| File::read(bytes, &mut file_faults));
        let config = Self::of(line, file);
        let Some(full) = config.fill(rules, None).err() else {
            return Self { file_faults, ..config };
        };
        file_faults.add(full.fault());
        let config = Self { file_faults, ..Self::of(line, None) };
        let _these_are_few = config.fill(rules, None);
        config
    }

    fn of(line: &'a [u8], file: Option<File<'a>>) -> Self {
        let (mut options, file_said) = match &file {
            Some(file) => (file.options.clone(), file.said),
            None => (Options::default(), Said::NONE),
        };
        let mut said = file_said;
        let faults = options.read(line, &mut said);
        Self { options, said, faults, file, file_faults: Faults::default(), file_said }
    }

    /// Makes `rules` those of `forward=` and of the file, none of which may send packets out by the port that
    /// is `managed`.
    ///
    /// # Errors
    ///
    /// What rules of the file cannot be had. Those of `forward=` are all then.
    pub fn fill(&self, rules: &mut RuleSet, managed: Option<u16>) -> Result<(), Full> {
        let forward = &self.options.forward;
        let filled = file::fill(rules, (forward, self.file.as_ref()), managed);
        if filled.is_err() {
            let _these_are_few = file::fill(rules, (forward, None), None);
        }
        filled
    }

    /// Keys of which the file says something that does not hold, because the command line says something
    /// else; nothing if there are none.
    pub fn overridden(&self) -> impl Display {
        Overridden(self)
    }

    /// Whether there are any.
    pub fn is_overridden(&self) -> bool {
        self.keys_overridden().next().is_some()
    }

    fn keys_overridden(&self) -> impl Iterator<Item = options::Key> {
        let differs = |(key, text): &(options::Key, &str)| {
            self.said.of(*key) != Some(text) && !key.is_same(self.said.of(*key), Some(text))
        };
        self.file_said.iter().filter(differs).map(|(key, _)| key)
    }
}

/// What is wrong with `file`, without a machine that it would be for.
pub fn check(file: &[u8]) -> Faults<'_> {
    let mut faults = Faults::default();
    let _what_holds = File::read(file, &mut faults);
    faults
}

struct Overridden<'a>(&'a Config<'a>);

impl Display for Overridden<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let mut keys = self.0.keys_overridden().enumerate();
        keys.try_for_each(|(place, key)| {
            write!(out, "{}{}", if place > 0 { ", " } else { "" }, key.name())
        })
    }
}

#[cfg(test)]
mod tests;
