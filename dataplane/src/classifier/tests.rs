use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::field::Id;
use crate::played;
use crate::rules::RuleSet;
use crate::switch::list;
use crate::translate::{World, translate};

/// Fields that rules of tests look at and packets of tests have, and how many values of each.
const FIELDS: [(Id, u128); 12] = [
    (Id::InPort, 4),
    (Id::EthType, 3),
    (Id::EthDst, 4),
    (Id::VlanTci, 4),
    (Id::TpSrc, 4),
    (Id::TpDst, 8),
    (Id::NwProto, 3),
    (Id::NwTtl, 3),
    (Id::NwSrc, 16),
    (Id::NwDst, 16),
    (Id::Ipv6Src, 4),
    (Id::TunId, 3),
];

/// Value number `number` of a field: spread over its bits, so that prefixes tell some apart.
fn value(id: Id, number: u128) -> u128 {
    match id {
        Id::EthType => [0x800, 0x86dd, 0x806][number as usize % 3],
        Id::VlanTci => [0, 0x1000, 0x1005, 0x3005][number as usize % 4],
        _ => number | number << (id.field().bits / 2),
    }
}

fn key() -> impl Strategy<Value = Key> {
    proptest::collection::vec(any::<u8>(), FIELDS.len()).prop_map(|numbers| {
        let mut key = Key::ZERO;
        for ((id, count), number) in FIELDS.iter().zip(numbers) {
            id.set(&mut key, value(*id, u128::from(number) % count), u128::MAX);
        }
        key
    })
}

/// A rule that looks at some fields, at prefixes of some of them.
fn rule(priority: u16) -> impl Strategy<Value = crate::rules::Rule> {
    let looks = proptest::collection::vec((0..FIELDS.len(), any::<u8>(), 0_u8..4), 0..5);
    (looks, 0_u8..3, 0_usize..7, 0_u16..4).prop_map(move |(looks, table, kind, port)| {
        let texts = [
            format!("actions={port}"),
            "actions=drop".into(),
            format!("actions=resubmit(,{}),{port}", table + 1),
            format!("actions=mod_dl_dst:00:00:01:00:00:01,resubmit(,{})", table + 1),
            format!("actions=mod_vlan_vid:5,goto_table:{}", table + 1),
            "actions=pop_vlan,normal".into(),
            format!("actions=set_tunnel:1,flood,resubmit({port},{})", table + 1),
        ];
        let mut rule = crate::rules::parse(&texts[kind]).unwrap();
        (rule.table, rule.priority) = (table, priority);
        for (field, number, prefix) in looks {
            let (id, count) = FIELDS[field];
            let bits = id.most() << (u32::from(id.field().bits) / 4 * u32::from(prefix));
            id.set(&mut rule.value, value(id, u128::from(number) % count) & bits, bits);
            id.look(&mut rule.mask, bits);
        }
        rule
    })
}

fn rules(count: u16) -> impl Strategy<Value = RuleSet> {
    (0..count).map(|number| rule(number * 3 + 1)).collect::<std::vec::Vec<_>>().prop_map(|rules| {
        let mut set = played::empty_rules(1024);
        set.make(rules.iter().map(crate::rules::Rule::view)).unwrap();
        set
    })
}

/// The rule of `table` for `key`, found by looking at each.
fn plainly<'a>(set: &'a RuleSet, table: u8, key: &Key) -> Option<crate::rules::View<'a>> {
    let fits = |rule: &crate::rules::View<'_>| {
        (0..WORDS).all(|word| (rule.value[word] ^ key[word]) & rule.mask.0[word] == 0)
    };
    set.iter().filter(|rule| rule.table == table).filter(fits).max_by_key(|rule| rule.priority)
}

fn classifier(flows: usize) -> Classifier {
    played::switch(&[], 4, flows).0.classifier
}

/// The flow that `key` meets.
fn met(classifier: &mut Classifier, key: &Key) -> Option<u32> {
    let mut found = [NONE];
    let (open, _) = classifier.search(list(key), &[*key], 1, &mut found);
    (open == 0).then_some(found[0])
}

fn insert(classifier: &mut Classifier, key: &Key, mask: &Mask, actions: u64) -> Result<u32, Full> {
    let wish = Wish { key, mask, verdict: Verdict::Output(1), actions };
    classifier.insert(list(key), &wish, 0)
}

/// Sends `packets` random packets through `sets` random sets of rules, and compares each megaflow
/// that is met with what rules say of the very packet, and each rule that is found with what a look
/// at every rule finds. Flows are cached in the order of packets, and all go when there is no room
/// for one more, so any may be there before any other.
fn compare(sets: usize, packets: usize) {
    let mut runner = TestRunner::new(Config::default());
    let (mut hits, mut misses) = (0, 0);
    for _ in 0..sets {
        let set = rules(10).new_tree(&mut runner).unwrap().current();
        let network = played::network(4);
        let world = World { rules: &set, network: &network };
        let mut classifier = classifier(1 << 12);
        let mut known = std::vec::Vec::new();
        for _ in 0..packets {
            let key = key().new_tree(&mut runner).unwrap().current();
            for table in 0..3 {
                assert_eq!(set.find(table, &key, &mut { Mask::NONE }), plainly(&set, table, &key));
            }
            let said = translate(world, &key, &mut ());
            let expected = said.program.fingerprint();
            match met(&mut classifier, &key) {
                Some(flow) => {
                    hits += 1;
                    let flow = classifier.flows.read(flow).unwrap();
                    assert_eq!(flow.actions, expected, "{key:?}\nmet {flow:?}\nnot {said:?}");
                }
                None => {
                    misses += 1;
                    let place =
                        insert(&mut classifier, &key, &said.mask, expected).or_else(|Full| {
                            // No place for a flow, or for a mask: all go.
                            let gone = |(place, name): (u32, u64)| classifier.remove(place, name);
                            assert!(known.drain(..).map(gone).all(|gone| gone.is_some()));
                            insert(&mut classifier, &key, &said.mask, expected)
                        });
                    let place = place.unwrap();
                    known.push((place, classifier.flows.name(place)));
                    assert_eq!(met(&mut classifier, &key), Some(place));
                }
            }
        }
    }
    assert!(hits > misses / 2, "{hits} hits, {misses} misses");
}

#[test]
fn a_megaflow_does_what_rules_say_of_each_of_its_packets() {
    compare(30, 1_000);
}

#[test]
#[ignore = "takes minutes: cargo test -p dataplane --release -- --ignored ten_million"]
fn a_megaflow_does_what_rules_say_of_each_of_ten_million_packets() {
    compare(1_000, 10_000);
}

proptest! {
    #[test]
    fn the_hash_table_of_rules_finds_what_looking_at_each_finds(
        set in rules(30), keys in proptest::collection::vec(key(), 40)
    ) {
        for key in keys {
            for table in 0..3 {
                let found = set.find(table, &key, &mut { Mask::NONE });
                prop_assert_eq!(found, plainly(&set, table, &key));
            }
        }
    }

    #[test]
    fn flows_come_and_go_and_none_is_lost_or_found_twice(
        steps in proptest::collection::vec((any::<bool>(), key(), 0_usize..6), 1..300)
    ) {
        let mut classifier = classifier(64);
        let mut known: std::vec::Vec<(u32, u64, Key, Mask)> = std::vec::Vec::new();
        for (goes, key, shape) in steps {
            if goes && !known.is_empty() {
                let (place, name, ..) = known.swap_remove(shape % known.len());
                prop_assert!(classifier.remove(place, name).is_some());
                prop_assert!(classifier.remove(place, name).is_none());
            } else if met(&mut classifier, &key).is_none() {
                let mut mask = Mask::NONE;
                Id::InPort.look_at(&mut mask);
                Id::RecircId.look_at(&mut mask);
                FIELDS[..shape * 2].iter().for_each(|(id, _)| id.look_at(&mut mask));
                if let Ok(place) = insert(&mut classifier, &key, &mask, 0) {
                    known.push((place, classifier.flows.name(place), key, mask));
                } else {
                    prop_assert_eq!(known.len(), 64);
                }
            }
            prop_assert_eq!(classifier.len(), known.len());
        }
        for (place, name, key, mask) in &known {
            let flow = classifier.flows.read(*place).unwrap();
            prop_assert_eq!((flow.name, flow.key, flow.mask), (*name, mask.of(key), *mask));
            prop_assert!(met(&mut classifier, key).is_some());
        }
        let places: BTreeSet<u32> = known.iter().map(|flow| flow.0).collect();
        prop_assert_eq!(places.len(), known.len());
    }
}

/// A mask that looks at the first `bits` bits of the IPv6 source, and a key.
fn prefix(bits: u32) -> (Key, Mask) {
    let (mut key, mut mask) = (Key::ZERO, Mask::NONE);
    [Id::InPort, Id::RecircId].iter().for_each(|id| id.look_at(&mut mask));
    Id::Ipv6Src.look(&mut mask, !(u128::MAX >> 1 >> (bits - 1)));
    Id::Ipv6Src.set(&mut key, 1 << (128 - bits), u128::MAX);
    (key, mask)
}

#[test]
fn the_subtable_with_the_fewest_hits_gives_way_when_there_are_too_many() {
    let mut classifier = classifier(1024);
    for bits in 1..=PROBES as u32 {
        let (key, mask) = prefix(bits);
        insert(&mut classifier, &key, &mask, 0).unwrap();
        if bits != 5 {
            assert!(met(&mut classifier, &key).is_some());
        }
    }
    let (mut key, mut mask) = (Key::ZERO, Mask::NONE);
    Id::InPort.look_at(&mut mask);
    Id::TpDst.look_at(&mut mask);
    Id::TpDst.set(&mut key, 7, u128::MAX);
    insert(&mut classifier, &key, &mask, 0).unwrap();
    assert_eq!((classifier.evicted(), classifier.len()), (1, PROBES + 1));
    assert!(met(&mut classifier, &prefix(5).0).is_none());
    assert!(met(&mut classifier, &prefix(6).0).is_some() && met(&mut classifier, &key).is_some());
    let mut gone = 0;
    classifier.sweep(|_| gone += 1);
    assert_eq!((gone, classifier.len()), (1, PROBES));
}

#[test]
fn subtables_with_most_hits_are_looked_at_first() {
    let mut classifier = classifier(16);
    for bits in [10, 20] {
        let (key, mask) = prefix(bits);
        insert(&mut classifier, &key, &mask, 0).unwrap();
    }
    let probes =
        |classifier: &mut Classifier| classifier.search(0, &[prefix(20).0], 1, &mut [NONE]).1;
    assert_eq!(probes(&mut classifier), 2);
    classifier.rank();
    assert_eq!(probes(&mut classifier), 1);
}

#[test]
fn a_port_whose_flow_looks_at_nothing_else_needs_no_look() {
    let mut classifier = classifier(16);
    let (key, mut mask) = (Key::ZERO, Mask::NONE);
    [Id::InPort, Id::RecircId].iter().for_each(|id| id.look_at(&mut mask));
    let flow = insert(&mut classifier, &key, &mask, 0).unwrap();
    assert_eq!((classifier.whole(0), classifier.whole(1)), (Some(flow), None));
    let name = classifier.flows.name(flow);
    classifier.remove(flow, name);
    assert_eq!(classifier.whole(0), None);
    Id::EthType.look_at(&mut mask);
    insert(&mut classifier, &key, &mask, 0).unwrap();
    assert_eq!(classifier.whole(0), None);
}
