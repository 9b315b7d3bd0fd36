use std::time::Instant;

use perf::stream::{Draft, Gap, Kind, Table};

use super::*;
use crate::recording::made::{amounts, draft, greeting, line, names, note};
use crate::source::Happening;

const SILENCE: Duration = Duration::from_secs(90);
const HITS: &str = "barecore_phwol_hits_total{host=\"a\",core=\"1\"}";

fn now() -> Now {
    Now { instant: Instant::now(), unix: Duration::from_secs(1_764_000_000) }
}

fn fact(name: &str, value: &str) -> Draft {
    draft(Kind::Fact, &perf::stream::Fact { about: "machine", name, value })
}

/// A greeting and what follows it.
fn greeted(boot: u64, at: u64) -> Vec<Draft> {
    let names = names(Table::Counters, &["phwol_hits"]);
    vec![greeting(boot, at), fact("hostname", "own"), names]
}

fn counters(at: u64, hits: u64) -> Draft {
    amounts((Table::Counters, 1), at, &[hits])
}

/// Machines whose lines are open.
fn fleet(words: &[&str]) -> Fleet {
    let hosts = words.iter().map(|word| Host::new(word.parse().unwrap()));
    let fleet = Fleet::new(hosts, SILENCE);
    (0..words.len()).for_each(|number| fleet.host(number).take(Happening::Attached, now()));
    fleet
}

fn hear(fleet: &Fleet, number: usize, bytes: Vec<u8>) {
    fleet.host(number).take(Happening::Bytes(bytes), now());
}

fn has(fleet: &Fleet, line: &str) -> bool {
    fleet.metrics(now()).lines().any(|own| own == line)
}

#[test]
fn a_machine_is_up_while_its_line_is_open_and_says_something() {
    let fleet = fleet(&["a=h:1"]);
    let (up, down) = ("barecore_up{host=\"a\"} 1", "barecore_up{host=\"a\"} 0");
    assert!(has(&fleet, down));
    hear(&fleet, 0, line(0, &[greeted(0, 1), vec![counters(2, 5), counters(3, 6)]].concat()));
    assert!(has(&fleet, up) && has(&fleet, &format!("{HITS} 5")));
    let later = Now { instant: now().instant + 2 * SILENCE, ..now() };
    assert!(fleet.metrics(later).contains(down) && !fleet.metrics(later).contains(HITS));
    fleet.host(0).take(Happening::Detached("cut".into()), now());
    assert!(has(&fleet, down) && has(&fleet, "barecore_line_open{host=\"a\"} 0"));
}

#[test]
fn numbers_are_believed_once_a_greeting_was_heard_whole() {
    let fleet = fleet(&["a=h:1"]);
    let told = [greeted(0, 1), vec![counters(2, 5), counters(3, 6)]].concat();
    hear(&fleet, 0, line(7, &told[1..]));
    assert!(!fleet.metrics(now()).contains(HITS), "no greeting");
    hear(&fleet, 0, line(20, &told[..2]));
    hear(&fleet, 0, line(23, &told[3..]));
    assert!(!fleet.metrics(now()).contains(HITS), "the names are missing");
    hear(&fleet, 0, line(40, &told));
    assert!(has(&fleet, &format!("{HITS} 5")));
    assert!(has(&fleet, "barecore_line_missing_frames_total{host=\"a\"} 25"));
}

#[test]
fn a_line_that_was_closed_begins_anew_and_a_start_is_counted() {
    let fleet = fleet(&["a=h:1"]);
    let told = |boot, hits| {
        [greeted(boot, boot + 1), vec![counters(boot + 2, hits), counters(boot + 3, hits)]]
    };
    hear(&fleet, 0, line(1000, &told(0, 5).concat()));
    fleet.host(0).take(Happening::Detached("cut".into()), now());
    fleet.host(0).take(Happening::Attached, now());
    assert!(has(&fleet, "barecore_up{host=\"a\"} 0"));
    hear(&fleet, 0, line(30, &told(900, 2).concat()));
    assert!(has(&fleet, &format!("{HITS} 2")));
    for line in ["starts", "line_opened"] {
        assert!(has(&fleet, &format!("barecore_{line}_total{{host=\"a\"}} 2")), "{line}");
    }
    assert!(has(&fleet, "barecore_line_missing_frames_total{host=\"a\"} 0"));
}

#[test]
fn a_machine_without_a_name_goes_by_its_own_and_the_second_of_that_by_its_line() {
    let fleet = fleet(&["h:1", "h:2", "named=h:3"]);
    assert!(has(&fleet, "barecore_up{host=\"h:1\"} 0"));
    (0..3)
        .for_each(|number| hear(&fleet, number, line(0, &[greeted(0, 1), vec![note(1)]].concat())));
    for host in ["own", "h:2", "named"] {
        assert!(has(&fleet, &format!("barecore_up{{host=\"{host}\"}} 1")), "{host}");
    }
}

#[test]
fn what_a_machine_did_not_send_is_told() {
    let fleet = fleet(&["a=h:1"]);
    let gap = draft(Kind::Gap, &Gap { kind: Kind::Suspect as u8, count: 4 });
    hear(&fleet, 0, line(0, &[greeted(0, 1), vec![gap]].concat()));
    assert!(has(&fleet, "barecore_unsent_total{host=\"a\",kind=\"event\"} 4"));
    assert!(has(&fleet, "barecore_unsent_total{host=\"a\",kind=\"log\"} 0"));
}

#[test]
fn what_says_more_than_any_machine_has_is_forgotten() {
    let fleet = fleet(&["a=h:1"]);
    let mut drafts = greeted(0, 1);
    drafts.extend((0..20_000).map(|number| fact(&number.to_string(), "x")));
    drafts.push(counters(2, 5));
    hear(&fleet, 0, line(0, &drafts));
    assert!(has(&fleet, "barecore_up{host=\"a\"} 0"));
    hear(&fleet, 0, line(0, &[greeted(9, 10), vec![counters(12, 5), counters(13, 6)]].concat()));
    assert!(has(&fleet, &format!("{HITS} 5")));
}

#[test]
fn the_overview_tells_who_is_up_and_escapes_what_they_say() {
    let fleet = fleet(&["./a<b", "b=h:2"]);
    hear(&fleet, 1, line(0, &[greeted(0, 1), vec![note(1)]].concat()));
    let page = fleet.overview(now());
    assert!(page.contains("<td>./a&lt;b</td><td>silent</td>"), "{page}");
    assert!(
        page.contains("<td>h:2</td><td>up</td>") || page.contains("<td>b</td><td>up</td>"),
        "{page}"
    );
}

#[test]
fn sources_that_cannot_be_told_apart_or_tell_secrets_are_refused() {
    let check = |words: &[&str]| {
        let sources: Vec<Source> = words.iter().map(|word| word.parse().unwrap()).collect();
        check_names(&sources).map_err(|error| error.to_string())
    };
    assert_eq!(check(&["h:1", "h:2", "a=exec:sol -P secret"]), Ok(()));
    assert!(check(&["a=h:1", "a=h:2"]).unwrap_err().contains("called a"));
    assert!(check(&["exec:sol -P secret"]).unwrap_err().starts_with("exec:sol"));
}
