//! Files that programs send by the console: rules, meters and settings, applied whole or not at all.
//!
//! A file comes in pieces, each a command, and is checked when it is whole. A line of it is a rule or a
//! meter, as `add-flow` and `add-meter` take them, or a setting of supervision, `KEY=VALUE`; what follows a
//! `#` is passed over. Rules in it take the place of all; without a rule those that there are stay.

use core::fmt::{self, Display, Formatter, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dataplane::meter::Setting;
use dataplane::rules::{self, Fault};

use super::job::{Job, UNSETTLED};
use super::tables::{self, Tables};
use super::{Control, Orders, Pmd};
use crate::command::{self, Changes};

/// Bytes of a file at most.
pub const FILE: usize = 64 * 1024;

/// A file that is coming in.
pub(super) struct Put<'a> {
    memory: &'a mut [u8],
    /// Bytes that are there, and that there will be; its checksum.
    have: usize,
    len: usize,
    crc: u32,
}

/// Why a piece is not taken.
enum Refused {
    TooLong(usize),
    /// A piece that begins here was expected.
    Elsewhere(usize),
    NoBase64,
    /// It goes on behind the end.
    Behind(usize),
    /// So many bytes of so many are there.
    Incomplete(usize, usize),
    Garbled,
    NoText(usize),
}

impl<'a> Put<'a> {
    /// Nothing so far, with room for as many bytes as `memory` has.
    pub(super) fn new(memory: &'a mut [u8]) -> Self {
        Self { memory, have: 0, len: 0, crc: 0 }
    }

    fn begin(&mut self, len: usize, crc: u32) -> Result<(), Refused> {
        if len > self.memory.len() {
            return Err(Refused::TooLong(self.memory.len()));
        }
        (self.have, self.len, self.crc) = (0, len, crc);
        Ok(())
    }

    /// Takes the piece at `offset`. One that was taken already is taken again.
    fn add(&mut self, offset: usize, base64: &str) -> Result<(), Refused> {
        if offset > self.have {
            return Err(Refused::Elsewhere(self.have));
        }
        let room = &mut self.memory[offset..self.len];
        let count = STANDARD.decode_slice(base64, room).map_err(|error| match error {
            base64::DecodeSliceError::DecodeError(_) => Refused::NoBase64,
            base64::DecodeSliceError::OutputSliceTooSmall => Refused::Behind(self.len),
        })?;
        self.have = offset + count;
        Ok(())
    }

    /// The file, if all of it is there and right.
    fn text(&self) -> Result<&str, Refused> {
        let Self { have, len, crc, .. } = *self;
        if have < len {
            return Err(Refused::Incomplete(have, len));
        }
        let bytes = &self.memory[..len];
        if crc32fast::hash(bytes) != crc {
            return Err(Refused::Garbled);
        }
        core::str::from_utf8(bytes).map_err(|error| Refused::NoText(error.valid_up_to()))
    }
}

impl Display for Refused {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(most) => write!(out, "a file has {most} bytes at most"),
            Self::Elsewhere(have) => write!(out, "the next piece begins at {have}"),
            Self::NoBase64 => write!(out, "the piece is no base64"),
            Self::Behind(len) => write!(out, "the file ends at {len} (put begin says where)"),
            Self::Incomplete(have, len) => write!(out, "{have} bytes of {len} are there"),
            Self::Garbled => write!(out, "its checksum is another; nothing is changed"),
            Self::NoText(at) => write!(out, "byte {at} is no UTF-8; nothing is changed"),
        }
    }
}

/// What a line of a file is.
enum Line<'t> {
    Setting(&'t str),
    Meter(&'t str),
    Rule,
    Blank,
}

/// What a file holds that has no fault but in its rules.
struct Content {
    changes: Changes,
    settings: usize,
    meters: usize,
    rules: usize,
}

/// The line with this number is wrong.
enum Wrong<'t> {
    Setting(usize, command::Fault<'t>),
    Meter(usize, Fault),
}

/// Lines with their numbers, without comments.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(|line| line.split('#').next().unwrap_or(line)))
}

fn kind(line: &str) -> Line<'_> {
    match line.trim_ascii() {
        "" => Line::Blank,
        setting if setting.starts_with("pmd-perf-") => Line::Setting(setting),
        meter if meter.starts_with("meter=") => Line::Meter(meter),
        _ => Line::Rule,
    }
}

fn meters(text: &str) -> impl Iterator<Item = Result<(u32, Setting), (usize, Fault)>> {
    lines(text).filter_map(|(number, line)| match kind(line) {
        Line::Meter(meter) => Some(rules::parse_meter(meter).map_err(|fault| (number, fault))),
        _ => None,
    })
}

impl Content {
    fn of(text: &str) -> Result<Self, Wrong<'_>> {
        let mut content = Self { changes: Changes::NONE, settings: 0, meters: 0, rules: 0 };
        for (number, line) in lines(text) {
            match kind(line) {
                Line::Setting(word) => {
                    let changed = command::assigned(content.changes, word);
                    content.changes = changed.map_err(|fault| Wrong::Setting(number, fault))?;
                    content.settings += 1;
                }
                Line::Meter(_) => content.meters += 1,
                Line::Rule => content.rules += 1,
                Line::Blank => {}
            }
        }
        let fault = meters(text).find_map(Result::err);
        fault.map_or(Ok(content), |(number, fault)| Err(Wrong::Meter(number, fault)))
    }

    /// Puts the rules of `text` in the place of all, if it has some. None while that cannot be.
    fn replace(&self, text: &str, tables: &mut Tables) -> Option<Result<(), tables::Error>> {
        let of_rules = lines(text).filter(|(_, line)| matches!(kind(line), Line::Rule));
        if self.rules == 0 { Some(Ok(())) } else { tables.replace(of_rules) }
    }
}

impl Display for Wrong<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(line, fault) => write!(out, "line {line}, {}", fault.reason()),
            Self::Meter(line, fault) => write!(out, "line {line}, {fault}"),
        }
    }
}

impl<O: Orders> Control<'_, O> {
    pub(super) fn put_begin(&mut self, len: usize, crc: u32) -> fmt::Result {
        let begun = self.put.begin(len, crc);
        self.tell_refusal(begun)
    }

    pub(super) fn put_piece(&mut self, offset: usize, base64: &str) -> fmt::Result {
        let added = self.put.add(offset, base64);
        self.tell_refusal(added)
    }

    fn tell_refusal(&mut self, taken: Result<(), Refused>) -> fmt::Result {
        taken.or_else(|refused| writeln!(self.output, "error: {refused}"))
    }

    /// Has the file that came in applied as soon as all PMDs know of the last change of rules, or in a
    /// second given up.
    pub(super) fn put_apply(&mut self, now: u64) -> fmt::Result {
        self.job = Some(Job::Put(now.saturating_add(self.base.hertz)));
        Ok(())
    }

    /// Applies it, if that can be, or says why not. False once all is said.
    pub(super) fn apply_put(&mut self, is_late: bool) -> Result<bool, fmt::Error> {
        let Self { put, output: out, tables, pmds, policy, .. } = self;
        let text = match put.text() {
            Ok(text) => text,
            Err(refused) => return writeln!(out, "error: {refused}").map(|()| false),
        };
        let content = match Content::of(text) {
            Ok(content) => content,
            Err(wrong) => {
                return writeln!(out, "error: {wrong}; nothing is changed").map(|()| false);
            }
        };
        match content.replace(text, tables) {
            None if !is_late => return Ok(true),
            None => return writeln!(out, "{UNSETTLED}").map(|()| false),
            Some(Err(error)) => {
                return writeln!(out, "error: {error}; nothing is changed").map(|()| false);
            }
            Some(Ok(())) => {}
        }
        for (number, setting) in meters(text).flatten() {
            tables.set_meter(number, &setting);
        }
        content.changes.apply_to(&mut policy.settings);
        pmds.iter_mut().for_each(|pmd: &mut Pmd<O>| pmd.change(&content.changes));
        let Content { settings, meters, rules, .. } = content;
        writeln!(out, "put: lines applied: rules={rules} meters={meters} settings={settings}")?;
        Ok(false)
    }
}
