//! What listeners of the stream hear.

use perf::stream::{Found, Gap, Kind, Message, Scanner, Table};

use super::*;
use crate::management::Speaker as _;
use crate::stream::Way;

const BUILD: [u8; 20] = [7; 20];

/// A frame, as far as these tests look at it.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Greeting([u8; 20]),
    Fact(String),
    Log(Vec<u8>),
    Suspect(u64, u64),
    Rows(Vec<u64>),
    Whole(u64, u64),
    Note(u64, String),
    Milliseconds(u16, Vec<u64>),
    Amounts(Table, u16, Vec<(u16, u64)>),
    Names(Vec<String>),
    Gap(Vec<Gap>),
}

impl Heard {
    fn of(message: Message<'_>) -> Self {
        match message {
            Message::Greeting(greeting) => Self::Greeting(greeting.build),
            Message::Fact(fact) => {
                Self::Fact(format!("{}: {}={}", fact.about, fact.name, fact.value))
            }
            Message::Log(frame) => Self::Log(frame.to_vec()),
            Message::Suspect(suspect) => Self::Suspect(suspect.event, suspect.iteration.number),
            Message::Rows(mut rows) => {
                let heading = &mut rows.heading;
                Self::Rows(rows.rows.map(|row| row.iteration(heading).number).collect())
            }
            Message::Whole(whole) => Self::Whole(whole.event, whole.rows),
            Message::Note(note) => Self::Note(note.event, note.text.into()),
            Message::Milliseconds(message) => {
                Self::Milliseconds(message.core, message.records.map(|ms| ms.number).collect())
            }
            Message::Amounts(message) => {
                let mut next = message.first;
                let place = |amount: perf::stream::Amount| {
                    let position = next + amount.skipped;
                    next = position + 1;
                    (position, amount.count)
                };
                Self::Amounts(message.table, message.owner, message.amounts.map(place).collect())
            }
            Message::Names(message) => Self::Names(message.names.map(String::from).collect()),
            Message::Gap(gaps) => Self::Gap(gaps.collect()),
            Message::Crash(_) => panic!("nothing crashed"),
        }
    }
}

/// Frames in `bytes`, which begin with the number `next`; and what is text.
fn frames(bytes: &[u8], next: &mut u32) -> (Vec<Heard>, String) {
    let (mut scanner, mut heard, mut text) = (Scanner::new(), vec![], String::new());
    for byte in bytes {
        match scanner.push(*byte) {
            None => {}
            Some(Found::Frame(frame)) => {
                assert_eq!(frame.sequence, *next);
                *next += 1;
                heard.push(Heard::of(Message::read(&frame).unwrap()));
            }
            Some(Found::Text(line)) => {
                text.push_str(core::str::from_utf8(line).unwrap());
                text.push('\n');
            }
            Some(damage) => panic!("{damage:?}"),
        }
    }
    (heard, text)
}

/// A desk whose stream has a line of its own, and somebody who listens to that.
struct Listener(Desk, u32);

impl Listener {
    fn new(is_fast: bool) -> Self {
        let mut desk = Desk::new();
        desk.control.tell_fact("machine", "hostname", format_args!("lab-{}", 7));
        desk.control.set_stream(Way::Own { is_fast }, BUILD);
        Self(desk, 0)
    }

    /// All that is said now.
    fn hears(&mut self) -> Vec<Heard> {
        let mut bytes = vec![];
        self.0.says("");
        while !self.0.control.stream_unsent().is_empty() {
            bytes.extend(self.0.control.stream_unsent());
            let count = self.0.control.stream_unsent().len();
            self.0.control.stream_sent(count);
            self.0.says("");
        }
        frames(&bytes, &mut self.1).0
    }
}

#[test]
fn a_greeting_says_who_speaks_and_comes_again_every_ten_seconds() {
    let mut listener = Listener::new(false);
    let heard = listener.hears();
    assert_eq!(heard[0], Heard::Greeting(BUILD));
    assert_eq!(heard[1], Heard::Fact("machine: hostname=lab-7".into()));
    assert!(heard.contains(&Heard::Fact("pmd 2: pmd-perf-log=on".into())), "{heard:?}");
    let names = heard.iter().find_map(|heard| match heard {
        Heard::Names(names) if names[0] == "received" => Some(names.len()),
        _ => None,
    });
    assert_eq!(names, Some(dataplane::Account::NUMBERS));
    listener.0.machine.now += 9 * HERTZ;
    assert!(!listener.hears().contains(&Heard::Greeting(BUILD)));
    listener.0.machine.now += HERTZ;
    assert_eq!(listener.hears()[0], Heard::Greeting(BUILD));
}

#[test]
fn an_event_is_sent_with_its_rows_and_a_note_is_one() {
    let mut listener = Listener::new(false);
    listener.hears();
    listener.0.pmds[0].idle(9);
    listener.0.pmds[0].run(300);
    listener.0.pmds[0].idle(9);
    listener.0.says("mark cable pulled\r");
    let heard = listener.hears();
    let rows = Heard::Rows((5..=15).collect());
    let note = Heard::Note(2, "cable pulled".into());
    assert_eq!(heard, [Heard::Suspect(1, 10), rows, Heard::Whole(1, 11), note]);
}

#[test]
fn logs_are_sent_as_they_are_and_those_without_room_are_announced() {
    let mut listener = Listener::new(false);
    listener.hears();
    for number in 0..65 {
        let logs = listener.0.machine.logs.get_mut();
        logs.begin();
        logs.write(&[number; 200]);
        logs.end();
    }
    listener.0.machine.now += HERTZ;
    let heard = listener.hears();
    let logs =
        heard.iter().filter(|heard| matches!(heard, Heard::Log(frame) if frame.len() == 200));
    assert_eq!(logs.count(), 64);
    let gap = Gap { kind: Kind::Log as u8, count: 1 };
    assert!(heard.contains(&Heard::Gap(vec![gap])), "{heard:?}");
}

#[test]
fn levels_of_logs_are_told_set_and_listed_and_a_wrong_one_changes_nothing() {
    let mut desk = Desk::new();
    let all = desk.answers("vlog/list");
    assert_eq!((all.len(), &*all[6]), (10, "links              INFO"));
    assert_eq!(desk.answers("vlog/set links:dbg cards:off"), [""; 0]);
    let changed = desk.answers("vlog/list");
    assert_eq!(changed[6], "links               DBG");
    let wrong = desk.answers("vlog/set dbg links:loud");
    assert!(wrong[0].starts_with("error: vlog/set: dbg links:loud: not off, "), "{wrong:?}");
    assert_eq!(desk.answers("vlog/list"), changed);
}

#[test]
fn settings_that_changed_are_seen_once() {
    let mut desk = Desk::new();
    desk.answers("pmd-perf-log-set -us 777 -pmd 2");
    let mut seen = vec![];
    for _ in 0..2 {
        desk.control.watch_settings(|core, settings| seen.push((core, settings.duration)));
    }
    assert_eq!(seen, [(2, perf::settings::Duration::Micros(777))]);
}

#[test]
fn what_pmds_counted_comes_every_second() {
    let mut listener = Listener::new(false);
    listener.hears();
    listener.0.pmds[1].idle(7);
    listener.0.machine.now += HERTZ;
    let heard = listener.hears();
    let idle = perf::Counter::IdleCycles as u16;
    let is_it = |heard: &&Heard| match heard {
        Heard::Amounts(Table::Counters, 2, amounts) => {
            amounts.iter().any(|(place, _)| *place == idle)
        }
        _ => false,
    };
    assert_eq!(heard.iter().filter(is_it).count(), 1, "{heard:?}");
    assert_eq!(listener.hears(), []);
}

#[test]
fn suspicious_iterations_are_counted_among_what_pmds_counted_by_their_name() {
    let mut listener = Listener::new(false);
    let names = |heard: &[Heard]| match heard.iter().find(|it| matches!(it, Heard::Names(_))) {
        Some(Heard::Names(names)) => names.clone(),
        _ => vec![],
    };
    let names = names(&listener.hears());
    let place = names.iter().position(|name| name == "suspicious_iterations").unwrap() as u16;
    for _ in 0..3 {
        listener.0.pmds[0].run(300);
        listener.0.pmds[0].idle(20);
    }
    listener.0.machine.now += HERTZ;
    let counted = listener.hears().into_iter().find_map(|heard| match heard {
        Heard::Amounts(Table::Counters, 1, amounts) => amounts.into_iter().find(|it| it.0 == place),
        _ => None,
    });
    assert_eq!(counted, Some((place, 3)));
}

#[test]
fn milliseconds_go_by_a_fast_line_and_by_no_other() {
    for is_fast in [false, true] {
        let mut listener = Listener::new(is_fast);
        listener.hears();
        listener.0.pmds[0].idle(40_000);
        listener.0.machine.now += 50 * (HERTZ / 1000);
        let heard = listener.hears();
        let sent = heard.iter().filter_map(|heard| match heard {
            Heard::Milliseconds(1, numbers) => Some(numbers.len()),
            _ => None,
        });
        let sent: usize = sent.sum();
        assert_eq!(sent > 20, is_fast, "{sent} {heard:?}");
    }
}

#[test]
fn on_the_network_a_frame_is_made_when_it_is_asked_for_and_whoever_comes_is_greeted() {
    let mut desk = Desk::new();
    desk.control.set_stream(Way::Net, BUILD);
    desk.says("");
    assert!(desk.control.stream_unsent().is_empty());
    let (mut next, mut line) = (0, [0; perf::stream::LINE]);
    for _ in 0..2 {
        let Desk { control, machine, .. } = &mut desk;
        let mut speaker = control.speaker(&*machine);
        let mut bytes = vec![];
        while let Some(len) = speaker.next(&mut line) {
            bytes.extend(&line[..len]);
        }
        speaker.greet();
        assert_eq!(frames(&bytes, &mut next).0[0], Heard::Greeting(BUILD));
    }
}

#[test]
fn a_line_that_takes_nothing_costs_events_only_once_the_store_is_full() {
    let mut listener = Listener::new(false);
    listener.0.says("");
    for _ in 0..20 {
        listener.0.pmds[0].run(300);
        listener.0.pmds[0].idle(20);
        listener.0.says("");
    }
    let heard = listener.hears();
    let events: Vec<u64> = heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Whole(event, _) => Some(*event),
            _ => None,
        })
        .collect();
    assert_eq!(events, (1..=20).collect::<Vec<_>>());
}

#[test]
fn on_the_consoles_line_frames_stand_between_lines_and_never_in_what_is_typed() {
    let mut desk = Desk::new();
    desk.control.set_stream(Way::Shared, BUILD);
    let (heard, text) = frames(desk.says("").as_bytes(), &mut 0);
    assert_eq!(heard[0], Heard::Greeting(BUILD));
    assert!(text.is_empty(), "{text:?}");
    let mut next = heard.len() as u32;
    desk.says("show ev");
    desk.pmds[0].run(300);
    desk.pmds[0].idle(9);
    desk.machine.now += HERTZ;
    let (heard, _) = frames(desk.says("").as_bytes(), &mut next);
    assert_eq!(heard, []);
    let (heard, _) = frames(desk.says("ents\r").as_bytes(), &mut next);
    assert_eq!(heard.len(), 3, "the event, and nothing else while somebody types: {heard:?}");
}

/// Bytes that a line of 115,200 symbols a second carries in one, less a ninth: played iterations have
/// smaller numbers, so that an event takes 360 bytes with its line of text where a real one takes 405.
const LINE_RATE: u64 = 115_200 / 10 * 8 / 9;

#[test]
fn a_shared_line_carries_25_default_events_a_second_and_what_two_pmds_count() {
    const SECONDS: u64 = 60;
    let mut desk = Desk::new();
    desk.control.set_stream(Way::Shared, BUILD);
    let (mut bytes, mut carried) = (vec![], 0);
    for millisecond in 0..SECONDS * 1000 {
        if millisecond % 40 == 0 {
            let pmd = &mut desk.pmds[usize::from(millisecond % 80 == 0)];
            pmd.run(300);
            pmd.idle(12);
        }
        desk.machine.now += HERTZ / 1000;
        desk.control.tick(&mut desk.machine, b"");
        carried += LINE_RATE;
        let count = desk.control.unsent().len().min((carried / 1000) as usize);
        bytes.extend(&desk.control.unsent()[..count]);
        desk.control.sent(count);
        carried -= 1000 * count as u64;
        carried = carried.min(16 * 1000);
    }
    let (heard, _) = frames(&bytes, &mut 0);
    let wholes = heard.iter().filter(|heard| matches!(heard, Heard::Whole(..))).count() as u64;
    assert!(wholes + 10 >= 25 * SECONDS, "{wholes} events");
    let copies = |core| {
        let is_it = |heard: &&Heard| matches!(heard, Heard::Amounts(Table::Counters, own, _) if *own == core);
        heard.iter().filter(is_it).count()
    };
    assert!(copies(1) >= 5 && copies(2) >= 5, "{} and {} copies", copies(1), copies(2));
    assert!(!heard.iter().any(|heard| matches!(heard, Heard::Gap(_))), "nothing was left out");
}
