//! A PMD that a test plays: it records iterations whose length the test says.

use core::cell::Cell;

use crate::control::{Lending, Tables, TablesMemory};
use dataplane::bond::{Bond, Mode};
use dataplane::capture::{self, Capture, EACH, Kept, Lent};
use dataplane::classifier::{self, Bucket, Link, List, Subtable, Table};
use dataplane::emc::{Entry, Rare};
use dataplane::flow::{Flow, Flows, SharedMask};
use dataplane::meter::{METERS, Meter};
use dataplane::network::{ADDRESSES, Network, Station};
use dataplane::program::Place;
use dataplane::rules::{self, Action, Rule, RuleSet, Shape, Stored};
use dataplane::simple;
use dataplane::switch::{self, Contacts};
use dataplane::{Ledger, Note, Switch, hash::Seeds};
use foldhash::SharedSeed;
use handover::{Inbox, Mailbox, Published, Reader};
use perf::history::SEGMENTS;
use perf::milliseconds::Slot;
use perf::{Clock, Flags, Metrics, Recorder, Segment, Settings, Timebase};

/// The clock of played PMDs runs at 1 MHz, so that a cycle is a microsecond.
pub(crate) const HERTZ: u64 = 1_000_000;

/// A clock that a test moves by hand.
pub(crate) struct Hand(Cell<u64>);

impl Clock for Hand {
    fn now(&self) -> u64 {
        self.0.get()
    }
}

static SHARED: SharedSeed = SharedSeed::from_u64(0x5eed);

pub(crate) fn rule_set() -> RuleSet {
    let memory = rules::Memory {
        rules: many(16, || Stored::EMPTY),
        actions: vec![Action::Normal; 64].leak(),
        index: vec![0; 32].leak(),
        shapes: vec![Shape::EMPTY; 16].leak(),
    };
    RuleSet::new(memory, Seeds::new(&SHARED, 1))
}

/// Both ends of what captures of 10 frames go by.
pub(crate) fn lending() -> (Lending, Lent) {
    let (lent, inbox) = Box::leak(Box::new(Mailbox::<&mut Capture, 2>::new())).open();
    let (sender, back) = Box::leak(Box::new(Mailbox::<&mut Capture, 2>::new())).open();
    let (frames, bytes) = (vec![Kept::default(); 10].leak(), vec![0; 10 * EACH].leak());
    let memory = capture::Memory { frames, bytes };
    let home = Some(Box::leak(Box::new(Capture::new(memory))));
    (Lending { lent, back, home }, Lent { lent: inbox, back: sender })
}

/// Tables of the rules in `texts` and three ports, and a bond of two more; and what one PMD reads of them.
pub(crate) fn tables(texts: &[&str]) -> (Tables, (Reader<RuleSet>, Reader<Network>)) {
    let parsed: Vec<Rule> = texts.iter().map(|text| rules::parse(text).unwrap()).collect();
    let mut first = rule_set();
    first.make(parsed.iter().map(Rule::view)).unwrap();
    let rules = Box::leak(Box::new(Published::new(first, rule_set())));
    let world = || {
        let stations = vec![Station::default(); ADDRESSES].leak().try_into().unwrap();
        let mut network = Network { ports: 0b111, ..Network::new(stations) };
        network.bonds[0] = Some(Bond::new(Mode::ActiveBackup, 0b11000));
        network
    };
    let network = Box::leak(Box::new(Published::new(world(), world())));
    let ((rules, mut rule_readers), (network, mut readers)) = (rules.open(1), network.open(1));
    let heard = vec![0; ADDRESSES].leak().try_into().unwrap();
    let meters = many(METERS, Meter::default);
    let saved = (rule_set(), many(METERS, || None));
    let tables = Tables::new(rules, network, TablesMemory { heard, meters, saved }, HERTZ);
    (tables, (rule_readers.next().unwrap(), readers.next().unwrap()))
}

fn many<T>(count: usize, make: impl Fn() -> T) -> &'static mut [T] {
    (0..count).map(|_| make()).collect::<Vec<_>>().leak()
}

fn array<T, const N: usize>(make: impl Fn() -> T) -> &'static mut [T; N] {
    let Ok(array) = many(N, make).try_into() else { unreachable!("so many were made") };
    array
}

/// What one PMD decides with, by what `readers` say, in room for 64 flows; those flows, and what it
/// notes.
pub(crate) fn switch(
    (rules, network): (Reader<RuleSet>, Reader<Network>),
) -> (&'static mut Switch, Flows, Inbox<Note>) {
    let (notes, inbox) = Box::leak(Box::new(Mailbox::<Note, 16>::new())).open();
    let flows = Flows::new(many(64, Flow::default), many(64, SharedMask::default));
    let memory = switch::Memory {
        simple: array(|| simple::Entry::EMPTY),
        smc: None,
        emc: (array(|| Entry::EMPTY), array(Rare::default)),
        flows,
        classifier: classifier::Memory {
            table: Table::new(many(64, || Bucket::EMPTY)),
            subtables: many(64, || Subtable::EMPTY),
            links: many(64, || Link::EMPTY),
            free: many(64, || 0),
            lists: array(List::new),
        },
        programs: many(16, Place::default),
    };
    let contacts = Contacts { rules, network, notes, meters: &[] };
    let switch = Switch::new(memory, contacts, Seeds::new(&SHARED, 7), HERTZ);
    (Box::leak(Box::new(switch)), flows, inbox)
}

/// A PMD without queues.
pub(crate) struct Played {
    pub(crate) metrics: &'static Metrics,
    pub(crate) ledger: &'static Ledger,
    pub(crate) recorder: Recorder,
    clock: Hand,
}

impl Played {
    pub(crate) fn new() -> Self {
        let segments: Vec<Segment> = (0..SEGMENTS).map(|_| Segment::EMPTY).collect();
        let slots: Vec<Slot> = (0..4096).map(|_| Slot::EMPTY).collect();
        let metrics = Box::leak(Box::new(Metrics::new(segments.leak(), slots.leak())));
        let limits = Settings::DEFAULT.limits(HERTZ, 0);
        let recorder = Recorder::new(metrics, limits, Timebase::new(HERTZ, 0));
        let ledger = Box::leak(Box::default());
        let mut played = Self { metrics, ledger, recorder, clock: Hand(Cell::new(0)) };
        played.recorder.enter(&played.clock);
        played
    }

    /// One iteration of so many microseconds.
    pub(crate) fn run(&mut self, micros: u64) {
        self.clock.0.set(self.clock.now() + micros);
        self.recorder.end(&self.clock);
    }

    /// So many iterations of 10 us.
    pub(crate) fn idle(&mut self, count: u64) {
        (0..count).for_each(|_| self.run(10));
    }

    /// One iteration that was kept busy on purpose.
    pub(crate) fn stall(&mut self, micros: u64) {
        self.recorder.current.flags.set(Flags::INJECTED);
        self.run(micros);
    }
}
