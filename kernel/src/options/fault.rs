//! What of a command line cannot be honoured, as values that the console prints.

use core::fmt::{self, Display, Formatter};

use heapless::Vec;

use super::{Key, keys};
use crate::nearest::nearest;

/// Faults that are kept. A command line with more of them is not worth more lines.
const KEPT: usize = 16;
/// Bytes of a word that are shown.
const SHOWN: usize = 48;

/// A word of the command line that cannot be honoured. Displays itself as one line.
#[derive(Clone, Copy, Debug)]
pub enum Fault<'a> {
    /// There is no such key.
    UnknownKey(&'a [u8]),
    /// The key does not take this value. Its default holds.
    BadValue(Key, &'a [u8]),
    /// More iterations are to be shown than a history keeps together.
    TooWide {
        /// Iterations to be shown before a suspicious one.
        before: u32,
        /// Iterations that were to be shown after it.
        after: u32,
        /// Iterations that are shown after it.
        fitting: u32,
    },
    /// PMDs with a pinned queue are to poll others too, which only groups allow.
    NeedsGroup,
}

impl Display for Fault<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("error: ")?;
        match *self {
            Self::UnknownKey(name) => {
                write!(out, "{}: no such key", Shown(name))?;
                match nearest(name, keys().map(|key| key.name())) {
                    Some(name) => write!(out, " (nearest: {name})"),
                    None => Ok(()),
                }
            }
            Self::BadValue(key, value) => {
                let (name, range, default) = (key.name(), key.range(), key.default());
                write!(out, "{name}={}: expected {range}; using {default}", Shown(value))
            }
            Self::TooWide { fitting, .. } => {
                self.expectation(out)?;
                write!(out, "; using {fitting}")
            }
            Self::NeedsGroup => {
                self.expectation(out)?;
                out.write_str("; using on")
            }
        }
    }
}

impl Fault<'_> {
    /// Names of the keys that do not agree, the one that is told first.
    pub(crate) fn keys(&self) -> [&'static str; 2] {
        match self {
            Self::TooWide { .. } => ["pmd-perf-log-a", "pmd-perf-log-b"],
            _ => ["pmd-rxq-isolate", "pmd-rxq-assign"],
        }
    }

    /// Which key with which value does not agree with which other, where that is wrong.
    pub(crate) fn expectation(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooWide { before, after, fitting } => write!(
                out,
                "pmd-perf-log-a={after}: expected 0 to {fitting} beside pmd-perf-log-b={before}"
            ),
            Self::NeedsGroup => {
                out.write_str("pmd-rxq-isolate=off: expected pmd-rxq-assign=group beside it")
            }
            Self::UnknownKey(_) | Self::BadValue(..) => Ok(()),
        }
    }
}

/// Bytes of unknown origin as text that a terminal can be shown.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN)];
        let rest = if shown.len() < self.0.len() { "..." } else { "" };
        write!(out, "{}{rest}", shown.escape_ascii())
    }
}

/// All faults of one command line, in order. Displays itself as one line each,
/// the last without its end.
#[derive(Clone, Debug, Default)]
pub struct Faults<'a> {
    kept: Vec<Fault<'a>, KEPT>,
    /// Faults beyond those that are kept.
    more: usize,
}

impl<'a> Faults<'a> {
    pub(super) fn add(&mut self, fault: Fault<'a>) {
        self.more += usize::from(self.kept.push(fault).is_err());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }
}

impl Display for Faults<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.kept.iter().enumerate() {
            write!(out, "{}{fault}", if position > 0 { "\n" } else { "" })?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(out, "\nerror: and {more} more"),
        }
    }
}
