//! The milliseconds of PMDs, as they end.

use dataplane::PORTS;
use perf::stream::{Draft, Kind, PAYLOAD};

use super::World;
use super::gaps::Gaps;
use crate::machine::Machine;

/// For each PMD, by its place, the millisecond to go on from.
#[derive(Default)]
pub(super) struct Milliseconds {
    next: [u64; PORTS],
    turn: usize,
}

/// Milliseconds that are sent together, if they fit.
const TOGETHER: u64 = 16;

impl Milliseconds {
    /// The next message, once there are enough for one.
    pub(super) fn next<O, M: Machine>(
        &mut self,
        world: &World<'_, '_, O, M>,
        gaps: &mut Gaps,
    ) -> Option<Draft> {
        let count = world.pmds.len().min(PORTS);
        (0..count).find_map(|_| {
            self.turn = (self.turn + 1) % count;
            self.of(self.turn, world, gaps)
        })
    }

    fn of<O, M: Machine>(
        &mut self,
        place: usize,
        world: &World<'_, '_, O, M>,
        gaps: &mut Gaps,
    ) -> Option<Draft> {
        let (pmd, next) = (world.pmds.get(place)?, &mut self.next[place]);
        // The one that goes on may still be written, and the one before it.
        let end = world.base.millisecond(world.machine.now()).saturating_sub(1);
        let records = pmd.metrics().milliseconds();
        let oldest = end.saturating_sub(records.capacity().saturating_sub(2));
        if *next > 0 {
            gaps.count(Kind::Milliseconds, oldest.saturating_sub(*next));
        }
        *next = oldest.max(*next);
        if end < next.saturating_add(TOGETHER) {
            return None;
        }
        let mut draft = Draft::beginning(Kind::Milliseconds, PAYLOAD, &(pmd.core() as u16));
        while *next < end {
            if records.get(*next).is_some_and(|record| draft.add(&record).is_err()) {
                break;
            }
            *next += 1;
        }
        Some(draft)
    }
}
