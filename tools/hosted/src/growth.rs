//! How what a packet costs grows with what there is: flows, subtables, rules and ports.
//!
//! Blocks of all points in turn in one run, as on [`paths`](crate::paths), with metrics off.

use dataplane::HOUSEKEEPING;

use crate::figure::Figure;
use crate::setup::{Path, Setup};
use crate::statistics::low;
use crate::urgency::{Seat, take};
use crate::warm::{Warm, upcall};

/// Flows of a port where something else grows.
const FLOWS: u32 = 1024;
/// Packets that a point has met at least before it is measured, and each of its flows.
const WARM_UP: u64 = 1 << 17;
/// Packets of a block.
const BLOCK: u64 = 1 << 16;
/// Flows that nobody knows, of each port, for each measurement of upcalls.
const NEW: u32 = 1 << 13;

/// What grows, and how the figures of it are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Flows of each of two ports, by the caches as they are set by default.
    Flows,
    /// The same where each flow is a megaflow of its own.
    Megaflows,
    /// Subtables of each port, without the exact-match cache.
    Subtables,
    /// Rules, where packets are known.
    Rules,
    /// Rules, where each packet is an upcall that makes a flow.
    Upcalls,
    /// Ports that one PMD polls.
    Ports,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Flows, Self::Megaflows, Self::Subtables, Self::Ports, Self::Rules, Self::Upcalls];

    /// The name that its figures begin with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows of a port",
            Self::Megaflows => "megaflows of a port",
            Self::Subtables => "subtables",
            Self::Rules => "rules",
            Self::Upcalls => "rules, for an upcall",
            Self::Ports => "ports",
        }
    }

    /// Where it is measured.
    #[must_use]
    pub const fn points(self) -> &'static [u32] {
        match self {
            Self::Flows => &[1, 10, 100, 1000, 10_000, 100_000, 1_000_000],
            Self::Megaflows => &[1, 10, 100, 1000, 10_000, 100_000],
            Self::Subtables => &[1, 2, 4, 8, 16, 32, 64],
            Self::Rules | Self::Upcalls => &[10, 100, 1000, 10_000, 100_000],
            Self::Ports => &[1, 2, 4, 8, 16],
        }
    }

    /// The name of its figure at `point`.
    #[must_use]
    pub fn figure(self, point: u32) -> String {
        format!("{}: {point}", self.name())
    }

    fn setup(self, point: u32) -> Setup {
        match self {
            Self::Flows => Setup { inverse: 100, ..Setup::new(Path::Emc, point) },
            // A rule that never fits has every flow look at its addresses and ports.
            Self::Megaflows => Setup { inverse: 100, ..Setup::new(Path::Upcall, point) },
            Self::Subtables => Setup { masks: point as u16, ..Setup::new(Path::Megaflow, FLOWS) },
            Self::Rules => Setup { others: point, ..Setup::new(Path::Emc, FLOWS) },
            Self::Upcalls => Setup { others: point, ..Setup::new(Path::Upcall, NEW) },
            Self::Ports => Setup { ports: point as u16, ..Setup::new(Path::InPort, 1) },
        }
    }
}

/// Cycles of a packet at all points, in `rounds` blocks.
#[must_use]
pub fn costs(rounds: usize) -> Vec<Figure> {
    take(Seat::Last);
    let all = Curve::ALL.iter().flat_map(|curve| curve.points().iter().map(|at| (*curve, *at)));
    let known = all.clone().filter(|(curve, _)| *curve != Curve::Upcalls);
    let mut rigs: Vec<_> = known.map(|(curve, at)| (curve, at, warm(curve, at), vec![])).collect();
    for _ in 0..rounds {
        rigs.iter_mut().for_each(|(_, _, (warm, block), blocks)| blocks.push(warm.block(*block)));
    }
    let known = rigs.iter().map(|(curve, at, _, blocks)| figure(*curve, *at, low(blocks)));
    let upcalls = all.filter(|(curve, _)| *curve == Curve::Upcalls);
    known.chain(upcalls.map(|(curve, at)| figure(curve, at, upcall(&curve.setup(at))))).collect()
}

fn figure(curve: Curve, at: u32, cycles: f64) -> Figure {
    Figure::new(curve.figure(at), cycles, "cycles a packet")
}

/// A rig of this point that has met all its flows, and iterations of a block.
fn warm(curve: Curve, at: u32) -> (Warm, u64) {
    let setup = curve.setup(at);
    let iterations = |packets: u64| {
        packets.div_ceil(setup.per_iteration().into()).next_multiple_of(HOUSEKEEPING / 8)
    };
    // One key in a hundred enters the cache: most do after some hundred packets of each flow.
    let cached = u64::from(setup.flows).min(1 << 13) * 2 * 300;
    let all = 3 * u64::from(setup.flows) * u64::from(setup.ports);
    (Warm::new(&setup, iterations(WARM_UP.max(cached).max(all))), iterations(BLOCK))
}

#[cfg(test)]
mod tests {
    use perf::{Counter, Snapshot};

    use super::*;
    use crate::clock::Steps;
    use crate::recording::Recording;
    use crate::rig::Rig;
    use crate::shape::Shape;

    /// What a rig of this point counted in `iterations`, after as many.
    fn counted(curve: Curve, at: u32, iterations: u64) -> impl Fn(Counter) -> u64 {
        let (mut rig, clock) = (Rig::with(Recording::OFF, &curve.setup(at)), Steps::default());
        let mut before = Box::new(Snapshot::ZERO);
        let mut after = before.clone();
        rig.enter(Shape::Full, &clock);
        rig.run(iterations, &clock);
        rig.metrics().copy_to(&mut before, 0);
        rig.run(iterations, &clock);
        rig.metrics().copy_to(&mut after, 0);
        move |counter| after.count(counter) - before.count(counter)
    }

    #[test]
    fn each_subtable_more_is_looked_at() {
        for at in Curve::Subtables.points() {
            let count = counted(Curve::Subtables, *at, 2 * HOUSEKEEPING);
            assert_eq!((count(Counter::Miss), count(Counter::EmcHit)), (0, 0));
            let mean = count(Counter::Lookups) as f64 / count(Counter::MegaflowHit) as f64;
            let expected = f64::from(at + 1) / 2.0;
            assert!((mean - expected).abs() <= expected / 5.0, "{at}: {mean}");
        }
    }

    #[test]
    fn flows_meet_the_exact_match_cache_while_they_fit_and_megaflows_when_not() {
        for (at, least, most) in [(10, 0.99, 1.0), (100_000, 0.0, 0.2)] {
            let count = counted(Curve::Flows, at, 32 * HOUSEKEEPING);
            assert_eq!(count(Counter::Miss), 0);
            let all = count(Counter::EmcHit) + count(Counter::MegaflowHit);
            assert_eq!(all, 64 * 32 * HOUSEKEEPING);
            let cached = count(Counter::EmcHit) as f64 / all as f64;
            assert!((least..=most).contains(&cached), "{at}: {cached}");
        }
    }

    #[test]
    fn rules_are_there_and_known_packets_do_not_meet_them() {
        for at in [10, 1000] {
            assert_eq!(Curve::Rules.setup(at).rules().len(), at as usize + 2);
            let count = counted(Curve::Rules, at, HOUSEKEEPING);
            assert_eq!(count(Counter::Miss), 0);
            assert!(count(Counter::EmcHit) > 63 * HOUSEKEEPING);
            let count = counted(Curve::Upcalls, at, 16);
            assert_eq!(count(Counter::Miss), 16 * 64);
        }
    }

    #[test]
    fn all_ports_forward() {
        for at in Curve::Ports.points() {
            let count = counted(Curve::Ports, *at, HOUSEKEEPING);
            let packets = u64::from(*at) * 32 * HOUSEKEEPING;
            assert_eq!([Counter::Recv, Counter::SentPackets].map(count), [packets; 2]);
        }
    }
}
