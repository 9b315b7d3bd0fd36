//! docs/coming-from-ovs.md: what it says is here is here, by that name and default; what it says is not, is not.

use super::{Table, assert_true_to_form, is_command, is_setting, sections, spans, table};
use crate::options::Key;

pub(super) const TEXT: &str = include_str!("../../../docs/coming-from-ovs.md");
const REPORT: &str = include_str!("../../../qemu/tests/transcripts/pmd-perf-show.out");
const ROWS: &str = include_str!("../../../qemu/tests/transcripts/pmd-perf-show-it.out");

/// Stands for what there is not.
const NONE: &str = "-";

/// The table under `heading`.
fn rows(heading: &str) -> Table {
    let (_, section) = sections(TEXT).find(|(found, _)| *found == heading).unwrap();
    let rows = table(section);
    assert!(rows.len() > 10, "{heading}");
    rows
}

#[test]
fn commands_are_known_by_the_names_that_are_told_and_by_no_others() {
    for row in rows("Commands") {
        let [ovs, barecore, _] = row[..] else { panic!("{row:?}") };
        if barecore == NONE {
            assert_eq!(spans(ovs).find(|command| is_command(command)), None, "{row:?}");
        } else {
            assert!(spans(barecore).next().is_some(), "{row:?}");
            assert_eq!(spans(barecore).find(|command| !is_command(command)), None, "{row:?}");
        }
    }
}

#[test]
fn keys_have_the_names_and_defaults_that_are_told_and_no_others() {
    for row in rows("Keys") {
        let [ovs, _, barecore, _] = row[..] else { panic!("{row:?}") };
        if barecore == NONE {
            assert!(spans(ovs).all(|key| Key::named(key.as_bytes()).is_none()), "{row:?}");
            continue;
        }
        let (key, value) = spans(barecore).next().and_then(|span| span.split_once('=')).unwrap();
        assert!(spans(ovs).any(|name| name == key), "{row:?}");
        assert_eq!(Key::named(key.as_bytes()).unwrap().default().to_string(), value);
    }
}

#[test]
fn lines_are_those_of_the_report() {
    for row in rows("Lines of `pmd-perf-show`") {
        let [line, theirs, ours] = row[..] else { panic!("{row:?}") };
        let name = spans(line).next().unwrap();
        assert!(REPORT.contains(name) || ROWS.contains(name), "{name}");
        assert!(!theirs.is_empty() && !ours.is_empty(), "{name}");
    }
}

#[test]
fn what_the_text_names_by_the_way_is_there() {
    assert_true_to_form(TEXT);
    let (_, keys) = sections(TEXT).find(|(heading, _)| *heading == "Keys").unwrap();
    let supervision = spans(keys).filter(|span| span.starts_with("pmd-perf-log"));
    let refused: Vec<_> = supervision.filter(|span| !is_setting(span)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
