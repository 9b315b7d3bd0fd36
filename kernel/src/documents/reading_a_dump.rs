//! docs/reading-a-dump.md: every name that a dump can show has a row, and every row says what to do.

use dataplane::Reason;
use perf::report::{MILLISECOND_TITLES, ROW_TITLES};
use perf::stolen::Source;
use perf::suspicion::REASONS;
use perf::{Flags, Quantity, Room};

use super::{Table, assert_true_to_form, is_command, is_setting, sections, spans, table};

pub(super) const TEXT: &str = include_str!("../../../docs/reading-a-dump.md");
const REPORT: &str = include_str!("../../../qemu/tests/transcripts/pmd-perf-show-nh.out");
const PORTS: &str = include_str!("../../../qemu/tests/transcripts/show-ports.out");

/// The tables of the document, each with its heading.
fn tables() -> impl Iterator<Item = (&'static str, Table)> {
    let tables = sections(TEXT).map(|(heading, section)| (heading, table(section)));
    tables.filter(|(_, table)| !table.is_empty())
}

/// Titles of columns: those have two blanks or more between them.
fn titles(line: &str) -> Vec<String> {
    let titles = line.split("  ").map(str::trim);
    titles.filter(|title| !title.is_empty()).map(str::to_string).collect()
}

/// The labels of the lines of a report.
fn labels() -> Vec<String> {
    let labels = REPORT.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(':'));
    labels.map(|(label, _)| label.trim_start_matches("- ").to_string()).collect()
}

/// What stands before a `=` in the lines of ports, each once.
fn fields() -> Vec<String> {
    let words = PORTS.split_whitespace().filter_map(|word| word.split_once('='));
    let mut fields: Vec<String> = Vec::new();
    for (field, _) in words {
        if !fields.iter().any(|known| known == field) {
            fields.push(field.to_string());
        }
    }
    fields
}

/// What there is, by the heading of the table that tells of it.
fn known() -> Vec<(&'static str, Vec<String>)> {
    let own = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let drop = |reason: Reason| format!("{} {}", reason.stage(), reason.name());
    vec![
        ("Reasons", REASONS.iter().map(|reason| reason.name.to_string()).collect()),
        ("Flags", own(&Flags::NAMES.map(|(_, name)| name))),
        ("Rooms", own(&Room::ALL.map(Room::name))),
        ("Rows of iterations", titles(ROW_TITLES)),
        ("Rows of milliseconds", titles(MILLISECOND_TITLES)),
        ("Histograms", own(&Quantity::ALL.map(Quantity::title))),
        ("Lines of `pmd-perf-show`", labels()),
        ("Slow registers", own(&Source::ALL.map(Source::name))),
        ("Drops", Reason::ALL.map(drop).to_vec()),
        ("Fields of `show ports`", fields()),
    ]
}

#[test]
fn every_name_has_a_row_in_the_order_of_the_output_and_every_row_a_name() {
    let mut told = tables();
    for (heading, names) in known() {
        let (found, table) = told.next().expect(heading);
        let name = |row: &Vec<&str>| spans(row[0]).collect::<Vec<_>>().join(" ");
        let rows: Vec<String> = table.iter().map(name).collect();
        assert_eq!((found, rows), (heading, names));
    }
    assert_eq!(told.next(), None);
}

#[test]
fn every_row_says_what_is_likely_behind_it_and_what_to_do_next() {
    for row in tables().flat_map(|(_, table)| table) {
        let [_, meaning, cause, next] = row[..] else { panic!("{row:?}") };
        assert!(!meaning.is_empty() && !cause.is_empty(), "{row:?}");
        assert!(spans(next).next().is_some(), "{row:?}");
        let unknown = spans(next).find(|step| !is_command(step) && !is_setting(step));
        assert_eq!(unknown, None, "{row:?}");
    }
}

#[test]
fn what_the_text_names_by_the_way_is_there() {
    assert_true_to_form(TEXT);
}
