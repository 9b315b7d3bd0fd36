//! What a command is: its name, what may follow it, and how that is written in usages.

use core::fmt::{self, Display, Formatter};

use perf::settings::{Setting, TABLE};

use super::{Changes, Command, Format};

/// What may precede the name of a command of Open vSwitch, and may be left out.
const PREFIX: &str = "dpif-netdev/";
/// Other names of commands, and their names here.
const ALIASES: [(&str, &str); 2] =
    [("dpif-netdev/pmd-stats-show", "dpif-netdev/pmd-perf-show"), ("bond-show", "bond/show")];
/// Things that can follow a name at most.
pub(super) const ITEMS: usize = 6;

/// What was said behind a name.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// By position of the item in its entry: a number, or which of its words.
    pub(super) values: [Option<u64>; ITEMS],
    /// Settings, where an item is about them.
    pub(super) changes: Changes,
    /// Text to the end of the line, or a word, where an item is that.
    pub(super) text: &'a str,
}

impl Said<'_> {
    /// Nothing.
    pub(super) const NOTHING: Self =
        Said { values: [None; ITEMS], changes: Changes::NONE, text: "" };

    pub(super) fn number<T: TryFrom<u64>>(&self, position: usize) -> Option<T> {
        self.values[position].and_then(|value| value.try_into().ok())
    }

    pub(super) fn format(&self, position: usize) -> Format {
        match self.values[position] {
            Some(0) | None => Format::Text,
            Some(_) => Format::Json,
        }
    }
}

/// A command that can be typed.
pub struct Entry {
    /// Its full name, of one or several words.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// What may follow its name, in any order but for places.
    pub(super) items: &'static [Item],
    /// The command that the values of its items make.
    pub(super) make: for<'a> fn(&Said<'a>) -> Command<'a>,
}

/// Something that may follow a name.
pub(super) struct Item {
    pub(super) form: Form,
    pub(super) required: bool,
    pub(super) help: &'static str,
}

/// What it looks like.
pub(super) enum Form {
    /// One of these words.
    Words(&'static [&'static str]),
    /// These letters, and a number after them.
    Letters(&'static str, Number),
    /// These letters, and one of these words after them.
    Choice(&'static str, &'static [&'static str]),
    /// A number by itself.
    Place(Number),
    /// A port's number, or its name.
    Port(Number),
    /// A word by itself that is no number.
    Word(&'static str),
    /// The name of a command, to the end of the line.
    Name,
    /// Whatever stands there to the end of the line.
    Text(&'static str),
    /// These letters, and names of reasons after them.
    Reasons(&'static str),
    /// All settings that `pmd-perf-log-set` knows.
    Settings,
    /// `KEY=VALUE`, of any setting.
    Assignment,
}

/// A whole number.
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// Whether more stands for the most, as it does in Open vSwitch.
    pub(super) clamps: bool,
    /// What may follow the digits.
    pub(super) unit: &'static str,
}

pub(super) const fn number(name: &'static str, least: u64, most: u64) -> Number {
    Number { name, least, most, clamps: false, unit: "" }
}

pub(super) const fn clamped(most: u64) -> Number {
    Number { name: "N", least: 0, most, clamps: true, unit: "" }
}

pub(super) const fn seconds(name: &'static str, most: u64) -> Number {
    Number { name, least: 1, most, clamps: false, unit: "s" }
}

pub(super) const fn core() -> Number {
    number("CORE", 0, 255)
}

/// In which form a command answers.
pub(super) const fn format() -> Item {
    optional(Form::Choice("-f", &["text", "json"]), "as text, or as JSON, a document a line")
}

pub(super) const fn optional(form: Form, help: &'static str) -> Item {
    Item { form, required: false, help }
}

pub(super) const fn required(form: Form, help: &'static str) -> Item {
    Item { form, required: true, help }
}

/// The topic of help beside commands.
pub(super) const OPTIONS: &str = "options";

impl Entry {
    /// Its name, without what may be left out.
    pub(super) fn short_name(&self) -> &'static str {
        self.name.strip_prefix(PREFIX).unwrap_or(self.name)
    }

    /// Its name, and that without what may be left out.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        both(self.name)
    }

    /// All names that it answers to, those first.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &'static str> {
        let aliases = ALIASES.iter().filter(|(_, name)| *name == self.name);
        self.names().chain(aliases.flat_map(|(alias, _)| both(alias)))
    }
}

/// `name`, and that without what may be left out.
fn both(name: &'static str) -> impl Iterator<Item = &'static str> {
    core::iter::once(name).chain(name.strip_prefix(PREFIX))
}

/// Its usage: the name and what may follow.
impl Display for Entry {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)?;
        self.items.iter().try_for_each(|item| match (&item.form, item.required) {
            (Form::Settings, _) => {
                settings().try_for_each(|(_, setting)| write!(out, " [{setting}]"))
            }
            (form, true) => write!(out, " {form}"),
            (form, false) => write!(out, " [{form}]"),
        })
    }
}

/// The settings that `pmd-perf-log-set` knows, by their numbers in the table.
pub(super) fn settings() -> impl Iterator<Item = (usize, &'static Setting)> {
    TABLE.iter().enumerate().filter(|(_, setting)| setting.option.is_some())
}

impl Display for Form {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => words.iter().enumerate().try_for_each(|(position, word)| {
                write!(out, "{}{word}", if position > 0 { "|" } else { "" })
            }),
            Self::Letters(letters, number) => write!(out, "{letters} {}", number.name),
            Self::Choice(letters, words) => write!(out, "{letters} {}", Self::Words(words)),
            Self::Place(number) | Self::Port(number) => out.write_str(number.name),
            Self::Name => write!(out, "COMMAND|{OPTIONS}"),
            Self::Text(name) | Self::Word(name) => out.write_str(name),
            Self::Reasons(letters) => write!(out, "{letters} REASONS"),
            Self::Settings => out.write_str("SETTINGS"),
            Self::Assignment => out.write_str("KEY=VALUE"),
        }
    }
}
