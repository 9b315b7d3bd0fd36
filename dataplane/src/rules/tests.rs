use super::*;
use crate::field::Id;
use crate::played;

fn key(port: u16, ttl: u8) -> Key {
    let mut key = Key::ZERO;
    Id::InPort.set(&mut key, port.into(), u128::MAX);
    Id::EthType.set(&mut key, 0x800, u128::MAX);
    Id::NwTtl.set(&mut key, ttl.into(), u128::MAX);
    key
}

fn met(set: &RuleSet, key: &Key) -> Option<u64> {
    set.find(0, key, &mut { Mask::NONE }).map(|rule| rule.cookie)
}

#[test]
fn the_highest_priority_wins_and_lower_ones_fill_in() {
    let set = played::rules(&[
        "cookie=1,priority=1,actions=drop",
        "cookie=2,priority=20,ip,nw_ttl=1,actions=drop",
        "cookie=3,priority=10,in_port=1,actions=drop",
        "cookie=4,priority=9,in_port=1,actions=drop",
        "table=1,cookie=5,priority=99,actions=drop",
    ]);
    let met = |port, ttl| met(&set, &key(port, ttl));
    assert_eq!([met(1, 1), met(1, 2), met(2, 2)], [Some(2), Some(3), Some(1)]);
    assert_eq!(set.len(), 5);
}

#[test]
fn the_last_of_equal_matches_holds() {
    let set = played::rules(&[
        "cookie=1,in_port=1,actions=drop",
        "cookie=2,in_port=2,actions=drop",
        "cookie=3,in_port=1,actions=normal",
    ]);
    assert_eq!((set.len(), met(&set, &key(1, 0)), met(&set, &key(2, 0))), (2, Some(3), Some(2)));
}

#[test]
fn rules_stand_in_the_same_order_in_whatever_order_they_were_given() {
    let texts = [
        "priority=100,tcp,actions=drop",
        "priority=50,in_port=1,actions=drop",
        "priority=50,tcp,actions=1",
        "priority=50,tcp,tp_dst=80,actions=1",
        "table=1,actions=normal",
    ];
    let listed = |texts: &[&str]| -> std::vec::Vec<String> {
        played::rules(texts).iter().map(|rule| rule.to_string()).collect()
    };
    let first = listed(&texts);
    for turn in 0..texts.len() {
        let mut texts = texts;
        texts.rotate_left(turn);
        assert_eq!(listed(&texts), first);
    }
    let set = played::rules(&texts);
    assert!(set.iter().zip(set.iter().skip(1)).all(|(one, other)| one.order(&other).is_lt()));
}

#[test]
fn a_look_up_looks_at_masks_only_that_could_have_won() {
    let set = played::rules(&[
        "priority=20,in_port=1,actions=drop",
        "priority=10,ip,nw_ttl=1,actions=drop",
    ]);
    let seen = |port| {
        let mut seen = Mask::NONE;
        set.find(0, &key(port, 1), &mut seen);
        Id::NwTtl.seen(&seen) != 0
    };
    assert_eq!((seen(1), seen(2)), (false, true));
}

#[test]
fn a_set_that_does_not_fit_says_why() {
    let mut set = played::empty_rules(4);
    let texts: std::vec::Vec<String> = (0..5).map(|n| format!("in_port={n},actions=1")).collect();
    let texts: std::vec::Vec<&str> = texts.iter().map(String::as_str).collect();
    let rules = played::parsed(&texts);
    assert_eq!(set.make(rules.iter().map(Rule::view)), Err(Error::TooMany));
    let wide = played::parsed(&["actions=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"]);
    assert_eq!(set.make(wide.iter().map(Rule::view)), Err(Error::TooManyActions));
    assert_eq!(set.make(rules[..4].iter().map(Rule::view)), Ok(()));
    assert_eq!(set.len(), 4);
}

#[test]
fn a_finished_set_can_be_added_to() {
    let mut set = played::rules(&["cookie=1,in_port=1,actions=drop"; 5]);
    for cookie in 2..5 {
        let texts = [format!("cookie={cookie},in_port=1,actions=normal")];
        set.add(&played::parsed(&[&texts[0]])[0].view()).unwrap();
        set.finish();
        assert_eq!((set.len(), met(&set, &key(1, 0))), (1, Some(cookie)));
    }
}
