use clap::Parser as _;
use perf::{Counter, Iteration, Room};
use proptest::prelude::*;

use super::*;
use crate::trace::{COLUMNS, Content, FLAGS};

/// All that a replay told.
#[derive(Default)]
struct Heard {
    /// Suspicious iterations and rows of each event.
    events: Vec<(Vec<Iteration>, Vec<Iteration>)>,
    narrowed: u64,
    accounts: Accounts,
    figures: Option<(Box<Snapshot>, [u64; 2])>,
}

impl Report for Heard {
    fn begin(&mut self, _: usize, _: &Settings, _: &Timebase) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, told: &Told<'_>) -> io::Result<()> {
        let event = told.dump.event(told.events).unwrap();
        let suspects = event.parts().map(|part| *part.suspect()).collect();
        self.events.push((suspects, event.rows().copied().collect()));
        Ok(())
    }

    fn narrowed(&mut self, _: u64, _: u64, _: u64) -> io::Result<()> {
        self.narrowed += 1;
        Ok(())
    }

    fn accounts(&mut self, accounts: &Accounts) -> io::Result<()> {
        self.accounts = *accounts;
        Ok(())
    }

    fn figures(&mut self, figures: &Counted<'_>) -> io::Result<()> {
        self.figures = Some((Box::new(figures.counted.clone()), figures.between));
        Ok(())
    }
}

fn heard(words: &str, trace: String) -> Result<Heard> {
    let words = format!("pmdstat replay - --show {words}");
    let words = settings::spelled_out(words.split_whitespace().map(Into::into));
    let crate::Verb::Replay(options) = crate::Options::parse_from(words).verb else {
        panic!("another verb")
    };
    let mut heard = Heard::default();
    let trace = trace::read("trace".to_owned(), io::Cursor::new(trace), 1)?;
    replay(&options, trace, &mut heard).map(|()| heard)
}

/// Rooms of the only row of the only event of a trace with these cells.
fn rooms(words: &str, columns: &str, cells: &str) -> [u64; Room::COUNT] {
    let trace = format!("iteration,cycles,{columns}\n1,300000,{cells}\n");
    let heard = heard(&format!("-a 0 {words}"), trace).unwrap();
    Room::ALL.map(|room| heard.events[0].1[0].room(room))
}

#[test]
fn every_room_gets_its_cycles_and_rx_what_is_left() {
    let columns = "parse_cycles,cache_cycles,classifier_cycles,upcalls,upcall_cycles,act_cycles,\
                   tx_cycles,again_cycles,housekeeping_cycles";
    let cells = "10,20,30,3,100,50,60,70,80";
    assert_eq!(rooms("", columns, cells), [299_580, 10, 20, 30, 100, 50, 60, 70, 80]);
}

#[test]
fn upcalls_are_timed_where_rooms_are_not() {
    let upcall = Room::Upcall as usize;
    assert_eq!(rooms("", "upcalls,upcall_cycles", "3,100")[upcall], 100);
    let off = "--set pmd-perf-rooms=off";
    assert_eq!(rooms(off, "parse_cycles,upcalls,upcall_cycles", "5,3,100")[upcall], 100);
}

#[test]
fn what_is_counted_is_what_the_trace_says() {
    let columns = "iteration,cycles,packets,batches,fill,sent,upcalls,lost_upcalls,sleep_cycles";
    let trace = format!("{columns}\n1,1000,33,2,40,30,3,1,500\n2,2000,0,0,0,0,0,0,0\n");
    let (counted, between) = heard("", trace).unwrap().figures.unwrap();
    let count = |counter| counted.count(counter);
    assert_eq!((counted.iterations, counted.idle_iterations()), (2, 1));
    assert_eq!((count(Counter::BusyCycles), count(Counter::IdleCycles)), (1000, 2000));
    assert_eq!((count(Counter::Recv), count(Counter::Batches), count(Counter::Fill)), (33, 2, 40));
    assert_eq!((count(Counter::Upcalls), count(Counter::Lost), count(Counter::Miss)), (3, 1, 2));
    assert_eq!((count(Counter::SleepIterations), count(Counter::SleepCycles)), (1, 500));
    assert_eq!((count(Counter::SentPackets), between), (30, [0, 3500]));
}

#[test]
fn time_outside_of_iterations_is_in_none() {
    let trace = "iteration,cycles,start_tsc,sleep_cycles\n1,300000,5000,1000\n2,300000,900000,\n";
    let heard = heard("-a 0 -b 0", trace.to_owned()).unwrap();
    let started: Vec<(u64, u64)> =
        heard.events.iter().map(|(suspects, _)| (suspects[0].start, suspects[0].cycles)).collect();
    assert_eq!(started, [(5000, 300_000), (900_000, 300_000)]);
    assert_eq!(heard.figures.unwrap().1, [4000, 1_200_000]);
}

/// A number for each column: mostly small, at times as large as can be.
fn numbers() -> impl Strategy<Value = Vec<u64>> {
    let number = |column: &crate::trace::Column| {
        let most = if let Content::Number(most, _) = column.content { most } else { 0 };
        // All rooms together are not longer than an iteration may be.
        let most = if column.name.ends_with("cycles") { most >> 4 } else { most };
        let any_size = (0..=most.max(1).ilog2()).prop_map(move |power| most >> power);
        prop_oneof![6 => Just(0), 3 => 0..=most.min(200), 1 => any_size]
    };
    COLUMNS.iter().map(number).collect::<Vec<_>>()
}

/// A line of a trace behind the iteration `number`, that does not contradict itself.
fn line(number: &mut u64, mut numbers: Vec<u64>) -> String {
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name).unwrap();
    let rooms = COLUMNS.iter().filter(|column| column.name.ends_with("_cycles"));
    let rooms = rooms.filter(|column| !column.name.starts_with("sleep"));
    let in_rooms: u64 = rooms.map(|column| numbers[place(column.name)]).sum();
    numbers[place("cycles")] += in_rooms;
    let lost = numbers[place("lost_upcalls")];
    numbers[place("upcalls")] = numbers[place("upcalls")].max(lost).max(1);
    *number += 1 + numbers[place("iteration")] % 4096;
    numbers[place("iteration")] = *number;
    let mut cells: Vec<String> = numbers.iter().map(u64::to_string).collect();
    cells[place("start_tsc")].clear();
    cells[place("flags")] = FLAGS[*number as usize % FLAGS.len()].1.to_owned();
    cells.join(",") + "\n"
}

fn traces() -> impl Strategy<Value = String> {
    prop::collection::vec(numbers(), 1..60).prop_map(|rows| {
        let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let mut number = 0;
        let header = names.join(",") + "\n";
        rows.into_iter().fold(header, |text, numbers| text + &line(&mut number, numbers))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_trace_holds_every_trigger_is_accounted_for(
        trace in traces(), extend: bool, window in 0..200_u32,
    ) {
        let extend = if extend { "-e" } else { "-ne" };
        let words = format!("{extend} -b {window} -a {window} -us 1");
        let Heard { events, accounts, .. } = heard(&words, trace).unwrap();
        prop_assert!(accounts.agree());
        let told: usize = events.iter().map(|(suspects, _)| suspects.len()).sum();
        prop_assert_eq!(told as u64, accounts.dumped);
        let mut seen = Vec::new();
        for (suspects, rows) in &events {
            prop_assert!(rows.is_sorted_by(|newer, older| newer.number > older.number));
            // Where a window was closed because it grew too large, a suspicious iteration at its end
            // belongs to the event behind it.
            seen.extend(rows.iter().map(|row| row.number));
            prop_assert!(suspects.iter().all(|suspect| seen.contains(&suspect.number)));
        }
    }
}
