//! What a packet costs in cycles on each path through the dataplane, with metrics off.
//!
//! Blocks of all paths in turn in one run, so that each meets the host at its best now and then.

use dataplane::HOUSEKEEPING;

use crate::figure::Figure;
use crate::setup::{Path, Setup};
use crate::statistics::low;
use crate::urgency::{Seat, take};
use crate::warm::{Warm, upcall};

/// Iterations before anything is measured: flows are made, and most keys enter the cache.
const WARM_UP: u64 = 4 * HOUSEKEEPING;
/// Iterations of a block.
const BLOCK: u64 = HOUSEKEEPING / 4;
/// Flows that nobody knows, of each port, for each measurement of upcalls.
const NEW: u32 = 1 << 14;

/// All paths that are measured, with their names.
fn all() -> Vec<(String, Setup)> {
    let mut all = vec![
        ("by in-port".to_owned(), Setup::new(Path::InPort, 1)),
        ("exact-match hit, 1024 flows".to_owned(), Setup::new(Path::Emc, 1024)),
    ];
    for masks in [1, 2, 4, 8, 16, 32] {
        let setup = Setup { masks, ..Setup::new(Path::Megaflow, 1024) };
        all.push((format!("megaflow, {masks} subtables"), setup));
    }
    for flows in [16_384, 65_536] {
        let setup = Setup::new(Path::Megaflow, flows);
        all.push((format!("megaflow, {flows} flows"), setup));
    }
    for (name, path) in [("encap", Path::Encap), ("both ways", Path::Vxlan), ("decap", Path::Decap)]
    {
        all.push((format!("VXLAN {name}, 1024 flows"), Setup::new(path, 1024)));
    }
    all
}

/// Cycles of a packet on each path, in `rounds` blocks.
#[must_use]
pub fn costs(rounds: usize) -> Vec<Figure> {
    take(Seat::Last);
    let mut rigs: Vec<_> = all().into_iter().map(|(name, setup)| (name, warm(&setup))).collect();
    let mut blocks = vec![Vec::new(); rigs.len()];
    for _ in 0..rounds {
        for ((_, warm), blocks) in rigs.iter_mut().zip(&mut blocks) {
            blocks.push(warm.block(BLOCK));
        }
    }
    let names = rigs.into_iter().map(|(name, _)| name);
    let mut figures: Vec<_> = names
        .zip(blocks)
        .map(|(name, blocks)| Figure::new(name, low(&blocks), "cycles a packet"))
        .collect();
    let setup = Setup::new(Path::Upcall, NEW);
    figures.push(Figure::new("upcall with flow set-up", upcall(&setup), "cycles"));
    figures
}

/// A rig that has met each of its flows some times.
fn warm(setup: &Setup) -> Warm {
    let rounds = u64::from(setup.flows).div_ceil(32 * HOUSEKEEPING);
    Warm::new(setup, WARM_UP * (1 + rounds))
}

#[cfg(test)]
mod tests {
    use perf::{Counter, Snapshot};

    use super::*;
    use crate::clock::Steps;
    use crate::recording::Recording;
    use crate::rig::Rig;
    use crate::shape::Shape;

    fn counted(setup: &Setup, iterations: u64) -> Box<Snapshot> {
        let (mut rig, clock) = (Rig::with(Recording::OFF, setup), Steps::default());
        rig.enter(Shape::Full, &clock);
        rig.run(iterations, &clock);
        let mut counted = Box::new(Snapshot::ZERO);
        rig.metrics().copy_to(&mut counted, 0);
        counted
    }

    #[test]
    fn frames_take_the_path_that_they_are_said_to() {
        for (name, setup) in all().into_iter().filter(|(_, setup)| setup.flows <= 1024) {
            let counted = counted(&setup, 8 * HOUSEKEEPING);
            let count = |counter| counted.count(counter);
            let packets = u64::from(setup.per_iteration()) * 8 * HOUSEKEEPING;
            assert_eq!(count(Counter::Recv), packets, "{name}");
            assert_eq!(count(Counter::SentPackets), packets, "{name}");
            let again = match setup.path {
                Path::Decap => packets,
                Path::Vxlan => packets / 2,
                _ => 0,
            };
            assert_eq!(count(Counter::Recirc), again, "{name}");
            let usual = match setup.path {
                Path::InPort => Counter::SimpleHit,
                Path::Megaflow => Counter::MegaflowHit,
                _ => Counter::EmcHit,
            };
            assert!(count(usual) > (packets + again) * 95 / 100, "{name}: {}", count(usual));
            let misses = count(Counter::Miss);
            assert!(misses <= 2 * u64::from(setup.masks) + 2, "{name}: {misses}");
            if setup.path == Path::Megaflow {
                let probes = count(Counter::Lookups) as f64 / count(Counter::MegaflowHit) as f64;
                let mean = (f64::from(setup.masks) + 1.0) / 2.0;
                assert!((probes - mean).abs() < mean / 5.0, "{name}: {probes}");
            }
        }
    }

    #[test]
    fn every_new_frame_is_an_upcall() {
        let counted = counted(&Setup::new(Path::Upcall, 2048), 64);
        assert_eq!(counted.count(Counter::Miss), 4096);
    }
}
