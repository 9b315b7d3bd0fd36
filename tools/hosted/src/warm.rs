//! Rigs that are measured in cycles, with metrics off and full bursts.

use perf::Clock as _;

use crate::clock::Tsc;
use crate::recording::Recording;
use crate::rig::Rig;
use crate::setup::Setup;
use crate::shape::Shape;

/// A rig whose flows are made.
pub(crate) struct Warm {
    rig: Rig,
    packets: f64,
}

impl Warm {
    /// A rig for `setup`, after so many iterations.
    pub(crate) fn new(setup: &Setup, iterations: u64) -> Self {
        let mut rig = begin(setup);
        rig.run(iterations, &Tsc);
        Self { rig, packets: f64::from(setup.per_iteration()) }
    }

    /// Cycles of a packet in so many further iterations.
    pub(crate) fn block(&mut self, iterations: u64) -> f64 {
        let start = Tsc.now();
        self.rig.run(iterations, &Tsc);
        (Tsc.now() - start) as f64 / (iterations as f64 * self.packets)
    }
}

fn begin(setup: &Setup) -> Rig {
    let mut rig = Rig::with(Recording::OFF, setup);
    rig.enter(Shape::Full, &Tsc);
    rig
}

/// Cycles of an upcall that makes a flow, where each packet of `setup` is one: the best of some.
pub(crate) fn upcall(setup: &Setup) -> f64 {
    let one = || {
        let mut rig = begin(setup);
        let start = Tsc.now();
        rig.run(u64::from(setup.flows) / 32, &Tsc);
        (Tsc.now() - start) as f64 / f64::from(2 * setup.flows)
    };
    (0..5).map(|_| one()).fold(f64::INFINITY, f64::min)
}
