//! What is written of which pattern of suspicious iterations: the patterns for which it is known
//! what Open vSwitch writes, and where it writes less than there is, what we write.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod tool;

use tool::{Shown, events, replay, trace};

/// An event with these suspicious iterations, and rows from the newest to the oldest.
fn event(suspects: &[u64], newest: u64, oldest: u64) -> Shown {
    Shown { suspects: suspects.to_vec(), rows: (oldest..=newest).rev().collect() }
}

/// Replays 2100 iterations, the `suspicious` among them, and compares what is written.
fn assert_written(options: &str, suspicious: &[u64], expected: &[Shown]) {
    let run = replay(options, &trace(suspicious, 2100));
    assert_eq!(events(&run.out), expected);
    let count = suspicious.len();
    let accounts = format!("triggers={count} dumped={count} suppressed=0 pending=0\n");
    assert!(run.out.ends_with(&accounts), "{}", run.out.lines().last().unwrap());
}

#[test]
fn one_alone_has_five_rows_before_and_five_after() {
    assert_written("", &[100], &[event(&[100], 105, 95)]);
}

#[test]
fn without_rows_after_it_comes_first() {
    assert_written("-a 0", &[100], &[event(&[100], 100, 95)]);
}

#[test]
fn the_widest_window_before_has_999_rows() {
    assert_written("-b 998 -a 0", &[2000], &[event(&[2000], 2000, 1002)]);
}

#[test]
fn the_widest_window_after_has_999_rows() {
    assert_written("-b 0 -a 998", &[1000], &[event(&[1000], 1998, 1000)]);
}

#[test]
fn a_second_in_the_window_is_an_event_of_its_own() {
    assert_written("-ne", &[100, 103], &[event(&[100], 105, 95), event(&[103], 108, 98)]);
}

#[test]
fn a_second_in_the_window_extends_it() {
    assert_written("-e", &[100, 103], &[event(&[100, 103], 108, 95)]);
}

#[test]
fn a_second_right_behind_the_window_is_not_lost() {
    assert_written("-ne", &[100, 106], &[event(&[100], 105, 95), event(&[106], 111, 101)]);
}

#[test]
fn a_second_right_behind_the_window_extends_it() {
    assert_written("-e", &[100, 106], &[event(&[100, 106], 111, 95)]);
}

#[test]
fn a_second_one_later_is_an_event_of_its_own_either_way() {
    let expected = [event(&[100], 105, 95), event(&[107], 112, 102)];
    assert_written("-ne", &[100, 107], &expected);
    assert_written("-e", &[100, 107], &expected);
}

#[test]
fn a_window_that_would_outgrow_the_history_is_closed_and_the_next_begins_where_it_ended() {
    let suspicious: Vec<u64> = (100..=1050).step_by(50).collect();
    let (first, second) = suspicious.split_at(suspicious.len() - 1);
    let expected = [event(first, 1060, 95), event(second, 1110, 1061)];
    assert_written("-e -a 60", &suspicious, &expected);
}

#[test]
fn an_event_is_written_once_its_window_is_complete_and_not_before() {
    let accounts = |last| replay("", &trace(&[100], last)).out.lines().last().map(str::to_owned);
    assert_eq!(accounts(104).unwrap(), "triggers=1 dumped=0 suppressed=0 pending=1");
    assert_eq!(accounts(105).unwrap(), "triggers=1 dumped=1 suppressed=0 pending=0");
}

#[test]
fn an_event_that_a_further_iteration_could_extend_is_pending() {
    let run = replay("-e", &trace(&[100, 103], 108));
    assert_eq!(events(&run.out), []);
    assert_eq!(run.out, "triggers=2 dumped=0 suppressed=0 pending=2\n");
    assert!(run.talk.starts_with("note: pending=2: "), "{}", run.talk);
}

#[test]
fn windows_are_narrow_after_a_listing_with_more_than_100_rows() {
    let run = replay("-b 60 -a 40 -e", &trace(&[200, 400, 403], 600));
    let expected = [event(&[200], 240, 140), event(&[400], 405, 395), event(&[403], 408, 398)];
    assert_eq!(events(&run.out), expected);
    assert_eq!(
        run.talk.lines().next().unwrap(),
        "note: event 1 had 101 rows: -b 5 -a 5 -ne from iteration 243 on, as in Open vSwitch"
    );
}

#[test]
fn windows_stay_wide_after_a_listing_with_100_rows() {
    let run = replay("-b 60 -a 39", &trace(&[200, 400], 600));
    assert_eq!(events(&run.out)[1], event(&[400], 439, 340));
    assert_eq!(run.talk, "");
}

#[test]
fn a_flood_of_wide_windows_is_accounted_for() {
    let all: Vec<u64> = (1..=3000).collect();
    let run = replay("-a 998", &trace(&all, 3000));
    let accounts = run.out.lines().last().unwrap();
    let count = |name: &str| -> u64 {
        let found = accounts.split(' ').find_map(|word| word.strip_prefix(name));
        found.unwrap().parse().unwrap()
    };
    let [triggers, dumped, suppressed, pending] =
        ["triggers=", "dumped=", "suppressed=", "pending="].map(count);
    assert_eq!((triggers, events(&run.out).len() as u64), (3000, dumped));
    assert!(suppressed > 0 && count("suppressed-duration=") == suppressed, "{accounts}");
    assert_eq!(dumped + suppressed + pending, triggers);
    let told = run.talk.lines().filter(|line| line.contains("as in Open vSwitch")).count();
    assert_eq!(told, 1, "{}", run.talk);
}
