use std::collections::BTreeSet;

use perf::Counter;
use perf::stream::{Draft, Table};

use super::*;
use crate::recording::Recording;
use crate::recording::made::{amounts, greeting, line, names};

const COUNTERS: (Table, u16) = (Table::Counters, 1);

fn boot(drafts: &[Draft]) -> Boot {
    let all = [&[greeting(0, 1)][..], drafts].concat();
    Recording::read(&*line(0, &all)).unwrap().boots.remove(0)
}

fn page(boot: &Boot, told: Told) -> BTreeSet<String> {
    let mut page = Exposition::default();
    machine(boot, told, "a", &mut page);
    page.text().lines().map(str::to_owned).collect()
}

/// Counters by number, and a histogram of cycles, of which all was heard.
fn counted(counters: &[(Counter, u64)]) -> Boot {
    let mut numbers = [0; Counter::COUNT];
    counters.iter().for_each(|(counter, count)| numbers[*counter as usize] = *count);
    boot(&[
        amounts(COUNTERS, 9, &numbers),
        amounts((Table::Histogram(0), 1), 9, &[0, 7]),
        amounts((Table::Histogram(1), 1), 9, &[7]),
    ])
}

#[test]
fn every_counter_has_a_metric() {
    let without: Vec<_> =
        Counter::NAMES.into_iter().filter(|name| metrics::counter(name).is_none()).collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn a_sum_stands_where_a_counter_adds_up_what_was_sampled() {
    let cycles = [(Counter::IdleCycles, 5), (Counter::BusyCycles, 6)];
    let sum = "barecore_iteration_cycles_tsc_sum{host=\"a\",core=\"1\"} 11";
    assert!(page(&counted(&cycles), Told::Whole).contains(sum));
    let unrecorded = [cycles[0], cycles[1], (Counter::Unrecorded, 1)];
    let page = page(&counted(&unrecorded), Told::Whole);
    assert!(!page.iter().any(|line| line.contains("_sum")), "{page:?}");
}

#[test]
fn a_copy_that_is_still_coming_in_is_not_told_while_a_whole_one_is_there() {
    let drafts = [amounts(COUNTERS, 1, &[4]), amounts(COUNTERS, 2, &[3])];
    let hits = |count| format!("barecore_phwol_hits_total{{host=\"a\",core=\"1\"}} {count}");
    assert!(page(&boot(&drafts), Told::Whole).contains(&hits(4)));
    assert!(page(&boot(&drafts), Told::Last).contains(&hits(4)));
    assert!(page(&boot(&drafts[..1]), Told::Last).contains(&hits(4)));
    assert!(!page(&boot(&drafts[..1]), Told::Whole).contains(&hits(4)));
}

#[test]
fn what_later_versions_count_is_told_by_its_name() {
    let boot = boot(&[names(Table::Counters, &["a\n\"b\""]), amounts(COUNTERS, 1, &[4])]);
    let line = r#"barecore_other_total{host="a",core="1",counter="a\n\"b\""} 4"#;
    assert!(page(&boot, Told::Last).contains(line));
}

#[test]
fn an_account_in_use_tells_of_reasons_for_which_nothing_was_dropped_yet() {
    let boot = boot(&[
        names(Table::Ledger, &["received", "no_rule", "parked"]),
        amounts((Table::Ledger, 1), 1, &[0, 0, 0, 5, 0, 2]),
    ]);
    let page = page(&boot, Told::Last);
    for line in [
        r#"barecore_port_received_packets_total{host="a",core="1",port="1"} 5"#,
        r#"barecore_port_dropped_packets_total{host="a",core="1",port="1",reason="no_rule"} 0"#,
        r#"barecore_parked_packets{host="a",core="1"} 2"#,
    ] {
        assert!(page.contains(line), "{line} is not in {page:?}");
    }
    assert!(!page.iter().any(|line| line.contains("port=\"0\"")));
}

#[test]
fn counters_of_a_cards_queues_have_a_label_for_the_queue() {
    let boot = boot(&[
        names(Table::Card, &["rx_missed[3]", "crc_errors"]),
        amounts((Table::Card, 0), 1, &[6, 0]),
    ]);
    let page = page(&boot, Told::Last);
    for line in [
        r#"barecore_card_total{host="a",port="0",counter="rx_missed",queue="3"} 6"#,
        r#"barecore_card_total{host="a",port="0",counter="crc_errors"} 0"#,
    ] {
        assert!(page.contains(line), "{line} is not in {page:?}");
    }
}

#[test]
fn samples_of_a_metric_stand_together_and_none_stands_twice() {
    let mut page = Exposition::default();
    let boot = counted(&[(Counter::Recv, 1)]);
    ["a", "b", "a"].iter().for_each(|host| machine(&boot, Told::Whole, host, &mut page));
    let text = page.text();
    let lines: Vec<&str> = text.lines().collect();
    let place = lines.iter().position(|line| line.starts_with("barecore_rx_packets_total"));
    let samples = &lines[place.unwrap()..][..3];
    assert_eq!(
        samples,
        [
            r#"barecore_rx_packets_total{host="a",core="1"} 1"#,
            r#"barecore_rx_packets_total{host="b",core="1"} 1"#,
            "# HELP barecore_recirculations_total Further passes of frames received before."
        ]
    );
    assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), lines.len());
}
