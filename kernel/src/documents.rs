//! What documents say of commands, keys and names of the output is what there is.
//!
//! A table that is checked stands under a heading of its own, and what is checked in it stands in code spans.

mod coming_from_ovs;
mod reading_a_dump;

use crate::command::parse;
use crate::options::{Key, Options};

/// A table: its rows, and in each row its cells.
type Table = Vec<Vec<&'static str>>;

/// What stands under each heading of the second level of `text`.
fn sections(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'))
}

/// The rows of the table in `section`, without its head; none if there is no table.
fn table(section: &'static str) -> Table {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    rows.skip(1).map(|row| row.split('|').map(str::trim).collect()).collect()
}

/// The code spans of `text`.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// All commands that the documents tell somebody to give, each once.
pub(crate) fn commands() -> Vec<&'static str> {
    let texts = [reading_a_dump::TEXT, coming_from_ovs::TEXT];
    let rows = texts.into_iter().flat_map(sections).flat_map(|(_, section)| table(section));
    let cells = rows.flat_map(|row| row.into_iter().skip(1)).flat_map(spans);
    let mut commands: Vec<_> = cells.filter(|span| is_command(span)).collect();
    commands.sort_unstable();
    commands.dedup();
    commands
}

/// Whether `text` is a line that the console takes.
fn is_command(text: &str) -> bool {
    matches!(parse(text, &|_| None), Ok(Some(_)))
}

/// Whether `text` is a key and a value that the kernel's command line takes.
fn is_setting(text: &str) -> bool {
    let (_, faults) = Options::parse(text.as_bytes());
    text.contains('=') && faults.to_string().is_empty()
}

/// That what sentences of `text` say of commands and keys by their form alone is so: code that begins with
/// `show`, and code that ends with the `=` of a key. Blocks of code are looked at by a test of `cargo xtask`.
#[track_caller]
fn assert_true_to_form(text: &'static str) {
    let prose: Vec<&str> = text.split("```").step_by(2).flat_map(spans).collect();
    let shown = prose.iter().copied().filter(|span| span.starts_with("show "));
    for command in shown {
        assert!(is_command(command), "{command}");
    }
    for key in prose.iter().filter_map(|span| span.strip_suffix('=')) {
        assert!(Key::named(key.as_bytes()).is_some(), "{key}");
    }
}

#[test]
fn what_there_is_not_is_neither_a_command_nor_a_setting() {
    assert!(is_command("show port 0 queues") && is_setting("n_rxq_desc=2048"));
    assert!(!is_command("show port N queues") && !is_command("shwo ports") && !is_command(""));
    assert!(
        !is_setting("n_rxq_desc=2000") && !is_setting("n_rxq_dsc=2048") && !is_setting("n_rxq")
    );
}
