//! What a line that is being typed may become.

use super::parse::find;
use super::table::{COMMANDS, Entry, Form};

/// Tells `each` what may follow the end of `line`: all of a word, and how many of its bytes stand
/// at the end of `line` already. Of an empty line the short names.
pub fn completions(line: &str, mut each: impl FnMut(&'static str, usize)) {
    let typed = line.trim_ascii_start();
    for entry in &COMMANDS {
        let names = entry.names().filter(|name| name.starts_with(typed));
        names.skip(usize::from(typed.is_empty() && entry.names().count() > 1)).for_each(|name| {
            each(name, typed.len());
        });
    }
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
        Form::Letters(letters, _) => core::slice::from_ref(letters),
        Form::Place(_) | Form::Name => &[],
    });
    fixed.copied()
}
