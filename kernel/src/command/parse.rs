//! From a finished line to a command.

use super::Command;
use super::fault::{Complaint, Fault};
use super::table::{COMMANDS, Form, Item, Number, OPTIONS, Values};

/// The command that `line` asks for; none if it is blank.
///
/// # Errors
///
/// What is wrong with the line.
pub fn parse(line: &str) -> Result<Option<Command>, Fault<'_>> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let unknown = Fault { complaint: Complaint::NoCommand(line), usage: None };
    let (number, rest) = find(line).ok_or(unknown)?;
    let entry = &COMMANDS[number];
    let values = read(entry.items, rest);
    let values = values.map_err(|complaint| Fault { complaint, usage: Some(entry) })?;
    Ok(Some((entry.make)(&values)))
}

/// The number of the command whose name `line` begins with, the longest if there are several, and
/// what follows the name.
pub(super) fn find(line: &str) -> Option<(usize, &str)> {
    let numbered = COMMANDS.iter().enumerate();
    let names = numbered.flat_map(|(number, entry)| entry.names().map(move |name| (number, name)));
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

fn read<'a>(items: &'static [Item], rest: &'a str) -> Result<Values, Complaint<'a>> {
    let mut values = Values::default();
    let mut words = rest.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let position = position(items, word, &values).ok_or(Complaint::NoWord(word))?;
        if values[position].is_some() {
            return Err(Complaint::Twice(word));
        }
        let form = &items[position].form;
        values[position] = match form {
            Form::Words(choice) => choice.iter().position(|&other| other == word).map(|n| n as u64),
            Form::Place(number) => Some(number.read(form, word)?),
            Form::Letters(letters, number) => {
                let word = words.next().ok_or(Complaint::NoNumber(letters))?;
                Some(number.read(form, word)?)
            }
            Form::Name => {
                values[position] = Some(topic(rest)?);
                return Ok(values);
            }
        };
    }
    let mut missing = items.iter().zip(values);
    match missing.find(|(item, value)| item.required && value.is_none()) {
        Some((item, _)) => Err(Complaint::Missing(&item.form)),
        None => Ok(values),
    }
}

/// Which of `items` `word` belongs to: the one that names it, else the first open place.
fn position(items: &[Item], word: &str, values: &Values) -> Option<usize> {
    let named = items.iter().position(|item| match &item.form {
        Form::Words(words) => words.contains(&word),
        Form::Letters(letters, _) => *letters == word,
        Form::Place(_) | Form::Name => false,
    });
    let is_open = |(item, value): (&Item, &Option<u64>)| match item.form {
        Form::Place(_) | Form::Name => value.is_none(),
        Form::Words(_) | Form::Letters(..) => false,
    };
    named.or_else(|| items.iter().zip(values).position(is_open))
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
