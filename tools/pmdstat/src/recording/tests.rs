use perf::Iteration;
use perf::stream::{Draft, Frame, Kind, Suspect, Table, Whole, armour};

use super::made::{amounts, draft, greeting, line, note};
use super::*;

fn suspect(event: u64) -> Draft {
    let mut iteration = Iteration::default();
    (iteration.number, iteration.cycles) = (9, 300);
    let (has_rooms, readings) = (false, perf::stolen::Readings::default());
    draft(Kind::Suspect, &Suspect { event, core: 1, iteration, has_rooms, readings, loss: None })
}

fn read(bytes: &[u8]) -> Recording {
    Recording::read(bytes).unwrap()
}

#[test]
fn a_machine_that_starts_again_begins_a_recording_of_its_own() {
    let mut bytes = line(0, &[greeting(0, 1), note(1), greeting(0, 10), note(2)]);
    bytes.extend(line(0, &[greeting(500, 501), note(1)]));
    let recording = read(&bytes);
    let events: Vec<usize> = recording.boots.iter().map(|boot| boot.events.len()).collect();
    assert_eq!((events, recording.missing), (vec![2, 1], 0));
}

#[test]
fn frames_that_are_missing_are_counted_and_those_that_come_twice_are_one() {
    let mut bytes = line(0, &[greeting(0, 1), note(1)]);
    bytes.extend(line(1, &[note(1)]));
    bytes.extend(line(5, &[note(6)]));
    let recording = read(&bytes);
    assert_eq!((recording.missing, recording.boots[0].events.len()), (3, 2));
}

#[test]
fn a_crash_report_is_found_between_frames_and_in_text_alone() {
    let report = "crash on core 0: page fault\n  rip 0\nend of the report\n";
    let log = format!("dpif\n\n{report}SeaBIOS\n").replace('\n', "\r\n");
    let mut bytes = line(0, &[greeting(0, 1)]);
    bytes.extend(log.bytes());
    assert_eq!(read(&bytes).boots[0].crash, report);
    let ovs = include_str!("../../tests/golden/ovs-vswitchd.log");
    assert_eq!(read(format!("{ovs}{log}").as_bytes()).boots[0].crash, report);
}

#[test]
fn an_event_is_whole_once_all_of_it_came() {
    let whole = |rows| Whole { event: 1, suspects: 1, rows, missing: 0, is_cut: false };
    let event = |rows| {
        let drafts = [greeting(0, 1), suspect(1), draft(Kind::Whole, &whole(rows))];
        read(&line(0, &drafts)).boots[0].events[&1].is_whole()
    };
    assert_eq!((event(0), event(1)), (true, false));
}

#[test]
fn an_event_that_is_sent_once_more_is_one() {
    let whole = Whole { event: 1, suspects: 1, rows: 0, missing: 0, is_cut: false };
    let (whole, lost) = (draft(Kind::Whole, &whole), draft(Kind::Fact, &("a", "b", "c")));
    for first in [[suspect(1), whole.clone()], [suspect(1), lost]] {
        let [suspect, end] = &first;
        let drafts = [greeting(0, 1), suspect.clone(), end.clone(), suspect.clone(), whole.clone()];
        let event = &read(&line(0, &drafts)).boots[0].events[&1];
        assert!(event.is_whole() && event.suspects.len() == 1);
    }
}

#[test]
fn a_consoles_log_is_read_with_what_people_and_firmware_said() {
    let mut log = b"BMC: fan 3 slow\r\nbarecore> show".to_vec();
    for (sequence, draft) in (0..).zip([greeting(0, 1), note(1)]) {
        let mut line = [0; armour::LINE];
        let frame = Frame { sequence, kind: draft.kind(), payload: draft.payload() };
        log.extend(format!("\r             \r{}\r\n", armour::encode(&frame, &mut line)).bytes());
    }
    log.extend(b"barecore> ");
    let recording = read(&log);
    assert_eq!(recording.text, ["BMC: fan 3 slow", "barecore>"]);
    assert_eq!((recording.boots[0].events.len(), recording.damaged), (1, 0));
}

#[test]
fn names_that_come_in_pieces_are_all_there_while_they_are_told_again() {
    let piece = |first: u16, names: [&str; 2]| {
        let mut draft = draft(Kind::Names, &(Table::Ledger, 0_u16, first));
        names.iter().for_each(|name| draft.add(name).unwrap());
        draft
    };
    let (begin, end) = (piece(0, ["received", "copied"]), piece(2, ["forwarded", "parked"]));
    let recording = read(&line(0, &[greeting(0, 1), begin.clone(), end, begin]));
    let names = &recording.boots[0].names[&(Table::Ledger, 0)];
    assert_eq!(names, &["received", "copied", "forwarded", "parked"]);
}

#[test]
fn a_start_whose_first_greeting_was_lost_is_heard_from_the_next_on() {
    let mut bytes = line(4000, &[greeting(0, 1), note(1)]);
    bytes.extend(line(20, &[note(7), greeting(9, 2), note(1), note(2)]));
    let recording = read(&bytes);
    let events: Vec<usize> = recording.boots.iter().map(|boot| boot.events.len()).collect();
    assert_eq!((events, recording.missing), (vec![1, 2], 0));
}

#[test]
fn a_greeting_that_is_repeated_begins_nothing() {
    let mut bytes = line(0, &[greeting(0, 1), greeting(0, 20), note(1)]);
    bytes.extend(line(1, &[greeting(0, 20), note(1)]));
    let recording = read(&bytes);
    assert_eq!((recording.boots.len(), recording.missing), (1, 0));
}

#[test]
fn a_copy_is_whole_once_the_next_begins_and_old_ones_can_be_forgotten() {
    let counters = (Table::Counters, 1);
    let copies = [1, 2, 3, 4].map(|at| amounts(counters, at, &[at]));
    let mut recording = read(&line(0, &[&[greeting(0, 1)][..], &copies].concat()));
    let own = recording.boots[0].copies.get_mut(&counters).unwrap();
    own.forget_old();
    let known: Vec<_> = own.iter().map(|copy| (copy.at, copy.is_whole)).collect();
    assert_eq!(known, [(2, true), (3, true), (4, false)]);
    assert_eq!((own.last_whole().unwrap().at, own.len()), (3, 3));
    assert!(own.whole_at(2).is_some() && own.whole_at(4).is_none());
}
