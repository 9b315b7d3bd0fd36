//! A file of keys, meters and rules, read as a whole before anything of it holds.

use core::fmt::Write as _;

use dataplane::meter::Setting;
use dataplane::rules::{self, Rule, RuleSet};

use super::Faults;
use super::fault::{Fault, What};
use crate::control::{TablesError, add_rule};
use crate::options::{self, Forward, Key, Options, Said};

/// A file without a fault.
#[derive(Clone, Debug)]
pub struct File<'t> {
    text: &'t str,
    /// What its keys say, and defaults where they say nothing.
    pub options: Options,
    /// What was said of them.
    pub said: Said<'t>,
    /// How many of each it has.
    pub counts: Counts,
}

/// How many lines of which kind a file has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `KEY=VALUE`, of which several may be in a line.
    pub settings: usize,
    /// Meters.
    pub meters: usize,
    /// Lines of rules.
    pub rules: usize,
}

/// Rules of a file that cannot be had: the line, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    line: usize,
    error: TablesError,
}

impl Full {
    /// The same as a fault of the file.
    pub fn fault(self) -> Fault<'static> {
        Fault { line: self.line, column: 1, what: What::Refused(self.error) }
    }
}

/// The first line and column.
const START: (usize, usize) = (1, 1);

/// What a line is.
enum Kind<'t> {
    Blank,
    Words(&'t str),
    Meter(&'t str),
    Rules(&'t str),
}

/// Lines with their numbers, without comments.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(|line| line.split('#').next().unwrap_or(line)))
}

fn kind(line: &str) -> Kind<'_> {
    let first = line.split_ascii_whitespace().next().unwrap_or_default();
    let name = first.split('=').next().unwrap_or(first);
    match first {
        "" => Kind::Blank,
        meter if meter.starts_with("meter=") => Kind::Meter(line),
        _ if Key::named(name.as_bytes()).is_some() => Kind::Words(line),
        _ => Kind::Rules(line),
    }
}

/// At which byte of `line` its `part` begins, counted from 1.
fn column(line: &str, part: &str) -> usize {
    part.as_ptr().addr() - line.as_ptr().addr() + 1
}

impl<'t> File<'t> {
    /// The file that `bytes` hold; none if there is a fault in it, and `faults` are all of those then.
    #[inline(never)]
    pub fn read(bytes: &'t [u8], faults: &mut Faults<'t>) -> Option<Self> {
        let text = match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                faults.add(no_text(&bytes[..error.valid_up_to()]));
                return None;
            }
        };
        let (options, counts) = (Options::default(), Counts::default());
        let mut file = Self { text, options, said: Said::NONE, counts };
        lines(text).for_each(|(number, line)| file.line(number, line, faults));
        let mut own = file.options.clone();
        for fault in own.agree() {
            let places = fault.keys().into_iter().find_map(|name| file.place(name));
            let (line, column) = places.unwrap_or(START);
            faults.add(Fault { line, column, what: What::Disagrees(fault) });
        }
        (faults.count() == 0).then_some(file)
    }

    fn line(&mut self, number: usize, line: &'t str, faults: &mut Faults<'t>) {
        let mut wrong = |column, what| faults.add(Fault { line: number, column, what });
        match kind(line) {
            Kind::Blank => {}
            Kind::Words(line) => {
                for word in line.split_ascii_whitespace() {
                    self.counts.settings += 1;
                    if let Err((part, what)) = self.word(word) {
                        wrong(column(line, part), what);
                    }
                }
            }
            Kind::Meter(line) => {
                self.counts.meters += 1;
                if let Err(fault) = rules::parse_meter(line) {
                    wrong(fault.column, What::Expected(fault.expected));
                }
            }
            Kind::Rules(line) => {
                self.counts.rules += 1;
                if let Err(fault) = each_rule((number, line), |_| Ok(())) {
                    let (column, what) = wrong_rule(line, fault);
                    wrong(column, what);
                }
            }
        }
    }

    /// Reads a key and its value, or tells which part of `word` is wrong, and how.
    fn word(&mut self, word: &'t str) -> Result<(), (&'t str, What<'t>)> {
        let (name, value) = word.split_once('=').unwrap_or((word, &word[word.len()..]));
        match self.options.set(word.as_bytes(), &mut self.said) {
            Ok(()) => Ok(()),
            Err(options::Fault::BadValue(key, _)) => Err((value, What::BadValue(key, value))),
            Err(_) => Err((word, What::NoKey(name))),
        }
    }

    /// Where the last value of the key with this `name` stands.
    pub(crate) fn place(&self, name: &str) -> Option<(usize, usize)> {
        let is_it = |word: &&str| word.split_once('=').is_some_and(|(own, _)| own == name);
        let place = |(number, line): (usize, &'t str)| match kind(line) {
            Kind::Words(line) => {
                let word = line.split_ascii_whitespace().rev().find(is_it)?;
                Some((number, column(line, word) + name.len() + 1))
            }
            _ => None,
        };
        lines(self.text).filter_map(place).last()
    }

    /// Its meters with their numbers.
    pub fn meters(&self) -> impl Iterator<Item = (u32, Setting)> {
        lines(self.text).filter_map(|(_, line)| match kind(line) {
            Kind::Meter(meter) => rules::parse_meter(meter).ok(),
            _ => None,
        })
    }

    /// Whether it says which rules there are to be.
    pub fn has_rules(&self) -> bool {
        self.counts.rules > 0 || self.says("forward")
    }

    /// Whether it says something of the key with this `name`.
    pub(crate) fn says(&self, name: &str) -> bool {
        Key::named(name.as_bytes()).is_some_and(|key| self.said.of(key).is_some())
    }

    /// Makes `rules` those of the file, none of which may send packets out by the port that is `managed`.
    ///
    /// # Errors
    ///
    /// What rules cannot be had. The set is of no use then.
    pub fn fill(&self, rules: &mut RuleSet, managed: Option<u16>) -> Result<(), Full> {
        fill(rules, (&self.options.forward, Some(self)), managed)
    }
}

/// Makes `set` the rules of `forward` and those of `file`.
pub(super) fn fill(
    set: &mut RuleSet,
    (forward, file): (&Forward, Option<&File<'_>>),
    managed: Option<u16>,
) -> Result<(), Full> {
    set.clear();
    let line = file.and_then(|file| file.place("forward")).unwrap_or(START).0;
    for rule in forward.rules() {
        let mut text = heapless::String::<64>::new();
        let _it_is_short = write!(text, "{rule}");
        if let Ok(rule) = rules::parse(&text) {
            add_rule(set, &rule, managed).map_err(|error| Full { line, error })?;
        }
    }
    for (line, text) in lines(file.map_or("", |file| file.text)) {
        if let Kind::Rules(text) = kind(text) {
            let added = each_rule((line, text), |rule| add_rule(set, rule, managed));
            added.map_err(|error| Full { line, error })?;
        }
    }
    set.finish();
    Ok(())
}

/// Has `found` look at each rule in a line.
fn each_rule(
    line: (usize, &str),
    found: impl FnMut(&Rule) -> Result<(), TablesError>,
) -> Result<(), TablesError> {
    rules::parse_lines(core::iter::once(line), found)
}

/// What is wrong with a line of rules, and where: one that does not even begin as a rule may be a key.
fn wrong_rule(line: &str, error: TablesError) -> (usize, What<'_>) {
    let first = line.split_ascii_whitespace().next().unwrap_or(line);
    match error {
        TablesError::Text(_, fault) if fault.column == column(line, first) => {
            (fault.column, What::NoKey(first.split(['=', ',']).next().unwrap_or(first)))
        }
        TablesError::Text(_, fault) => (fault.column, What::Expected(fault.expected)),
        error => (1, What::Refused(error)),
    }
}

/// Text ends behind these bytes.
fn no_text(before: &[u8]) -> Fault<'static> {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    Fault { line, column, what: What::NoText }
}
