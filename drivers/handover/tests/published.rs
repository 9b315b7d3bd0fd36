//! Published tables on real cores.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

use handover::{Published, Publisher, Reader};

fn table(readers: usize) -> (Publisher<[u64; 8]>, Vec<Reader<[u64; 8]>>) {
    let (publisher, readers) = Box::leak(Box::new(Published::new([0; 8], [0; 8]))).open(readers);
    (publisher, readers.collect())
}

#[test]
fn a_draft_is_seen_once_it_is_published_and_acknowledged() {
    let (mut publisher, mut readers) = table(1);
    *publisher.draft().unwrap().1 = [1; 8];
    assert!(!readers[0].acknowledge());
    assert_eq!(readers[0].get(), &[0; 8]);
    publisher.publish();
    assert_eq!((readers[0].get()[0], publisher.current()[0]), (0, 1));
    assert!(publisher.draft().is_none(), "the old copy is still read");
    assert!(readers[0].acknowledge());
    assert_eq!(readers[0].get(), &[1; 8]);
    assert_eq!(publisher.draft().map(|(current, other)| (current[0], other[0])), Some((1, 0)));
}

#[test]
fn a_table_that_nobody_reads_can_always_be_written() {
    let (mut publisher, _) = table(0);
    for generation in 1..5 {
        assert!(publisher.draft().is_some());
        publisher.publish();
        assert_eq!(publisher.generation(), generation);
    }
}

#[test]
fn readers_on_other_cores_find_whole_tables_that_never_grow_older() {
    const LAST: u64 = 2_000;
    let (mut publisher, readers) = table(2);
    let watch = |mut reader: Reader<[u64; 8]>| {
        std::thread::spawn(move || {
            let mut latest = 0;
            while latest < LAST {
                reader.acknowledge();
                let copy = *reader.get();
                assert!(copy == [copy[0]; 8] && copy[0] >= latest, "{copy:?} after {latest}");
                latest = copy[0];
                std::thread::yield_now();
            }
        })
    };
    let threads: Vec<_> = readers.into_iter().map(watch).collect();
    let mut next = 1;
    while next <= LAST {
        let Some((_, draft)) = publisher.draft() else {
            std::thread::yield_now();
            continue;
        };
        draft.iter_mut().for_each(|word| *word = next);
        publisher.publish();
        next += 1;
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
