//! What a line that is being typed may become.

use super::parse::find;
use perf::settings::{Spelling, TABLE};

use super::entry::{Entry, Form, settings};
use super::table::COMMANDS;

/// Tells `each` what may follow the end of `line`: all of a word, and how many of its bytes stand
/// at the end of `line` already. Of an empty line the short names.
pub fn completions(line: &str, mut each: impl FnMut(&'static str, usize)) {
    let typed = line.trim_ascii_start();
    if typed.is_empty() {
        return COMMANDS.iter().for_each(|entry| each(entry.short_name(), 0));
    }
    let names = COMMANDS.iter().flat_map(Entry::names).filter(|name| name.starts_with(typed));
    names.for_each(|name| each(name, typed.len()));
    let start = typed.rfind(' ').map_or(0, |blank| blank + 1);
    let (before, word) = typed.split_at(start);
    if let Some((number, _)) = find(before) {
        words(&COMMANDS[number]).filter(|other| other.starts_with(word)).for_each(|other| {
            each(other, word.len());
        });
    }
}

/// Words that may follow the name of `entry`.
fn words(entry: &'static Entry) -> impl Iterator<Item = &'static str> {
    let fixed = entry.items.iter().flat_map(|item| match &item.form {
        Form::Words(words) => *words,
        Form::Letters(letters, _) | Form::Choice(letters, _) | Form::Reasons(letters) => {
            core::slice::from_ref(letters)
        }
        _ => &[],
    });
    let has = |form: fn(&Form) -> bool| entry.items.iter().any(|item| form(&item.form));
    let (by_letters, by_key) =
        (has(|form| matches!(form, Form::Settings)), has(|form| matches!(form, Form::Assignment)));
    let spelled =
        settings().filter(move |_| by_letters).flat_map(|(_, setting)| match &setting.option {
            Some(Spelling::Words(words)) => words.as_slice(),
            Some(Spelling::Letters(letters)) => core::slice::from_ref(letters),
            None => &[],
        });
    let keys = TABLE.iter().filter(move |_| by_key).map(|setting| setting.key);
    fixed.chain(spelled).copied().chain(keys)
}
