//! Worlds for tests: rules from text, switches in memory of their own.

use foldhash::SharedSeed;
use handover::{Inbox, Mailbox, Published, Publisher};

use crate::classifier::{self, Bucket, LISTS, Link, List, Subtable, Table};
use crate::emc::{Entry, PLACES, Rare};
use crate::flow::{Flow, Flows, SharedMask};
use crate::hash::Seeds;
use crate::meter::{METERS, Meter};
use crate::network::{ADDRESSES, Network, Station};
use crate::program::Place;
use crate::rules::{self, Action, Rule, RuleSet, SHAPES, Shape, Stored};
use crate::simple;
use crate::switch::{Contacts, Memory, Note, Switch};

static SHARED: SharedSeed = SharedSeed::from_u64(0xfeed);

pub(crate) const SEEDS: Seeds = Seeds::new(&SHARED, 1);

pub(crate) fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

pub(crate) fn many<T>(count: usize, make: impl Fn() -> T) -> &'static mut [T] {
    (0..count).map(|_| make()).collect::<Vec<_>>().leak()
}

/// An empty set with room for `count` rules, a power of two.
pub(crate) fn empty_rules(count: usize) -> RuleSet {
    let memory = rules::Memory {
        rules: many(count, || Stored::EMPTY),
        actions: many(4 * count, || Action::Normal),
        index: many(2 * count, || 0),
        shapes: many(SHAPES, || Shape::EMPTY),
    };
    RuleSet::new(memory, SEEDS)
}

pub(crate) fn parsed(texts: &[&str]) -> Vec<Rule> {
    texts
        .iter()
        .map(|text| rules::parse(text).unwrap_or_else(|it| panic!("{text}: {it}")))
        .collect()
}

/// The set of the rules in `texts`.
pub(crate) fn rules(texts: &[&str]) -> RuleSet {
    let mut set = empty_rules(1024);
    set.make(parsed(texts).iter().map(Rule::view)).unwrap();
    set
}

/// A world of ports 0 to `ports`.
pub(crate) fn network(ports: u16) -> Network {
    let stations = many(ADDRESSES, Station::default).try_into().unwrap();
    Network { ports: (1 << ports) - 1, ..Network::new(stations) }
}

/// What a switch is steered and watched by.
pub(crate) struct Hold {
    pub(crate) rules: Publisher<RuleSet>,
    pub(crate) network: Publisher<Network>,
    pub(crate) notes: Inbox<Note>,
    pub(crate) flows: Flows,
    pub(crate) meters: &'static [Meter],
}

impl Hold {
    /// Publishes the rules in `texts`.
    pub(crate) fn publish(&mut self, texts: &[&str]) {
        let parsed = parsed(texts);
        let (_, draft) = self.rules.draft().expect("all have acknowledged");
        draft.make(parsed.iter().map(Rule::view)).unwrap();
        self.rules.publish();
    }
}

/// A switch with room for `flows`, over the rules in `texts` and ports 0 to `ports`.
pub(crate) fn switch(texts: &[&str], ports: u16, flows: usize) -> (Switch, Hold) {
    let published = leak(Published::new(rules(texts), empty_rules(1024)));
    let (rules, mut readers) = published.open(1);
    let rules_reader = readers.next().unwrap();
    let (network, mut readers) =
        leak(Published::new(self::network(ports), self::network(ports))).open(1);
    let (notes, inbox) = leak(Mailbox::<Note, 64>::new()).open();
    let masks = 512;
    let table = Flows::new(many(flows, Flow::default), many(masks, SharedMask::default));
    let memory = Memory {
        simple: many(simple::PLACES, || simple::Entry::EMPTY).try_into().unwrap(),
        smc: None,
        emc: (
            many(PLACES, || Entry::EMPTY).try_into().unwrap(),
            many(PLACES, Rare::default).try_into().unwrap(),
        ),
        flows: table,
        classifier: classifier::Memory {
            table: Table::new(many((flows / 2).next_power_of_two().max(2), || Bucket::EMPTY)),
            subtables: many(masks, || Subtable::EMPTY),
            links: many(flows, || Link::EMPTY),
            free: many(flows, || 0),
            lists: many(LISTS, List::new).try_into().unwrap(),
        },
        programs: many(256, Place::default),
    };
    let meters: &[Meter] = many(METERS, Meter::default);
    let network_reader = readers.next().unwrap();
    let contacts = Contacts { rules: rules_reader, network: network_reader, notes, meters };
    let switch = Switch::new(memory, contacts, SEEDS, 1_000_000);
    (switch, Hold { rules, network, notes: inbox, flows: table, meters })
}
