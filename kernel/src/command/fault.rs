//! What is wrong with a line, in one line.

use core::fmt::{self, Display, Formatter};

use perf::settings::{Setting, TABLE};
use perf::suspicion::REASONS;

use super::entry::{Entry, Form, Number};
use super::table::COMMANDS;
use crate::nearest::nearest;

/// Characters of a word that are repeated.
const SHOWN: usize = 48;

/// What is wrong with a line. Displays itself in one.
#[derive(Clone, Copy)]
pub struct Fault<'a> {
    pub(super) complaint: Complaint<'a>,
    /// The command that it is about, whose usage is told.
    pub(super) usage: Option<&'static Entry>,
}

#[derive(Clone, Copy)]
pub(super) enum Complaint<'a> {
    /// There is no such command.
    NoCommand(&'a str),
    /// The command does not know this word.
    NoWord(&'a str),
    /// This word, or another in its place, was said before.
    Twice(&'a str),
    /// These letters must be followed by a number.
    NoNumber(&'static str),
    /// This is no number, or is out of range.
    BadNumber(&'static Form, &'static Number, &'a str),
    /// These letters must be followed by one of these words.
    NoChoice(&'static str, &'static [&'static str]),
    /// This is none of the words that may stand there.
    BadChoice(&'static Form, &'a str),
    /// These letters must be followed by reasons.
    NoReasons(&'static str),
    /// This names no reasons.
    NoReason(&'a str),
    /// This setting must be followed by a value.
    NoValue(&'static Setting),
    /// This setting does not take this value.
    BadValue(&'static Setting, &'a str),
    /// This is no setting and its value.
    NoKey(&'a str),
    /// Something that must be said is not.
    Missing(&'static Form),
}

impl Display for Fault<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "error: {}", self.complaint)?;
        self.usage.map_or(Ok(()), |entry| write!(out, " (usage: {entry})"))
    }
}

impl Display for Complaint<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoCommand(line) => no_command(line, out),
            Self::NoWord(word) => write!(out, "unknown word {}", Shown(word)),
            Self::Twice(word) => write!(out, "{} comes second for the same thing", Shown(word)),
            Self::NoNumber(letters) => write!(out, "{letters} needs a number"),
            Self::NoChoice(letters, words) => write!(out, "{letters} needs {}", Form::Words(words)),
            Self::BadChoice(form, word) => write!(out, "{form} is not {}", Shown(word)),
            Self::NoReasons(letters) => write!(out, "{letters} needs reasons"),
            Self::NoReason(word) => {
                write!(out, "{} is not all, none, or with + between:", Shown(word))?;
                REASONS.iter().try_for_each(|reason| write!(out, " {}", reason.name))
            }
            Self::NoValue(setting) => write!(out, "{setting}: a value is missing"),
            Self::BadValue(setting, word) => {
                write!(out, "{setting} is {}, not {}", setting.form, Shown(word))
            }
            Self::NoKey(word) => {
                write!(out, "{} is not KEY=VALUE with one of the keys", Shown(word))?;
                TABLE.iter().try_for_each(|setting| write!(out, " {}", setting.key))
            }
            Self::Missing(form) => write!(out, "{form} is missing"),
            Self::BadNumber(form, number, word) => {
                let name = if matches!(form, Form::Port(_)) { ", or a name" } else { "" };
                write!(out, "{form} is {number}{name}, not {}", Shown(word))
            }
        }
    }
}

fn no_command(line: &str, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "no command {} (", Shown(line))?;
    if let Some(name) = meant(line) {
        write!(out, "nearest: {name}; ")?;
    }
    out.write_str("help lists all)")
}

/// The name that begins as `line` does or else is nearest to it, options and numbers aside.
fn meant(line: &str) -> Option<&'static str> {
    let end = line.find(" -").unwrap_or(line.len());
    let typed = line[..end].trim_end_matches(|byte: char| byte.is_ascii_digit() || byte == ' ');
    let names = || COMMANDS.iter().flat_map(Entry::names);
    let longer = names().find(|name| !typed.is_empty() && name.starts_with(typed));
    longer.or_else(|| nearest(typed.as_bytes(), names()))
}

/// What somebody typed, shortened.
struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN) {
            Some((end, _)) => write!(out, "`{}...`", &self.0[..end]),
            None => write!(out, "`{}`", self.0),
        }
    }
}
