//! Whatever a card does, nothing panics, and no frame is lost or doubled.

use frame::TxQueue;
use proptest::prelude::*;

use super::bench::{Bench, RX, TX};
use crate::News;

#[derive(Clone, Copy, Debug)]
enum Step {
    Deliver(u16),
    Use(usize, u32, u32),
    Jump(usize, u16),
    SetNoNotify(usize, bool),
    Transmit,
    Poll,
    Forward,
    Free,
    Send,
    Reclaim,
    Break,
    Tend,
    KeepHouse,
}

fn step() -> impl Strategy<Value = Step> {
    let ids = prop_oneof![8 => 0..16_u32, 1 => any::<u32>()];
    let lens = prop_oneof![8 => 0..2000_u32, 1 => any::<u32>()];
    let jumps = prop_oneof![8 => 0..4_u16, 1 => any::<u16>()];
    prop_oneof![
        8 => (0..=1920_u16).prop_map(Step::Deliver),
        1 => (RX..=TX, ids, lens).prop_map(|(ring, id, len)| Step::Use(ring, id, len)),
        1 => (RX..=TX, jumps).prop_map(|(ring, distance)| Step::Jump(ring, distance)),
        1 => (RX..=TX, any::<bool>()).prop_map(|(ring, is_set)| Step::SetNoNotify(ring, is_set)),
        4 => Just(Step::Transmit),
        4 => Just(Step::Poll),
        4 => Just(Step::Forward),
        2 => Just(Step::Free),
        4 => Just(Step::Send),
        2 => Just(Step::Reclaim),
        1 => Just(Step::Break),
        4 => Just(Step::Tend),
        4 => Just(Step::KeepHouse),
    ]
}

/// Bit of the status register by which a card says that it needs a reset.
const NEEDS_RESET: u8 = 0x40;

/// A bench, how many lies its polls told of, and how often the card was reset.
struct Run {
    bench: Bench,
    lies: u64,
    resets: u64,
}

impl Run {
    fn take(&mut self, step: Step) {
        let bench = &mut self.bench;
        match step {
            Step::Deliver(len) => {
                bench.deliver(&vec![0xA5; len.into()]);
            }
            Step::Use(ring, id, len) => bench.card.ring(ring, |ring| ring.put(id, len)),
            Step::Jump(ring, distance) => bench.card.ring(ring, |ring| ring.jump(distance)),
            Step::SetNoNotify(ring, is_set) => {
                bench.card.ring(ring, |ring| ring.set_no_notify(is_set));
            }
            Step::Transmit => bench.card.ring(TX, |ring| {
                while let Some(offer) = ring.next() {
                    ring.put(offer.id.into(), 0);
                }
            }),
            Step::Poll => self.lies += u64::from(bench.poll().lies),
            Step::Forward if bench.outbox.len() < 128 => bench.forward(),
            Step::Forward | Step::Free => drop(bench.received()),
            Step::Send => drop(bench.send()),
            Step::Reclaim => bench.tx.reclaim(&mut bench.pool),
            Step::Break => bench.card.0.borrow_mut().status |= NEEDS_RESET,
            Step::Tend => self.resets += u64::from(matches!(bench.tend(), Some(News::Reset(_)))),
            Step::KeepHouse => bench.keep_house(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn frames_are_conserved(
        size in 1..40_u16,
        frames in 0..100_usize,
        is_packed in any::<bool>(),
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let bench = Bench::of_kind(is_packed, size, frames);
        let mut run = Run { bench, lies: 0, resets: 0 };
        for step in steps {
            run.take(step);
        }
        prop_assert_eq!(run.lies, run.bench.rx.lies_by_kind().total());
        prop_assert_eq!(run.resets, run.bench.net.health().resets);
        run.bench.census();
    }
}
