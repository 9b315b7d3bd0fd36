//! Who is to poll which receive queue: on request, and without being asked.

use core::fmt::{self, Write};

use dataplane::PORTS;
use heapless::Vec;

use super::{Known, MOST, Rxqs};
use crate::balance::{self, Assigned, Assignment, Candidate};
use crate::control::moves::Move;
use crate::control::{Control, Orders, Pmd};

impl Rxqs {
    /// What each PMD would get, and which would poll each queue, were they shared out now.
    pub(super) fn assign<O>(&self, pmds: &[Pmd<O>]) -> (Vec<Assigned, PORTS>, Vec<Move, MOST>) {
        let movable = || self.queues.iter().enumerate().filter(|(_, queue)| !queue.is_fixed());
        let candidates: Vec<Candidate, MOST> = movable()
            .map(|(_, queue)| {
                let core = self.options.core(queue.known.name);
                let pinned = core.and_then(|core| pmds.iter().position(|pmd| pmd.core() == core));
                let node = self.options.node(queue.known.name.0);
                Candidate { cycles: queue.cycles.lately(), pinned, node }
            })
            .collect();
        let mut assigned: Vec<_, PORTS> =
            pmds.iter().take(PORTS).map(|pmd| Assigned::on(pmd.node())).collect();
        let mut places = [0; MOST];
        self.options.plan.assign(&candidates, &mut assigned, &mut places);
        let moves = movable().zip(places).map(|((queue, _), to)| Move { queue, to });
        (assigned, moves.filter(|it| self.queues[it.queue].pmd != it.to).collect())
    }

    /// Begins to move queues to where they belong by now; refuses while some are on their way.
    fn rebalance<O>(&mut self, pmds: &[Pmd<O>]) -> Result<&[Move], InMotion> {
        if self.moves.are_under_way() {
            return Err(InMotion);
        }
        self.charge(pmds);
        let (assigned, moves) = self.assign(pmds);
        self.duties.iter_mut().zip(assigned).for_each(|(duty, it)| duty.isolated = it.isolated);
        Ok(self.moves.begin(moves))
    }

    /// Looks at loads if it is time to, and begins to move queues if that is worth it.
    pub(super) fn looks<O>(&mut self, pmds: &[Pmd<O>], now: u64, hertz: u64) -> bool {
        let period = u64::from(self.options.interval) * 60 * hertz;
        let due = *self.look_due.get_or_insert(self.began.saturating_add(period));
        if !self.options.auto || now < due {
            return false;
        }
        self.look_due = Some(now.saturating_add(period));
        self.is_worth_it(pmds) && self.rebalance(pmds).is_ok_and(|moves| !moves.is_empty())
    }

    /// Whether a PMD has too much to do, and loads would differ less by enough.
    fn is_worth_it<O>(&self, pmds: &[Pmd<O>]) -> bool {
        let free = || (0..self.duties.len()).filter(|place| !self.duties[*place].isolated);
        let is_possible = self.duties.iter().any(|duty| duty.overload.is_overloaded())
            && self.options.plan.assignment != Assignment::RoundRobin
            && free().count() >= 2
            && free().any(|place| self.of(place).count() > 1);
        if !is_possible {
            return false;
        }
        let (assigned, moves) = self.assign(pmds);
        if self.are_strangers(pmds, &moves) {
            return false;
        }
        assigned.iter().any(|pmd| {
            let near = || free().filter(|place| assigned[*place].node == pmd.node);
            let are =
                near().map(|place| self.of(place).map(|queue| queue.cycles.lately()).sum::<u64>());
            let would_be = near().map(|place| assigned[place].cycles);
            balance::improvement(are, would_be, self.length.lately()) >= self.options.improvement
        })
    }

    /// Whether `moves` would have a queue polled by a PMD of a node that is not its port's, where PMDs
    /// are on several nodes: that is not done unasked (Open vSwitch's rule).
    fn are_strangers<O>(&self, pmds: &[Pmd<O>], moves: &[Move]) -> bool {
        let node = |place: usize| pmds.get(place).map(Pmd::node);
        let are_several = pmds.windows(2).any(|pair| pair[0].node() != pair[1].node());
        let is_strange = |queue: usize, place: usize| {
            let name = self.queues[queue].known.name;
            self.options.core(name).is_none() && node(place) != Some(self.options.node(name.0))
        };
        are_several && moves.iter().any(|it| is_strange(it.queue, it.to))
    }
}

/// Queues are on their way still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InMotion;

impl<O: Orders> Control<'_, O> {
    /// Knows from `now` on what receive queues there are, and has them shared out.
    pub fn set_queues(&mut self, known: impl IntoIterator<Item = Known>, now: u64) {
        self.rxqs = Rxqs::new(known, self.pmds, self.policy.balance.clone(), now);
    }

    /// Whether queues are on their way: no time to sleep.
    pub fn is_moving(&self) -> bool {
        self.rxqs.moves.are_under_way()
    }

    /// Looks after receive queues, and says if any move without having been told to.
    pub(in crate::control) fn balance(&mut self, now: u64) {
        if self.rxqs.tick(self.pmds, now, self.base.hertz) {
            let (rxqs, pmds) = (&self.rxqs, &*self.pmds);
            self.aside.keep(|out| {
                write!(out, "pmd-auto-lb: ")?;
                tell_moves(rxqs, pmds, rxqs.moves.all(), out)
            });
        }
    }

    /// Has queues shared out anew.
    pub(in crate::control) fn rebalance(&mut self) -> fmt::Result {
        if self.rxqs.rebalance(self.pmds).is_err() {
            return writeln!(self.output, "error: queues are on their way still (ask again)");
        }
        write!(self.output, "pmd rxq rebalance requested: ")?;
        tell_moves(&self.rxqs, self.pmds, self.rxqs.moves.all(), &mut self.output)
    }
}

/// Says in the rest of a line which queues move from where to where.
fn tell_moves<O>(
    rxqs: &Rxqs,
    pmds: &[Pmd<O>],
    moves: &[Move],
    out: &mut impl Write,
) -> fmt::Result {
    let core = |place: usize| pmds.get(place).map_or(0, Pmd::core);
    for (position, Move { queue, to }) in moves.iter().enumerate() {
        let Some(queue) = rxqs.queues.get(*queue) else { continue };
        let ((port, number), from) = (queue.name(), core(queue.pmd));
        let comma = if position > 0 { ", " } else { "" };
        write!(out, "{comma}port {port} queue {number} from core {from} to {}", core(*to))?;
    }
    writeln!(out, "{}", if moves.is_empty() { "nothing is to move" } else { "" })
}
