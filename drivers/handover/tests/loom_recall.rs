//! What is lent and called back, under every order of events that the language allows.
//!
//! `recall.rs` is compiled once more here, with the atomics of the model checker loom. What is lent are two
//! words that are always the same, stored and loaded relaxed: whoever uses them while another does, or is not
//! ordered behind the one who did, finds words that differ or are old.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}
#[path = "../src/recall.rs"]
#[allow(dead_code, unreachable_pub, reason = "the crate publishes it, and not all is tried here")]
mod recall;

use atomic::AtomicU64;
use atomic::Ordering::Relaxed;
use loom::sync::Arc;
use loom::thread;

use recall::{Holder, Owner, Recall};

/// What is lent.
type Words = [AtomicU64; 2];

fn lent(holders: usize) -> (Owner, Vec<Holder>, Arc<Words>) {
    let mut owner = Box::leak(Box::new(Recall::new())).open();
    let holders = (0..holders).map(|_| owner.lend().unwrap()).collect();
    (owner, holders, Arc::new([AtomicU64::new(0), AtomicU64::new(0)]))
}

/// Adds to what whoever had them last left in the words, and returns that.
fn add(words: &Words, amount: u64) -> u64 {
    let [first, second] = words.each_ref().map(|word| word.load(Relaxed));
    assert_eq!(first, second, "somebody else uses them");
    words.iter().for_each(|word| word.store(first + amount, Relaxed));
    first
}

/// Looks twice, and uses the words where it may. Returns how often it did.
fn hold(holder: &mut Holder, words: &Words) -> u64 {
    let look = |_| {
        if let Some(turn) = holder.look() {
            holder.follow(turn);
        }
        holder.may_use().then(|| add(words, 1))
    };
    (0..2).filter_map(look).count() as u64
}

#[test]
fn owner_and_holder_use_it_by_turns_and_find_what_the_other_left() {
    loom::model(|| {
        let (mut owner, mut holders, words) = lent(1);
        let (mut holder, own) = (holders.pop().unwrap(), Arc::clone(&words));
        let holding = thread::spawn(move || hold(&mut holder, &own));
        owner.call_back();
        let is_back = owner.is_back();
        if is_back {
            add(&words, 100);
            owner.lend_again();
        }
        let used = holding.join().unwrap();
        assert_eq!(add(&words, 0), used + if is_back { 100 } else { 0 });
    });
}

#[test]
fn it_is_back_only_when_neither_of_two_holders_uses_it() {
    loom::model(|| {
        let (mut owner, holders, _) = lent(2);
        let words: [Arc<Words>; 2] = core::array::from_fn(|_| Arc::default());
        let holding = holders.into_iter().zip(words.clone()).map(|(mut holder, own)| {
            thread::spawn(move || {
                if let Some(turn) = holder.look() {
                    holder.follow(turn);
                }
                holder.may_use().then(|| add(&own, 1));
            })
        });
        let holding: Vec<_> = holding.collect();
        owner.call_back();
        if owner.is_back() {
            for words in &words {
                add(words, 100);
            }
        }
        holding.into_iter().for_each(|it| it.join().unwrap());
        for words in &words {
            add(words, 0);
        }
    });
}

#[test]
fn who_asks_has_done_before_what_the_owner_then_finds() {
    loom::model(|| {
        let (owner, mut holders, words) = lent(1);
        let (mut holder, own) = (holders.pop().unwrap(), Arc::clone(&words));
        let holding = thread::spawn(move || {
            own[0].store(1, Relaxed);
            holder.ask(3);
        });
        if let Some(asked) = owner.asked() {
            assert_eq!((asked, words[0].load(Relaxed)), ((0, 3), 1));
        }
        holding.join().unwrap();
        assert_eq!(owner.asked(), Some((0, 3)));
    });
}
