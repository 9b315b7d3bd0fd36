//! From a finished line to a command.

use perf::Reasons;
use perf::settings::{Setting, Spelling, TABLE};

use super::entry::{Form, Item, Number, OPTIONS, Said, settings};
use super::fault::{Complaint, Fault};
use super::table::COMMANDS;
use super::{Changes, Command};

/// The number of the port with this name.
type Ports<'a> = &'a dyn Fn(&str) -> Option<usize>;

/// The command that `line` asks for; none if it is blank. `ports` knows ports by their names.
///
/// # Errors
///
/// What is wrong with the line.
pub fn parse<'a>(line: &'a str, ports: Ports<'_>) -> Result<Option<Command<'a>>, Fault<'a>> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let unknown = Fault { complaint: Complaint::NoCommand(line), usage: None };
    let (number, rest) = find(line).ok_or(unknown)?;
    let entry = &COMMANDS[number];
    let said = read(entry.items, rest, ports);
    let said = said.map_err(|complaint| Fault { complaint, usage: Some(entry) })?;
    Ok(Some((entry.make)(&said)))
}

/// The number of the command whose name `line` begins with, the longest if there are several, and
/// what follows the name.
pub(super) fn find(line: &str) -> Option<(usize, &str)> {
    let numbered = COMMANDS.iter().enumerate();
    let names =
        numbered.flat_map(|(number, entry)| entry.all_names().map(move |name| (number, name)));
    let found = names.filter_map(|(number, name)| Some((number, after(name, line)?)));
    found.min_by_key(|(_, rest)| rest.len())
}

/// What follows `name` in `line`, if its words stand at the beginning.
fn after<'a>(name: &str, line: &'a str) -> Option<&'a str> {
    let mut rest = line;
    for word in name.split(' ') {
        rest = rest.trim_ascii_start().strip_prefix(word)?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
    }
    Some(rest.trim_ascii())
}

fn read<'a>(
    items: &'static [Item],
    rest: &'a str,
    ports: Ports<'_>,
) -> Result<Said<'a>, Complaint<'a>> {
    let mut said = Said::NOTHING;
    let mut words = rest.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let position = position(items, word, &said).ok_or(Complaint::NoWord(word))?;
        if said.values[position].is_some() {
            return Err(Complaint::Twice(word));
        }
        let form = &items[position].form;
        said.values[position] = match form {
            Form::Words(choice) => choice.iter().position(|&other| other == word).map(|n| n as u64),
            Form::Place(number) => Some(number.read(form, word)?),
            Form::Port(number) => match ports(word) {
                Some(port) => Some(port as u64),
                None => Some(number.read(form, word)?),
            },
            Form::Word(_) => {
                said.text = word;
                Some(0)
            }
            Form::Letters(letters, number) => {
                let word = words.next().ok_or(Complaint::NoNumber(letters))?;
                Some(number.read(form, word)?)
            }
            Form::Choice(letters, choice) => {
                let word = words.next().ok_or(Complaint::NoChoice(letters, choice))?;
                let chosen = choice.iter().position(|&other| other == word);
                Some(chosen.ok_or(Complaint::BadChoice(form, word))? as u64)
            }
            Form::Reasons(letters) => {
                let word = words.next().ok_or(Complaint::NoReasons(letters))?;
                let reasons = Reasons::parse(word).ok_or(Complaint::NoReason(word))?;
                Some(reasons.bits().into())
            }
            Form::Settings => {
                said.changes = setting(said.changes, word, &mut words)?;
                None
            }
            Form::Assignment => {
                said.changes = assignment(said.changes, word)?;
                Some(0)
            }
            Form::Name => {
                said.values[position] = Some(topic(rest)?);
                return Ok(said);
            }
            Form::Text(_) => {
                (said.values[position], said.text) = (Some(0), rest);
                return Ok(said);
            }
        };
    }
    let mut missing = items.iter().zip(said.values);
    match missing.find(|(item, value)| item.required && value.is_none()) {
        Some((item, _)) => Err(Complaint::Missing(&item.form)),
        None => Ok(said),
    }
}

/// Which of `items` `word` belongs to: the one that names it, else the first open place.
fn position(items: &[Item], word: &str, said: &Said<'_>) -> Option<usize> {
    let named = items.iter().position(|item| match &item.form {
        Form::Words(words) => words.contains(&word),
        Form::Letters(letters, _) | Form::Choice(letters, _) | Form::Reasons(letters) => {
            *letters == word
        }
        Form::Settings => settings().any(|(_, setting)| spells(setting, word)),
        Form::Place(_) | Form::Port(_) | Form::Word(_) | Form::Name | Form::Text(_) => false,
        Form::Assignment => false,
    });
    let is_open = |(item, value): (&Item, &Option<u64>)| match item.form {
        Form::Place(_) | Form::Port(_) | Form::Name | Form::Text(_) | Form::Assignment => {
            value.is_none()
        }
        Form::Word(_) => value.is_none() && !word.bytes().all(|byte| byte.is_ascii_digit()),
        Form::Words(_)
        | Form::Letters(..)
        | Form::Choice(..)
        | Form::Reasons(_)
        | Form::Settings => false,
    };
    named.or_else(|| items.iter().zip(&said.values).position(is_open))
}

fn spells(setting: &Setting, word: &str) -> bool {
    match setting.option {
        Some(Spelling::Letters(letters)) => letters == word,
        Some(Spelling::Words(words)) => words.contains(&word),
        None => false,
    }
}

/// `changes` and the one that `word`, and for most settings the next of `words`, asks for.
fn setting<'a>(
    mut changes: Changes,
    word: &'a str,
    words: &mut impl Iterator<Item = &'a str>,
) -> Result<Changes, Complaint<'a>> {
    let found = settings().find(|(_, setting)| spells(setting, word));
    let (number, setting) = found.ok_or(Complaint::NoWord(word))?;
    if changes.has(number) {
        return Err(Complaint::Twice(word));
    }
    let text = match setting.option {
        Some(Spelling::Words([on, _])) => {
            if word == *on {
                "on"
            } else {
                "off"
            }
        }
        _ => words.next().ok_or(Complaint::NoValue(setting))?,
    };
    changes.set(number, text).ok_or(Complaint::BadValue(setting, text))?;
    Ok(changes)
}

/// `changes` and the one that `word` asks for, which is a key, `=` and a value.
fn assignment(mut changes: Changes, word: &str) -> Result<Changes, Complaint<'_>> {
    let (key, text) = word.split_once('=').ok_or(Complaint::NoKey(word))?;
    let number = TABLE.iter().position(|setting| setting.key == key);
    let number = number.ok_or(Complaint::NoKey(word))?;
    changes.set(number, text).ok_or(Complaint::BadValue(&TABLE[number], text))?;
    Ok(changes)
}

/// The number that [`super::table`] gives the topic `name`.
fn topic(name: &str) -> Result<u64, Complaint<'_>> {
    match find(name) {
        Some((number, "")) => Ok(number as u64),
        _ if name == OPTIONS => Ok(COMMANDS.len() as u64),
        _ => Err(Complaint::NoCommand(name)),
    }
}

impl Number {
    fn read<'a>(&'static self, form: &'static Form, word: &'a str) -> Result<u64, Complaint<'a>> {
        let fault = Complaint::BadNumber(form, self, word);
        let word = word.strip_suffix(self.unit).unwrap_or(word);
        if !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault);
        }
        match word.parse() {
            Ok(value) if (self.least..=self.most).contains(&value) => Ok(value),
            Ok(value) if value < self.least => Err(fault),
            _ if self.clamps => Ok(self.most),
            _ => Err(fault),
        }
    }
}
