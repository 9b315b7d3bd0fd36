//! What crosses cores, under every order of events that the language allows.
//!
//! The files of `perf/src/cross` are compiled once more here, with the atomics of the model checker
//! loom. Each model runs a writer and a reader in all their interleavings, and with every older value
//! that a relaxed load may return. What loom cannot try is a load that returns what is stored later:
//! the orders by which an entry, or a pin, is given back after it was read rest on reading them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod atomic {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
}
#[path = "../src/cross/seal.rs"]
#[allow(dead_code, unreachable_pub, reason = "the crate publishes it, and not all is tried here")]
mod seal;
#[path = "../src/cross/tenancy.rs"]
mod tenancy;
#[path = "../src/cross/turns.rs"]
mod turns;

use atomic::AtomicU64;
use atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::Arc;
use loom::thread;

use seal::Seal;
use tenancy::Tenancy;
use turns::Turns;

/// Two words under a seal.
#[derive(Default)]
struct Slot {
    seal: Seal,
    words: [AtomicU64; 2],
}

impl Slot {
    fn write(&self, name: u64) {
        self.seal.open();
        self.words.iter().for_each(|word| word.store(name, Relaxed));
        self.seal.close(name);
    }

    fn read(&self, name: u64) -> Option<[u64; 2]> {
        if !self.seal.holds(name) {
            return None;
        }
        let words = [0, 1].map(|i: usize| self.words[i].load(Relaxed));
        self.seal.still_holds(name).then_some(words)
    }
}

/// Has one core write and another read, in all orders of events; then looks what is left.
///
/// The reader is the thread that starts later: the checker remembers only the last access to each
/// atomic, so that a writer which looks at its own count would hide a reader before it.
fn model<T, R, W>(
    read: impl Fn(&T) -> R + Send + Sync + Copy + 'static,
    write: impl Fn(&T) -> W + Send + Sync + Copy + 'static,
    look: impl Fn(&T, R, W) + Send + Sync + Copy + 'static,
) where
    T: Default + Send + Sync + 'static,
    R: Send + 'static,
{
    loom::model(move || {
        let shared = Arc::new(T::default());
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || read(&shared))
        };
        let written = write(&shared);
        let was_read = reader.join().unwrap();
        look(&shared, was_read, written);
    });
}

#[test]
fn what_is_under_a_seal_is_read_whole_or_not_at_all() {
    model(
        |slot: &Slot| {
            for name in [1, 2] {
                assert!(slot.read(name).is_none_or(|words| words == [name; 2]));
            }
        },
        |slot| (1..=2).for_each(|name| slot.write(name)),
        |slot, (), ()| {
            let left = [0, 1, 2].map(|name| slot.read(name));
            assert_eq!(left, [None, None, Some([2; 2])]);
        },
    );
}

/// A history of two segments with one slot each: iteration n is chunk n.
#[derive(Default)]
struct History {
    segments: [(Tenancy, Slot); 2],
    /// The last iteration that ended.
    ended: AtomicU64,
}

impl History {
    fn iteration(&self, number: u64) -> Option<[u64; 2]> {
        let mut segments = self.segments.iter();
        let (_, slot) = segments.find(|(tenancy, _)| tenancy.holds(number))?;
        slot.read(number)
    }

    /// Goes on in `segment`, unless that is pinned; says whether it did.
    fn write(&self, number: u64, segment: usize, pins: u32) -> bool {
        let (tenancy, slot) = &self.segments[segment];
        let is_free = !tenancy.is_pinned();
        if is_free {
            tenancy.move_in(number, pins);
            slot.write(number);
            self.ended.store(number, Release);
        }
        is_free
    }
}

#[test]
fn a_segment_that_is_used_again_never_shows_another_iteration() {
    model(
        |history: &History| {
            assert!(history.iteration(1).is_none_or(|words| words == [1; 2]));
        },
        |history| (1..=3).for_each(|it| assert!(history.write(it, it as usize % 2, 0))),
        |history, (), ()| {
            let left = [1, 2, 3].map(|number| history.iteration(number).is_some());
            assert_eq!(left, [false, true, true]);
        },
    );
}

#[test]
fn a_pinned_iteration_is_there_until_it_is_released_and_its_segment_is_free_then() {
    model(
        |(history, turns): &(History, Turns)| {
            // As the control core takes a mark: not before its window has ended.
            let is_ready = turns.to_read().is_some() && history.ended.load(Acquire) >= 1;
            if is_ready {
                assert_eq!(history.iteration(1), Some([1; 2]), "pinned, so it is there");
                history.segments[0].0.release();
                turns.read();
            }
            is_ready
        },
        |(history, turns)| {
            // A window of one iteration, marked while that is under way.
            assert_eq!(turns.to_write(1), Some(0));
            turns.wrote();
            assert!(history.write(1, 0, 1));
            history.write(2, 0, 0)
        },
        |(history, _), was_released, was_overwritten| {
            assert!(was_released || !was_overwritten, "not released, so it stays");
            assert_eq!(history.segments[0].0.is_pinned(), !was_released);
        },
    );
}

/// A queue with room for two notes of two words, and what became of all notes.
#[derive(Default)]
struct Queue {
    turns: Turns,
    notes: [[AtomicU64; 2]; 2],
}

impl Queue {
    fn post(&self, note: u64) -> bool {
        let Some(entry) = self.turns.to_write(2) else { return false };
        self.notes[entry as usize % 2].iter().for_each(|word| word.store(note, Relaxed));
        self.turns.wrote();
        true
    }

    fn take(&self) -> Option<[u64; 2]> {
        let note = &self.notes[self.turns.to_read()? as usize % 2];
        let words = [0, 1].map(|i: usize| note[i].load(Relaxed));
        self.turns.read();
        Some(words)
    }
}

#[test]
fn every_note_is_taken_once_and_whole_or_counted_as_suppressed() {
    model(
        |queue: &Queue| [queue.take(), queue.take()],
        |queue| (1..=4).filter(|&note| queue.post(note)).collect::<Vec<u64>>(),
        |queue, taken, posted| {
            assert_eq!(posted.len() as u64, queue.turns.taken() + queue.turns.waiting());
            let mut taken: Vec<_> = taken.into_iter().flatten().collect();
            taken.extend(std::iter::from_fn(|| queue.take()));
            let expected: Vec<_> = posted.iter().map(|&note| [note; 2]).collect();
            assert_eq!(taken, expected, "in order, none torn, none lost, none twice");
        },
    );
}
