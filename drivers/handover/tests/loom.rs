//! Published tables under every order of events that the language allows.
//!
//! `published.rs` is compiled once more here, with the atomics of the model checker loom. The words of the
//! tables are such atomics too, stored and loaded relaxed: a reader that is not ordered behind the writer
//! of its copy, or that reads a copy while it is being written, finds words that differ. What loom cannot
//! try is a load that returns what is stored later.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}
#[path = "../src/published.rs"]
#[allow(dead_code, unreachable_pub, reason = "the crate publishes it, and not all is tried here")]
mod published;

use atomic::AtomicU64;
use atomic::Ordering::Relaxed;
use loom::thread;

use published::{Published, Publisher, Reader};

/// A table of two words that are always the same.
type Table = [AtomicU64; 2];

fn table(readers: usize) -> (Publisher<Table>, Vec<Reader<Table>>) {
    let made = || [AtomicU64::new(0), AtomicU64::new(0)];
    let (publisher, readers) = Box::leak(Box::new(Published::new(made(), made()))).open(readers);
    (publisher, readers.collect())
}

/// What a reader finds, which is whole and not older than what it has found before.
fn look(reader: &Reader<Table>, latest: &mut u64) {
    let [first, second] = reader.get();
    let (second, first) = (second.load(Relaxed), first.load(Relaxed));
    assert!(first == second && first >= *latest, "{first} and {second} after {latest}");
    *latest = first;
}

fn read(mut reader: Reader<Table>) {
    let mut latest = 0;
    for _ in 0..2 {
        let is_new = reader.acknowledge();
        let before = latest;
        look(&reader, &mut latest);
        assert_eq!(is_new, latest > before);
        look(&reader, &mut latest);
        assert!(!is_new || latest > before);
    }
}

/// Writes and publishes `value` if no reader is late. Whether it did.
fn write(publisher: &mut Publisher<Table>, value: u64) -> bool {
    let Some((_, draft)) = publisher.draft() else { return false };
    draft.iter().for_each(|word| word.store(value, Relaxed));
    publisher.publish();
    true
}

#[test]
fn a_reader_finds_whole_tables_that_never_grow_older() {
    loom::model(|| {
        let (mut publisher, mut readers) = table(1);
        let reader = readers.pop().unwrap();
        let reading = thread::spawn(move || read(reader));
        assert!(write(&mut publisher, 1));
        let _it_may_be_late = write(&mut publisher, 2);
        reading.join().unwrap();
    });
}

#[test]
fn a_copy_is_written_again_only_when_no_reader_of_two_has_it() {
    loom::model(|| {
        let (mut publisher, readers) = table(2);
        let reading: Vec<_> = readers
            .into_iter()
            .map(|mut reader| {
                thread::spawn(move || {
                    let mut latest = 0;
                    look(&reader, &mut latest);
                    reader.acknowledge();
                    look(&reader, &mut latest);
                })
            })
            .collect();
        assert!(write(&mut publisher, 1));
        let _one_may_be_late = write(&mut publisher, 2);
        reading.into_iter().for_each(|reading| reading.join().unwrap());
    });
}
