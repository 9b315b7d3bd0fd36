//! What is wrong with a configuration file: line, column, and what was expected there.

use core::fmt::{self, Display, Formatter};

use dataplane::rules;
use heapless::Vec;

use crate::control::TablesError;
use crate::nearest::nearest;
use crate::options::{self, Key, Shown, keys};

/// Faults that are kept. A file with more of them is not worth more lines.
const KEPT: usize = 16;

/// What is wrong somewhere in a file. Displays itself in a line.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'t> {
    /// The line, counted from 1.
    pub line: usize,
    /// The byte in it, counted from 1.
    pub column: usize,
    pub(super) what: What<'t>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What<'t> {
    /// It goes on with bytes that are no UTF-8.
    NoText,
    /// A line begins so, or a word between others.
    NoKey(&'t str),
    /// A key does not take this value.
    BadValue(Key, &'t str),
    /// A value does not agree with that of another key.
    Disagrees(options::Fault<'static>),
    /// A machine that runs would have to boot to have this value.
    AtBoot(Key, &'t str),
    /// A rule or a meter is wrong.
    Expected(rules::Expected),
    /// A rule cannot be had.
    Refused(TablesError),
}

impl<'t> Fault<'t> {
    /// At this `column` of this `line` a key changes that needs a boot for that.
    pub(crate) fn at_boot((line, column): (usize, usize), key: Key, value: &'t str) -> Self {
        Self { line, column, what: What::AtBoot(key, value) }
    }
}

impl Display for Fault<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { line, column, what } = self;
        write!(out, "line {line}, column {column}: ")?;
        match what {
            What::NoText => out.write_str("expected UTF-8 text"),
            What::NoKey(name) => {
                write!(out, "{}: expected KEY=VALUE, a meter or a rule", Shown(name.as_bytes()))?;
                match nearest(name.as_bytes(), keys().map(|key| key.name())) {
                    Some(name) => write!(out, " (nearest key: {name})"),
                    None => Ok(()),
                }
            }
            What::BadValue(key, value) => {
                let (name, range) = (key.name(), key.range());
                write!(out, "{name}={}: expected {range}", Shown(value.as_bytes()))
            }
            What::Disagrees(fault) => fault.expectation(out),
            What::AtBoot(key, value) => {
                let value = Shown(value.as_bytes());
                write!(out, "{}={value}: expected what runs; it changes at boot only", key.name())
            }
            What::Expected(expected) => write!(out, "expected {expected}"),
            What::Refused(error) => write!(out, "{error}"),
        }
    }
}

/// All faults of one file, from its beginning to its end. Displays itself as one line each, the last without its end.
#[derive(Clone, Debug, Default)]
pub struct Faults<'t> {
    kept: Vec<Fault<'t>, KEPT>,
    /// Faults beyond those that are kept.
    more: usize,
}

impl<'t> Faults<'t> {
    /// Adds `fault` where it belongs by its place in the file.
    pub(crate) fn add(&mut self, fault: Fault<'t>) {
        self.more += usize::from(self.kept.push(fault).is_err());
        self.kept.sort_unstable_by_key(|Fault { line, column, .. }| (*line, *column));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// Those that are kept.
    pub fn iter(&self) -> impl Iterator<Item = &Fault<'t>> {
        self.kept.iter()
    }
}

impl Display for Faults<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.kept.iter().enumerate() {
            write!(out, "{}error: {fault}", if position > 0 { "\n" } else { "" })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(out, "\nerror: and {more} more"),
        }
    }
}
