//! What is lent is called back, and lent again.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use handover::{HOLDERS, Holder, Owner, Recall};

fn lent(holders: usize) -> (Owner, Vec<Holder>) {
    let mut owner = Box::leak(Box::new(Recall::new())).open();
    let holders = (0..holders).map(|_| owner.lend().unwrap()).collect();
    (owner, holders)
}

#[test]
fn it_is_back_once_every_holder_has_given_it_up() {
    let (mut owner, mut holders) = lent(2);
    assert!(!owner.is_back() && holders[0].look().is_none());
    owner.call_back();
    for holder in &mut holders {
        assert!(!owner.is_back() && holder.may_use());
        let turn = holder.look().unwrap();
        assert!(turn.is_recall());
        holder.follow(turn);
        assert!(holder.look().is_none() && !holder.may_use());
    }
    assert!(owner.is_back());
    owner.lend_again();
    let turn = holders[0].look().unwrap();
    assert!(!turn.is_recall() && !owner.is_back());
    holders[0].follow(turn);
    assert!(holders[0].may_use());
}

#[test]
fn a_holder_that_was_away_for_a_whole_turn_gives_up_again() {
    let (mut owner, mut holders) = lent(2);
    owner.call_back();
    holders.iter_mut().for_each(|it| it.follow(it.look().unwrap()));
    owner.lend_again();
    owner.call_back();
    assert!(!owner.is_back(), "what was said of another turn counts no more");
    for holder in &mut holders {
        let turn = holder.look().unwrap();
        assert!(turn.is_recall());
        holder.follow(turn);
    }
    assert!(owner.is_back());
}

#[test]
fn who_asks_is_heard_until_it_was_called_back() {
    let (mut owner, mut holders) = lent(3);
    assert_eq!(owner.asked(), None);
    holders[2].ask(7);
    holders[1].ask(5);
    assert_eq!(owner.asked(), Some((1, 5)));
    owner.call_back();
    assert_eq!(owner.asked(), None);
    holders.iter_mut().for_each(|it| it.follow(it.look().unwrap()));
    owner.lend_again();
    assert_eq!(owner.asked(), None);
    let turn = holders[2].look().unwrap();
    holders[2].follow(turn);
    holders[2].ask(9);
    assert_eq!(owner.asked(), Some((2, 9)));
}

#[test]
fn there_are_so_many_holders_and_no_more() {
    let (mut owner, holders) = lent(HOLDERS);
    assert!(owner.lend().is_none() && holders.len() == HOLDERS);
    let (mut owner, _) = lent(0);
    owner.call_back();
    assert!(owner.lend().is_none(), "nothing is lent that was called back");
}
