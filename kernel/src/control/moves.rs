//! Queues on their way from one PMD to another, one after the other.
//!
//! The PMD that a queue goes to is told first, and looks for it in each iteration from then on; so the
//! queue is polled again as soon as it is there, and frames have to wait in its ring for a moment only.

use dataplane::{HOUSEKEEPING, Order};
use heapless::Vec;

use super::rxqs::{MOST, Queue};
use super::{Orders, Pmd};

/// A queue that is to be polled by another PMD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// The queue, by its place among all.
    pub(super) queue: usize,
    /// The PMD, by its place among all.
    pub(super) to: usize,
}

/// Moves in order, and how far they are.
pub(super) struct Moves {
    all: Vec<Move, MOST>,
    /// The one that is under way.
    next: usize,
    stage: Stage,
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody knows of it.
    Planned,
    /// The PMD that gets the queue was told, at the latest in this iteration of its own.
    Expected(u64),
    /// The PMD that has the queue was told.
    Asked,
}

impl Moves {
    /// None.
    pub(super) const NONE: Self = Self { all: Vec::new(), next: 0, stage: Stage::Planned };

    /// Begins with `moves`, and returns them.
    pub(super) fn begin(&mut self, moves: Vec<Move, MOST>) -> &[Move] {
        *self = Self { all: moves, ..Self::NONE };
        &self.all
    }

    /// All that were begun together last.
    pub(super) fn all(&self) -> &[Move] {
        &self.all
    }

    pub(super) fn are_under_way(&self) -> bool {
        self.next < self.all.len()
    }

    /// Goes on. Tells the queue that has got to another PMD just now, and that.
    pub(super) fn step<O: Orders>(
        &mut self,
        pmds: &mut [Pmd<O>],
        queues: &[Queue],
    ) -> Option<(usize, usize)> {
        let Move { queue: number, to } = *self.all.get(self.next)?;
        let queue = queues.get(number)?;
        let [from, to_pmd] = pmds.get_disjoint_mut([queue.pmd, to]).ok()?;
        let (port, number_of_port) = queue.name();
        match self.stage {
            Stage::Planned => {
                if to_pmd.handle.orders.send(Order::Expect).is_ok() {
                    self.stage = Stage::Expected(to_pmd.metrics().ended() + 1);
                }
                None
            }
            Stage::Expected(told) => {
                let order = Order::GiveBack { port, queue: number_of_port };
                let is_ready = keeps_house_after(told) <= to_pmd.metrics().ended();
                if is_ready && from.handle.orders.send(order).is_ok() {
                    self.stage = Stage::Asked;
                }
                None
            }
            Stage::Asked => {
                if !from.handle.orders.pass_on(&mut to_pmd.handle.orders) {
                    return None;
                }
                (self.next, self.stage) = (self.next + 1, Stage::Planned);
                Some((number, to))
            }
        }
    }
}

/// The first iteration after `told` in which a PMD certainly looks at its orders.
fn keeps_house_after(told: u64) -> u64 {
    (told + 1).next_multiple_of(HOUSEKEEPING)
}
