//! What a hosted PMD decides with: rules from text, caches in memory that is never given back.

use dataplane::classifier::{self, Bucket, Link, List, Subtable, Table};
use dataplane::emc::{Entry, Rare};
use dataplane::flow::{Flow, Flows, SharedMask};
use dataplane::hash::Seeds;
use dataplane::network::{Network, Station};
use dataplane::program::Place;
use dataplane::rules::{self, Action, Rule, RuleSet, SHAPES, Shape, Stored};
use dataplane::simple;
use dataplane::switch::{Contacts, Memory};
use dataplane::translate::World;
use dataplane::{Note, Switch};
use foldhash::SharedSeed;
use handover::{Mailbox, Publisher};

use crate::rig::{leak, many};
use crate::setup::Setup;

/// Masks of flows, and programs.
const MASKS: usize = 512;
const PROGRAMS: usize = 1024;

/// What the clock is taken to run at, so that subtables are ranked each second.
const HERTZ: u64 = 2_600_000_000;

static SHARED: SharedSeed = SharedSeed::from_u64(0x0b5e_55ed);

/// What a switch was told, which does not change.
pub(crate) struct Published(Publisher<RuleSet>, Publisher<Network>);

impl Published {
    /// The same, for whoever wants to know what it makes of a packet.
    pub(crate) fn world(&self) -> World<'_> {
        World { rules: self.0.current(), network: self.1.current() }
    }
}

/// A switch with room for `flows`, between its ports, set up so.
pub(crate) fn switch(setup: &Setup, flows: usize) -> Switch {
    let (mut switch, _) = published(&setup.rules(), flows, |network| {
        network.ports = (1 << setup.all_ports()) - 1;
        if setup.has_tunnel() {
            Setup::equip(network);
        }
    });
    switch.configure(setup.inverse, 0);
    switch
}

/// A switch with room for `flows`, by the rules in `texts`, in a network that is equipped so.
pub(crate) fn published(
    texts: &[String],
    flows: usize,
    equip: impl Fn(&mut Network),
) -> (Switch, Published) {
    let seeds = Seeds::new(&SHARED, 0x1357_9bdf_0246_8ace);
    let parsed: Vec<Rule> = texts.iter().map(|text| parse(text)).collect();
    let mut first = rule_set(parsed.len(), seeds);
    let made = first.make(parsed.iter().map(Rule::view));
    assert!(made.is_ok(), "there is room for these rules");
    let rules = leak(handover::Published::new(first, rule_set(1, seeds)));
    let network = || {
        let mut network = Network::new(array(Station::default));
        equip(&mut network);
        network
    };
    let network = leak(handover::Published::new(network(), network()));
    let ((told_rules, mut rules), (told_network, mut network)) = (rules.open(1), network.open(1));
    let (Some(rules), Some(network)) = (rules.next(), network.next()) else {
        unreachable!("each has the one reader that was asked for")
    };
    let (notes, _) = leak(Mailbox::<Note, 8>::new()).open();
    let contacts = Contacts { rules, network, notes, meters: &[] };
    let mut switch = Switch::new(memory(flows), contacts, seeds, HERTZ);
    switch.configure(1, 0);
    (switch, Published(told_rules, told_network))
}

fn parse(text: &str) -> Rule {
    rules::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn rule_set(count: usize, seeds: Seeds) -> RuleSet {
    let count = count.next_power_of_two();
    let memory = rules::Memory {
        rules: many(count, || Stored::EMPTY),
        actions: many(4 * count, || Action::Normal),
        index: many(2 * count, || 0),
        shapes: many(SHAPES, || Shape::EMPTY),
    };
    RuleSet::new(memory, seeds)
}

fn memory(flows: usize) -> Memory {
    Memory {
        simple: array(|| simple::Entry::EMPTY),
        smc: None,
        emc: (array(|| Entry::EMPTY), array(Rare::default)),
        flows: Flows::new(many(flows, Flow::default), many(MASKS, SharedMask::default)),
        classifier: classifier::Memory {
            table: Table::new(many((flows / 2).next_power_of_two(), || Bucket::EMPTY)),
            subtables: many(MASKS, || Subtable::EMPTY),
            links: many(flows, || Link::EMPTY),
            free: many(flows, || 0),
            lists: array(List::new),
        },
        programs: many(PROGRAMS, Place::default),
    }
}

fn array<T, const N: usize>(make: impl Fn() -> T) -> &'static mut [T; N] {
    let Ok(places) = many(N, make).try_into() else { unreachable!("so many were made") };
    places
}
