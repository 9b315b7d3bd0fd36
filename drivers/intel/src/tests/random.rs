//! Whatever a card does, nothing panics, and no frame is lost or doubled.

use frame::TxQueue;
use proptest::prelude::*;

use super::bench::{Bench, N};

#[derive(Clone, Copy, Debug)]
enum Step {
    Deliver(u16),
    /// The device writes something to a descriptor of its choice.
    Scribble(bool, usize, u64),
    Transmit,
    Poll,
    Forward,
    Free,
    Send,
    Reclaim,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => (0..=1920_u16).prop_map(Step::Deliver),
        1 => (any::<bool>(), 0..N, any::<u64>()).prop_map(|(rx, at, it)| Step::Scribble(rx, at, it)),
        4 => Just(Step::Transmit),
        4 => Just(Step::Poll),
        4 => Just(Step::Forward),
        2 => Just(Step::Free),
        4 => Just(Step::Send),
        2 => Just(Step::Reclaim),
    ]
}

fn take(bench: &mut Bench, step: Step) {
    match step {
        Step::Deliver(len) => {
            bench.deliver(&vec![0xa5; len.into()], 3);
        }
        Step::Scribble(true, place, word) => bench.receives.write_back(place, word),
        Step::Scribble(false, place, word) => bench.sends.write_back(place, word),
        Step::Transmit => {
            while let Some((place, [_, word])) = bench.sends.next() {
                bench.sends.write_back(place, word | 1 << 32);
            }
        }
        Step::Poll => drop(bench.poll()),
        Step::Forward if bench.outbox.len() < 128 => bench.forward(),
        Step::Forward | Step::Free => drop(bench.received()),
        Step::Send => drop(bench.send()),
        Step::Reclaim => bench.tx.reclaim(&mut bench.pool),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn frames_are_conserved(
        frames in 0..1200_usize,
        steps in prop::collection::vec(step(), 0..600),
    ) {
        let mut bench = Bench::started(frames);
        steps.into_iter().for_each(|step| take(&mut bench, step));
        bench.census();
    }
}
