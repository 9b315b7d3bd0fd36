//! Identities that hold after any traffic, in the terms of Open vSwitch: passes, cycles, samples.

use proptest::prelude::*;

use crate::played::Played;
use crate::recorder::Upcall;
use crate::{Counter, Flags, Quantity, Room, Snapshot};

/// What an iteration does.
#[derive(Clone, Debug)]
struct Act {
    cycles: u64,
    /// Frames of each poll that brings any, and what it leaves behind.
    bursts: Vec<(u32, u32)>,
    /// Cycles of each upcall, and what became of it.
    upcalls: Vec<(u64, bool)>,
    sent: u32,
    dropped: u32,
    slept: u64,
}

fn acts() -> impl Strategy<Value = Act> {
    let bursts = prop_oneof![
        2 => Just(Vec::new()),
        3 => prop::collection::vec((1..=32_u32, 0..300_u32), 1..5),
    ];
    let upcalls = prop_oneof![
        8 => Just(Vec::new()),
        1 => prop::collection::vec((0..2_000_000_u64, any::<bool>()), 1..40),
    ];
    let (sent, dropped) = (0..100_u32, prop_oneof![5 => Just(0), 1 => 0..9_u32]);
    let slept = prop_oneof![9 => Just(0), 1 => 1..1000_u64];
    (0..5000_u64, bursts, upcalls, sent, dropped, slept).prop_map(
        |(cycles, bursts, upcalls, sent, dropped, slept)| Act {
            cycles,
            bursts,
            upcalls,
            sent,
            dropped,
            slept,
        },
    )
}

/// What was done, summed up by hand.
#[derive(Default)]
struct Done {
    iterations: u64,
    with_packets: u64,
    packets: u64,
    batches: u64,
    upcalls: u64,
    failed: u64,
    sent: u64,
    dropped: u64,
    sleeps: u64,
    slept: u64,
}

impl Done {
    fn run(&mut self, pmd: &mut Played, act: &Act) {
        if act.slept > 0 {
            pmd.clock.0.set(pmd.clock.0.get() + act.slept);
            pmd.recorder.wake(act.slept, &pmd.clock);
        }
        for &(frames, left) in &act.bursts {
            pmd.recorder.burst(0, frames, left);
        }
        pmd.recorder.leave(Room::Rx, &pmd.clock);
        pmd.recorder.begin_upcalls(&pmd.clock);
        for &(cycles, failed) in &act.upcalls {
            pmd.clock.0.set(pmd.clock.0.get() + cycles);
            let outcome = if failed { Upcall::Lost } else { Upcall::Done };
            pmd.recorder.upcall(outcome, &pmd.clock);
        }
        if act.sent > 0 {
            pmd.recorder.current.sent = act.sent;
            pmd.recorder.current.flags.set(Flags::WORK);
        }
        if act.dropped > 0 {
            pmd.recorder.dropped(act.dropped, 0);
        }
        pmd.run(act.cycles);
        self.count(act);
    }

    fn count(&mut self, act: &Act) {
        let packets: u64 = act.bursts.iter().map(|(frames, _)| u64::from(*frames)).sum();
        self.iterations += 1;
        self.with_packets += u64::from(packets > 0);
        self.packets += packets;
        self.batches += act.bursts.len() as u64;
        self.upcalls += act.upcalls.len() as u64;
        self.failed += act.upcalls.iter().filter(|(_, failed)| *failed).count() as u64;
        self.sent += u64::from(act.sent);
        self.dropped += u64::from(act.dropped);
        self.sleeps += u64::from(act.slept > 0);
        self.slept += act.slept;
    }
}

fn assert_identities(counted: &Snapshot, done: &Done, passed: u64) {
    let count = |counter| counted.count(counter);
    let samples = |quantity| counted.of(quantity).samples();
    // I4: all cycles of all iterations are idle or busy, and what was slept is neither.
    let used = count(Counter::IdleCycles) + count(Counter::BusyCycles);
    assert_eq!(used + count(Counter::SleepCycles), passed);
    assert_eq!(
        (count(Counter::SleepIterations), count(Counter::SleepCycles)),
        (done.sleeps, done.slept)
    );
    // I5, I6: each iteration is a sample of cycles, packets, upcalls and fill.
    assert_eq!(counted.iterations, done.iterations);
    for quantity in [Quantity::Cycles, Quantity::Packets, Quantity::Upcalls, Quantity::Fill] {
        assert_eq!(samples(quantity), done.iterations, "{}", quantity.title());
    }
    // I7: each with a packet is one of cycles for each packet.
    assert_eq!(samples(Quantity::PerPacket), done.with_packets);
    // I8: each poll that brought any is one of packets for each batch.
    assert_eq!(samples(Quantity::Batch), done.batches);
    assert_eq!(count(Counter::Batches), done.batches);
    // I9: each upcall, those that failed too, is one of cycles for each upcall.
    assert_eq!(samples(Quantity::PerUpcall), done.upcalls);
    assert_eq!(count(Counter::Upcalls), done.upcalls);
    // I10: packets of iterations are packets received.
    assert_eq!(count(Counter::Recv), done.packets);
    // I1, as far as a recorder knows: each upcall is a miss or lost.
    assert_eq!(count(Counter::Miss) + count(Counter::Lost), done.upcalls);
    assert_eq!(count(Counter::Lost), done.failed);
    assert_eq!((count(Counter::SentPackets), count(Counter::Dropped)), (done.sent, done.dropped));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn sums_and_samples_agree_after_any_traffic(acts in prop::collection::vec(acts(), 0..200)) {
        let (mut pmd, mut done) = (Played::new(), Done::default());
        acts.iter().for_each(|act| done.run(&mut pmd, act));
        let mut counted = Box::new(Snapshot::ZERO);
        pmd.metrics.copy_to(&mut counted, 0);
        assert_identities(&counted, &done, pmd.clock.0.get());
    }

    #[test]
    fn they_agree_between_a_clear_and_now_too(
        before in prop::collection::vec(acts(), 0..100),
        after in prop::collection::vec(acts(), 0..100),
    ) {
        let mut pmd = Played::new();
        before.iter().for_each(|act| Done::default().run(&mut pmd, act));
        let [mut cleared, mut counted] = [0; 2].map(|_| Box::new(Snapshot::ZERO));
        let since = pmd.clock.0.get();
        pmd.metrics.copy_to(&mut cleared, since);
        let mut done = Done::default();
        after.iter().for_each(|act| done.run(&mut pmd, act));
        pmd.metrics.copy_to(&mut counted, pmd.clock.0.get());
        counted.subtract(&cleared);
        assert_identities(&counted, &done, pmd.clock.0.get() - since);
    }
}
