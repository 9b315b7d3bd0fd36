//! A PMD over null ports, each two of which forward to each other.

use dataplane::{Batch, Exit, Exits, GROUP, HOUSEKEEPING, Ledger, Load, Order, Parts, Pmd, Rxq};
use frame::{Buffer, LocalPool};
use handover::{Mailbox, PoolStore, Sender};
use perf::{Clock, Metrics};

use crate::port::{Knobs, NullRx, NullTx};
use crate::recording::Recording;
use crate::setup::{Path, Setup};
use crate::shape::Shape;
use crate::switch;

/// Buffers in all: more than an iteration has under way.
const FRAMES: usize = 1024;
/// Flows that a rig has room for at least.
const FLOWS: usize = 1 << 17;

/// A PMD, and what it is steered and watched by. Its memory is never given back.
pub struct Rig {
    pmd: Pmd<NullRx, NullTx>,
    orders: Sender<Order>,
    knobs: Vec<&'static Knobs>,
    metrics: &'static Metrics,
}

pub(crate) fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

pub(crate) fn many<T>(count: usize, make: impl Fn() -> T) -> &'static mut [T] {
    (0..count).map(|_| make()).collect::<Vec<_>>().leak()
}

impl Rig {
    /// A rig at rest, which records as `recording` says and forwards by port; each port brings
    /// frames of `flows` flows.
    #[must_use]
    pub fn new(recording: Recording, flows: u16) -> Self {
        Self::with(recording, &Setup::new(Path::InPort, flows.into()))
    }

    /// A rig at rest, which records as `recording` says and is set up so.
    #[must_use]
    pub fn with(recording: Recording, setup: &Setup) -> Self {
        let store: &PoolStore =
            leak(PoolStore::new(many(FRAMES, || None), many(FRAMES, Buffer::new)));
        let (orders, inbox) = leak(Mailbox::<Order, 8>::new()).open();
        let (metrics, recorder) = recording.begin();
        let switch = leak(switch::switch(setup, FLOWS.max(setup.megaflows())));
        let (pool, ledger) = (leak(LocalPool::new(store)), leak(Ledger::default()));
        let (exits, batches) = (Exits::new(), leak([const { Batch::new() }; GROUP]));
        let again = leak([const { Batch::new() }; 2]);
        let pmd = Pmd::new(Parts { pool, exits, batches, again, switch, recorder, ledger, inbox });
        let mut rig = Self { pmd, orders, knobs: Vec::new(), metrics };
        for port in 0..setup.all_ports() {
            rig.pmd.add_exit(leak(Exit::new(port, NullTx)));
        }
        let silent = setup.brings().map(|brings| !brings);
        for port in 0..setup.ports {
            let knobs: &Knobs = leak(Knobs::new(silent.get(usize::from(port)) != Some(&true)));
            let queue = NullRx::new(knobs, setup.frames(port as u8));
            let _room = rig.pmd.poll(Rxq::new((port, 0), queue, leak(Load::default())));
            rig.knobs.push(knobs);
        }
        rig
    }

    /// What its ports do.
    pub(crate) fn knobs(&self) -> &[&'static Knobs] {
        &self.knobs
    }

    /// What it records.
    pub(crate) fn metrics(&self) -> &'static Metrics {
        self.metrics
    }

    /// Begins to measure, with iterations of `shape`.
    pub fn enter(&mut self, shape: Shape, clock: &impl Clock) {
        self.start(shape.burst(), clock);
    }

    /// Begins to measure, with polls that bring `burst` frames.
    pub(crate) fn start(&mut self, burst: u32, clock: &impl Clock) {
        self.knobs.iter().for_each(|knobs| knobs.bring(burst));
        self.pmd.enter(clock);
    }

    /// Has the PMD record as `recording` says, and runs it until it does.
    pub(crate) fn record(&mut self, recording: Recording, clock: &impl Clock) {
        let _room = self.orders.send(recording.order());
        self.run(HOUSEKEEPING, clock);
    }

    /// Runs `iterations`. Never inlined: all kinds of recording run the very same instructions,
    /// at the same addresses.
    #[inline(never)]
    pub fn run(&mut self, iterations: u64, clock: &impl Clock) {
        for _ in 0..iterations {
            self.pmd.iterate(clock);
        }
    }
}

#[cfg(test)]
mod tests {
    use perf::{Counter, Snapshot};

    use super::*;
    use crate::clock::Steps;

    fn run(shape: Shape, recording: Recording) -> (Rig, Steps) {
        let (mut rig, clock) = (Rig::new(recording, 3), Steps::default());
        rig.enter(shape, &clock);
        rig.run(HOUSEKEEPING, &clock);
        (rig, clock)
    }

    #[test]
    fn a_rig_forwards_all_that_its_ports_bring() {
        for shape in Shape::ALL {
            let mut counted = Box::new(Snapshot::ZERO);
            run(shape, Recording::ARMED).0.metrics().copy_to(&mut counted, 0);
            let frames = 2 * u64::from(shape.burst()) * HOUSEKEEPING;
            assert_eq!(counted.count(Counter::Recv), frames);
            assert_eq!(counted.count(Counter::SentPackets), frames);
        }
    }

    #[test]
    fn no_frame_is_lost_between_the_ports() {
        let _run = run(Shape::Full, Recording::OFF);
        assert_eq!(frame::leaked(), 0);
    }

    #[test]
    fn a_rig_at_work_can_be_told_what_to_record() {
        let (mut rig, clock) = run(Shape::Single, Recording::OFF);
        assert_eq!(rig.metrics().history().iteration(HOUSEKEEPING), None);
        rig.record(Recording::METRICS, &clock);
        rig.run(1, &clock);
        let latest = rig.metrics().ended();
        assert!(rig.metrics().history().iteration(latest).is_some());
    }

    #[test]
    fn nothing_is_suspicious_until_a_ring_is_deep() {
        let (mut rig, clock) = run(Shape::Single, Recording::ARMED);
        assert_eq!(rig.metrics().marks.triggers(), 0);
        rig.knobs()[0].leave(1000);
        rig.run(1, &clock);
        assert_eq!(rig.metrics().marks.triggers(), 1);
    }
}
