use super::*;
use crate::recording::made::greeting;
use crate::top::made::{SECOND, copies, event, fact, past};

const NANOS: u64 = 1_000_000_000;

fn at(start: usize, seconds: u64) -> Moment {
    Moment { start, nanos: seconds * NANOS }
}

#[test]
fn facts_are_those_of_the_moment() {
    let up = fact("port 0", "link", "up");
    let down = fact("port 0", "link", "down");
    let past = past(&[greeting(0, SECOND), up, greeting(0, 2 * SECOND), down]);
    let link = |moment| {
        let (_, start, at) = past.at(moment).unwrap();
        start.fact("port 0", "link", at).unwrap_or_default()
    };
    assert_eq!([0, 1, 2, 3].map(|second| link(at(0, second))), ["", "up", "down", "down"]);
}

#[test]
fn a_line_that_is_followed_takes_no_more_memory_than_its_limits() {
    let limits = Limits { starts: 2, nanos: 10 * NANOS, events: 3, rows: 7 };
    let mut drafts = vec![greeting(0, 0)];
    for second in 1..100 {
        drafts.extend(copies(second * SECOND, second));
        drafts.extend(event(second, second * SECOND));
    }
    let mut past = past(&drafts);
    past.forget(&limits);
    let (tape, seconds) = (past.tape(), |moment: Moment| moment.nanos as f64 / NANOS as f64);
    assert_eq!((seconds(tape.first()), seconds(tape.last())), (89.0006, 99.0006));
    let (boot, start, _) = past.at(at(0, 99)).unwrap();
    assert_eq!((boot.events.len(), start.events), (2, 97), "of 3 rows each");
    assert!(boot.copies.values().all(|copies| copies.iter().count() <= 11));
}

#[test]
fn starts_keep_their_numbers_when_older_ones_are_forgotten() {
    let limits = Limits { starts: 2, ..Limits::USUAL };
    let starts = [1, 2, 3].map(|start| greeting(start * 100 * SECOND, (start * 100 + 1) * SECOND));
    let mut past = past(&starts);
    past.forget(&limits);
    assert_eq!((past.tape().first(), past.tape().last()), (at(1, 1), at(2, 1)));
    assert!(past.at(at(0, 1)).is_none() && past.at(at(2, 1)).is_some());
    assert_eq!(past.start_of(at(2, 1)), (3, 3));
}

#[test]
fn what_cannot_be_a_time_is_a_time_all_the_same() {
    let past = past(&[greeting(0, u64::MAX), greeting(u64::MAX, 0)]);
    let tape = past.tape();
    let (first, last) = (tape.first(), tape.last());
    assert_eq!(tape.before(last, std::time::Duration::MAX), first);
    assert!(past.at(last).is_some());
}
