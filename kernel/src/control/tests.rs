use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dataplane::Note;
use dataplane::capture::{Capture, Lent};
use dataplane::flow::Flows;
use dataplane::network::Network;
use dataplane::rules::RuleSet;
use handover::Reader;
use perf::Settings;

use super::*;
use crate::config::Config;
use crate::isolation::Facts;
use crate::logs::Levels;
use crate::loopback::Outcome;
use crate::machine::{Checksum, Health, Link};
use crate::options::Options;
use crate::played::{HERTZ, Played, lending, rule_set, tables};
use bench::{Bench, LOST_TWO};

const PORTS: usize = 2;

thread_local! {
    static CRASHED: Cell<bool> = const { Cell::new(false) };
    static TESTED: Cell<bool> = const { Cell::new(false) };
}

/// A mailbox with room for four orders, and whether a queue was given back.
#[derive(Clone, Default)]
struct Mailbox(Rc<RefCell<Vec<Order>>>, Rc<Cell<bool>>);

impl Orders for Mailbox {
    fn send(&mut self, order: Order) -> Result<(), Order> {
        let mut orders = self.0.borrow_mut();
        if orders.len() == 4 {
            return Err(order);
        }
        orders.push(order);
        Ok(())
    }

    fn pass_on(&mut self, _: &mut Self) -> bool {
        self.1.take()
    }
}

fn stream_memory() -> stream::Memory<'static> {
    stream::Memory {
        line: vec![0; stream::WAITING].leak(),
        facts: vec![stream::Told::default(); 8].leak(),
        counted: Box::leak(Box::new(Snapshot::ZERO)),
    }
}

/// Somebody at a console of a machine with PMDs on cores 1 and 2.
struct Desk {
    control: Control<'static, Mailbox>,
    machine: Bench,
    pmds: [Played; 2],
    boxes: [Mailbox; 2],
    readers: (Reader<RuleSet>, Reader<Network>),
    captures: [Lent; 2],
}

impl Desk {
    fn new() -> Self {
        Self::with(Settings::DEFAULT)
    }

    fn with(settings: Settings) -> Self {
        let mut options = Options::default();
        options.perf.general = settings;
        let rules = ["in_port=0,actions=output:1", "in_port=1,actions=output:0"];
        Self::of(&options, Said::NONE, &rules)
    }

    /// At a machine that was booted with this command line and this file.
    fn booted(line: &str, file: &str) -> Self {
        let [line, file] = [line, file].map(|text| &*text.to_string().leak());
        let mut rules = rule_set();
        let config = Config::read(line.as_bytes(), Some(file.as_bytes()), &mut rules);
        assert_eq!(config.file_faults.to_string(), "", "{file}");
        let rules: Vec<String> = rules.iter().map(|rule| rule.to_string()).collect();
        let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
        let mut desk = Self::of(&config.options, config.said, &rules);
        let meters = config.file.iter().flat_map(|file| file.meters());
        meters.for_each(|(number, meter)| desk.control.tables.set_saved_meter(number, &meter));
        desk
    }

    fn of(options: &Options, said: Said<'static>, rules: &[&str]) -> Self {
        let pmds = [Played::new(), Played::new()];
        let boxes = [Mailbox::default(), Mailbox::default()];
        let (one, other) = (lending(), lending());
        let mut lent = [Some(one.0), Some(other.0)];
        let mut handle = |number: usize| Handle {
            core: number + 1,
            node: 0,
            metrics: pmds[number].metrics,
            ledger: pmds[number].ledger,
            flows: Flows::new(vec![].leak(), vec![].leak()),
            notes: Box::leak(Box::new(handover::Mailbox::<Note, 4>::new())).open().1,
            captures: lent[number].take().unwrap(),
            orders: boxes[number].clone(),
        };
        let mut pmd =
            |number| Pmd::new(handle(number), 0, options.perf.of(number + 1), pmd_memory());
        let handles = vec![pmd(0), pmd(1)].leak();
        let memory = Memory {
            output: vec![0; OUTPUT].leak(),
            screen: Box::leak(Box::default()),
            rows: vec![Iteration::default(); usize::from(ROWS)].leak(),
            counted: Box::leak(Box::new(Snapshot::ZERO)),
            events: (vec![Part::default(); 64].leak(), vec![Iteration::default(); 4000].leak()),
            coverage: vec![NO_COVERAGE; COVERAGE_COPIES].leak(),
            file: vec![0; FILE].leak(),
            stream: stream_memory(),
        };
        let policy = Policy {
            said,
            log: options.log,
            settings: options.perf.general,
            watchdog: Watchdog::Report,
            flows: FlowOptions::DEFAULT,
            sleep: Numbers::same(0),
            balance: Balance::DEFAULT,
        };
        let base = Timebase::new(HERTZ, 0);
        let (tables, readers) = tables(rules);
        let control = Control::new(memory, handles, tables, (base, policy)).unwrap();
        let machine = Bench {
            now: 0,
            rebooted: false,
            left: false,
            links: [Link { is_up: true, speed: 0 }, Link::default()],
            tended: Default::default(),
            missed: 4,
            checksum: Checksum::Right,
            loopback: LOST_TWO,
            health: Health::default(),
            mended: Vec::new(),
            logs: RefCell::default(),
            levels: Levels::new(),
            management: None,
            is_named: false,
            second_clock: 0,
            cores: vec![Facts::default(); 4],
            tested: None,
            drift: u64::MAX,
        };
        machine.levels.choose(&options.log);
        let captures = [one.1, other.1];
        let mut desk = Self { control, machine, pmds, boxes, readers, captures };
        assert_eq!(desk.says(""), "barecore> ");
        desk.obey();
        desk
    }

    /// What the console says to `input`, as a terminal that never tires shows it.
    fn says(&mut self, input: &str) -> String {
        self.says_bytes(input.as_bytes())
    }

    fn says_bytes(&mut self, input: &[u8]) -> String {
        self.control.tick(&mut self.machine, input);
        let mut text = String::new();
        while let more @ 1.. = self.drain(&mut text) {
            assert!(more <= OUTPUT);
            self.control.tick(&mut self.machine, b"");
        }
        text
    }

    /// Everything that waits for the line, a FIFO at a time.
    fn drain(&mut self, text: &mut String) -> usize {
        let before = text.len();
        while !self.control.unsent().is_empty() {
            let fifo = self.control.unsent();
            let fifo = &fifo[..fifo.len().min(16)];
            text.push_str(core::str::from_utf8(fifo).unwrap());
            let count = fifo.len();
            self.control.sent(count);
        }
        text.len() - before
    }

    /// The lines of the answer to `command`.
    fn answers(&mut self, command: &str) -> Vec<String> {
        let text = self.says(&format!("{command}\r"));
        let (echo, answer) = text.split_once("\r\n").unwrap();
        assert_eq!(echo, command);
        let answer = answer.strip_suffix("barecore> ").unwrap();
        assert!(!answer.replace("\r\n", "").contains(['\r', '\n']));
        answer.split_terminator("\r\n").map(str::to_string).collect()
    }

    /// PMDs look at their orders.
    fn obey(&mut self) -> Vec<Order> {
        self.obey_each().into_iter().map(|(_, order)| order).collect()
    }

    /// The same, with the number of the PMD that each was for.
    fn obey_each(&mut self) -> Vec<(usize, Order)> {
        let mut seen = Vec::new();
        for (number, (pmd, mailbox)) in self.pmds.iter_mut().zip(&self.boxes).enumerate() {
            for order in mailbox.0.borrow_mut().drain(..) {
                if let Order::Limits(limits) = order {
                    pmd.recorder.set_limits(limits);
                }
                seen.push((number, order));
            }
        }
        seen
    }

    /// A PMD turns to what was published last.
    fn acknowledge(&mut self) {
        self.readers.0.acknowledge();
        self.readers.1.acknowledge();
    }

    fn stall(&mut self, core: usize, micros: u64) {
        let pmd = &mut self.pmds[core - 1];
        pmd.idle(20);
        pmd.stall(micros);
        pmd.idle(5);
    }
}

const PROMPT: &str = "barecore> ";

fn pmd_memory() -> PmdMemory {
    PmdMemory {
        cleared: Box::leak(Box::new(Snapshot::ZERO)),
        seconds: vec![Snapshot::ZERO; 61].leak(),
        losses: vec![perf::losses::Sample::default(); 64].leak(),
        counted: &mut [],
    }
}

mod answers;
mod bench;
mod captures;
mod cards;
mod configuration;
mod documented;
mod flows;
mod hwlat;
mod links;
mod orders;
mod reports;
mod requests;
mod rubbish;
mod rxqs;
mod streaming;
mod supervision;

#[test]
fn too_little_memory_is_refused_by_name() {
    fn control(output: usize, rows: usize, parts: usize, copies: usize) -> Option<Error> {
        let memory = Memory {
            output: vec![0; output].leak(),
            screen: Box::leak(Box::default()),
            rows: vec![Iteration::default(); rows].leak(),
            counted: Box::leak(Box::new(Snapshot::ZERO)),
            events: (vec![Part::default(); parts].leak(), vec![Iteration::default(); 999].leak()),
            coverage: vec![NO_COVERAGE; copies].leak(),
            file: &mut [],
            stream: stream_memory(),
        };
        let (settings, flows) = (Settings::DEFAULT, FlowOptions::DEFAULT);
        let (sleep, balance) = (Numbers::same(0), Balance::DEFAULT);
        let (said, log) = (Said::NONE, Chosen::DEFAULT);
        let policy = Policy { said, log, settings, watchdog: Watchdog::Off, flows, sleep, balance };
        let pmds: &'static mut [Pmd<Mailbox>] = &mut [];
        let base = Timebase::new(HERTZ, 0);
        Control::new(memory, pmds, tables(&[]).0, (base, policy)).err()
    }
    let rows = usize::from(ROWS);
    assert_eq!(control(OUTPUT - 1, rows, 1, COVERAGE_COPIES), Some(Error::OutputTooSmall));
    assert_eq!(control(OUTPUT, rows - 1, 1, COVERAGE_COPIES), Some(Error::RowsTooFew));
    assert_eq!(control(OUTPUT, rows, 0, COVERAGE_COPIES), Some(Error::EventsTooSmall));
    assert_eq!(control(OUTPUT, rows, 1, COVERAGE_COPIES - 1), Some(Error::CoverageTooSmall));
    assert_eq!(control(OUTPUT, rows, 1, COVERAGE_COPIES), None);
}

#[test]
fn notices_stand_above_what_is_typed() {
    let mut desk = Desk::new();
    assert_eq!(desk.says("show p"), "show p");
    desk.control.notice(format_args!("port 1: link down"));
    let wiped = format!("\r{}\r", " ".repeat(16));
    assert_eq!(desk.says("orts"), format!("{wiped}port 1: link down\r\n{PROMPT}show ports"));
}

#[test]
fn an_event_is_printed_above_what_is_typed_and_can_be_seen_again() {
    let mut desk = Desk::new();
    desk.says("sho");
    desk.stall(1, 10_000);
    let text = desk.says("");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        format!(
            "\r{}\rSuspicious iteration (excessive total cycles): iter=21 duration=10000 us core=1 \
             event=1 tsc=200 boot_ns=200000 utc=n/a injected",
            " ".repeat(13)
        )
    );
    assert_eq!(lines[1], "Neighborhood of suspicious iteration:");
    assert_eq!(lines.len(), 3 + 11 + 1);
    assert_eq!(lines.last(), Some(&"barecore> sho"));
    desk.says("\x15");
    let again = desk.answers("show event 1");
    assert_eq!(again[1..14], lines[1..14]);
    assert_eq!(again.last().unwrap(), "rooms of iteration 21: rx 10000 (100 %)");
    assert_eq!(desk.answers("show event 2"), ["error: no event 2 (show events lists all)"]);
}

#[test]
fn an_event_never_lands_in_an_answer() {
    let mut desk = Desk::new();
    desk.stall(2, 10_000);
    let text = desk.says("show ledger\r");
    let ledger = text.find("ledger total").unwrap();
    let event = text.find("Suspicious").unwrap();
    assert!(ledger < event);
    assert!(text[ledger..event].contains(&format!("exact=yes\r\n{PROMPT}")));
    assert!(text.ends_with(&format!("\r\n{PROMPT}")));
}

#[test]
fn a_console_that_cannot_keep_up_misses_events_and_says_how_many() {
    let mut desk = Desk::new();
    for _ in 0..600 {
        desk.stall(1, 1000);
        desk.control.tick(&mut desk.machine, b"");
    }
    assert_eq!(desk.control.lost(), 0);
    let mut text = desk.says("");
    for _ in 0..200 {
        desk.machine.now += HERTZ;
        text += &desk.says("");
    }
    let printed = text.matches("Suspicious").count();
    let missed = 600 - printed;
    assert!(missed > 0);
    let told = text.lines().filter_map(|line| {
        let count = line.strip_suffix(" events were not printed; show events lists them)")?;
        count.rsplit('(').next()?.parse::<usize>().ok()
    });
    assert_eq!(told.sum::<usize>(), missed);
    let list = desk.answers("show events");
    let totals = &list[list.len() - 2..];
    assert_eq!(totals[0], "triggers=600 dumped=600 suppressed=0 pending=0 stuck=1");
    assert_eq!(totals[1], format!("kept=64 forgotten=536 not-printed={missed}"));
}

#[test]
fn a_flood_of_events_is_printed_at_a_pace_and_leaves_a_prompt() {
    let mut desk = Desk::new();
    desk.machine.now += HERTZ;
    let mut printed = 0;
    for _ in 0..400 {
        desk.stall(1, 1000);
        printed += desk.says("").matches("Suspicious").count();
    }
    assert_eq!(printed, 300, "600 messages, two for each");
    assert!(desk.says("").is_empty(), "a prompt is shown, and nothing more until time passes");
    desk.machine.now += HERTZ / 5;
    assert_eq!(desk.says("").matches("Suspicious").count(), 1);
    assert_eq!(desk.control.accounts().triggers, 400);
}

#[test]
fn ctrl_c_ends_a_long_answer() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(1000);
    desk.control.tick(&mut desk.machine, b"pmd-perf-show -nh -it 1000\rshow ports\r");
    assert!(desk.control.unsent().len() > 1000);
    let text = desk.says("\x03");
    assert_eq!(text, format!("^C\r\n{PROMPT}"));
    assert_eq!(desk.answers("show drops").last().unwrap(), "total 0");
}

#[test]
fn what_is_typed_during_an_answer_waits_for_its_end() {
    let mut desk = Desk::new();
    desk.pmds[0].idle(100);
    let text = desk.says("pmd-perf-show -nh -it 100\rshow drops\rexi");
    let second = text.find("show drops\r\nport  stage").unwrap();
    assert!(text.find("core_id 2").unwrap() < second);
    assert!(text.ends_with(&format!("total 0\r\n{PROMPT}exi")));
}

#[test]
fn help_is_at_hand() {
    let mut desk = Desk::new();
    assert!(desk.answers("help").iter().any(|line| line.starts_with("  show ports ")));
    assert!(desk.answers("help crash")[0].starts_with("crash page-fault|"));
    assert_eq!(desk.answers(""), [""; 0]);
    assert_eq!(
        desk.answers("shwo drops"),
        ["error: no command `shwo drops` (nearest: show drops; help lists all)"]
    );
    let long = "x".repeat(LINE + 1);
    assert!(desk.says(&format!("{long}\r")).contains("error: the line has more than 512 char"));
}

#[test]
fn noise_on_the_line_neither_stops_nor_starts_anything() {
    let mut desk = Desk::new();
    let mut state = 1_u64;
    for round in 0..4000_u64 {
        let noise: Vec<u8> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round | 1);
                (state >> 33) as u8
            })
            .collect();
        desk.says_bytes(&noise);
    }
    assert!(!desk.machine.left && !desk.machine.rebooted && !CRASHED.get());
    desk.says("\x03\x15");
    assert_eq!(desk.answers("show drops").last().unwrap(), "total 0");
    assert_eq!(desk.control.lost(), 0);
}

#[test]
fn a_line_that_takes_nothing_stops_no_supervision() {
    let mut desk = Desk::new();
    desk.control.tick(&mut desk.machine, b"pmd-perf-show\rpmd-perf-show\rhelp\rhelp\rhelp\r");
    for _ in 0..200 {
        desk.stall(1, 1000);
        desk.control.tick(&mut desk.machine, b"help\r");
    }
    let accounts = desk.control.accounts();
    assert_eq!((accounts.triggers, accounts.dumped, accounts.suppressed_in_all()), (200, 200, 0));
    assert_eq!(desk.control.lost(), 0);
}
