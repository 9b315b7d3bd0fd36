//! Rules as text, in the syntax of Open vSwitch (ovs-ofctl(8), ovs-actions(7)).
//!
//! `table=0,priority=100,in_port=0,tcp,tp_dst=80,actions=mod_nw_dst:10.0.0.7,output:1`

mod actions;
mod cursor;
mod matches;
mod meters;
mod show;
mod values;

use core::fmt::{self, Display, Formatter};

use super::{Rule, View};
use crate::key::{Key, Mask};
use cursor::Cursor;
pub use meters::{parse_meter, parse_meter_number};
pub use show::Match;

/// What is wrong with a text, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte at which it goes wrong, counted from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: Expected,
}

/// What was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// In these words.
    Words(&'static str),
    /// A whole number from 0 to this.
    Number(u64),
    /// A match on what a field needs, which must stand before it.
    Needed {
        /// The field.
        field: &'static str,
        /// What it needs.
        needs: &'static str,
    },
}

impl Display for Fault {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "column {}: expected {}", self.column, self.expected)
    }
}

impl Display for Expected {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => out.write_str(words),
            Self::Number(most) => write!(out, "a number from 0 to {most}"),
            Self::Needed { field, needs } => write!(out, "{needs} before {field}"),
        }
    }
}

/// The rule that `text` describes.
///
/// # Errors
///
/// What is wrong with the first word that is.
pub fn parse(text: &str) -> Result<Rule, Fault> {
    let mut cursor = Cursor::new(text);
    let mut rule = Rule::new();
    loop {
        cursor.skip_separators();
        if cursor.eat("actions=") || cursor.eat("action=") {
            break;
        }
        if cursor.is_at_end() {
            return Err(cursor.fault(Expected::Words("actions=")));
        }
        matches::parse(&mut cursor, &mut rule)?;
    }
    actions::parse(&mut cursor, &mut rule)?;
    Ok(rule)
}

/// Has `found` look at each of the rules in `text`, which stand in lines of their own, or have
/// semicolons between them. Empty lines, and what follows a `#`, are passed over.
///
/// # Errors
///
/// What is wrong with the first rule that is, and the line it is in, counted from 1; the error of
/// `found`.
pub fn parse_all<E: From<(usize, Fault)>>(
    text: &str,
    found: impl FnMut(&Rule) -> Result<(), E>,
) -> Result<(), E> {
    parse_lines((1..).zip(text.lines()), found)
}

/// The same of `lines` with their numbers.
///
/// # Errors
///
/// As those.
pub fn parse_lines<'t, E: From<(usize, Fault)>>(
    lines: impl Iterator<Item = (usize, &'t str)>,
    mut found: impl FnMut(&Rule) -> Result<(), E>,
) -> Result<(), E> {
    for (number, line) in lines {
        let line = line.split('#').next().unwrap_or(line);
        for part in line.split(';').filter(|part| !part.trim_ascii().is_empty()) {
            let before = part.as_ptr().addr() - line.as_ptr().addr();
            let rule = parse(part).map_err(|Fault { column, expected }| {
                (number, Fault { column: before + column, expected })
            })?;
            found(&rule)?;
        }
    }
    Ok(())
}

/// Which rules a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Their table; any if none is named.
    table: Option<u8>,
    /// Their cookie; any if none is named.
    cookie: Option<u64>,
    /// What they say of packets at least.
    value: Key,
    mask: Mask,
}

impl Filter {
    /// What it says of packets: what they are like, and where.
    pub fn packets(&self) -> (&Key, &Mask) {
        (&self.value, &self.mask)
    }

    /// Whether `rule` is one of those: its match says at least what the filter says.
    pub fn admits(&self, rule: &View<'_>) -> bool {
        self.table.is_none_or(|table| table == rule.table)
            && self.cookie.is_none_or(|cookie| cookie == rule.cookie)
            && rule.mask.covers(&self.mask)
            && self.mask.same(self.value.words(), rule.value)
    }
}

/// The rules that `text` describes by their match, as `del-flows` takes it.
///
/// # Errors
///
/// What is wrong with the first word that is.
pub fn parse_filter(text: &str) -> Result<Filter, Fault> {
    let mut cursor = Cursor::new(text);
    let (mut table, mut cookie, mut rule) = (None, None, Rule::new());
    loop {
        cursor.skip_separators();
        if cursor.is_at_end() {
            return Ok(Filter { table, cookie, value: rule.value, mask: rule.mask });
        }
        let word = cursor.clone();
        match cursor.name() {
            "table" if cursor.eat("=") => table = Some(cursor.number(254)? as u8),
            "cookie" if cursor.eat("=") => cookie = Some(cursor.number(u64::MAX)?),
            _ => {
                cursor = word;
                matches::parse(&mut cursor, &mut rule)?;
            }
        }
    }
}

#[cfg(test)]
mod tests;
