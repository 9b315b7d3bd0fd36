//! Which PMD is to poll which queue: Open vSwitch's three ways, and queues with a core of their own.
//!
//! A queue goes to PMDs of its port's node. Where that has none that may poll it, other nodes take such
//! queues by turns; what that costs is for the caller to tell.

use crate::boot::acpi::NODES;

/// A way to share queues out among PMDs (Open vSwitch's `pmd-rxq-assign`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assignment {
    /// The queues that take most go first, to PMDs in order of their cores, then back, and so on.
    #[default]
    Cycles,
    /// The queues that take most go first, each to the PMD with the least to do.
    Group,
    /// Queues in order, PMDs in turn.
    RoundRobin,
}

/// A queue that is to be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Cycles that it took in the last 60 seconds.
    pub cycles: u64,
    /// The PMD that it is pinned to, by its place among all. Who else is there may not poll it.
    pub pinned: Option<usize>,
    /// The node of its port.
    pub node: u8,
}

/// How queues are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In which way.
    pub assignment: Assignment,
    /// A PMD that a queue is pinned to polls no other; [`Assignment::Group`] alone may do without.
    pub isolate: bool,
}

/// What a PMD got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// Its node.
    pub node: u8,
    /// It polls only queues that are pinned to it.
    pub isolated: bool,
    /// Queues.
    pub queues: usize,
    /// Cycles that those took in the last 60 seconds.
    pub cycles: u64,
}

impl Plan {
    /// Whether PMDs that a queue is pinned to poll no other.
    pub fn isolates(&self) -> bool {
        self.isolate || self.assignment != Assignment::Group
    }

    /// Says in `places` which of the PMDs, in order of their cores, is to poll each of `queues`,
    /// which are in order of ports and numbers; and in `pmds` what each gets. Where every PMD has a
    /// pinned queue none is isolated, or else nobody would poll the others.
    pub fn assign(&self, queues: &[Candidate], pmds: &mut [Assigned], places: &mut [usize]) {
        pmds.iter_mut().for_each(|pmd| *pmd = Assigned::on(pmd.node));
        let mut give = |pmds: &mut [Assigned], queue: usize, place: usize| {
            places[queue] = place;
            pmds[place].queues += 1;
            pmds[place].cycles += queues[queue].cycles;
        };
        let count = pmds.len();
        let pin = |queue: &Candidate| queue.pinned.filter(|place| *place < count);
        for (number, queue) in queues.iter().enumerate() {
            if let Some(place) = pin(queue) {
                give(pmds, number, place);
                pmds[place].isolated = self.isolates();
            }
        }
        if pmds.iter().all(|pmd| pmd.isolated) {
            pmds.iter_mut().for_each(|pmd| pmd.isolated = false);
        }
        let mut turns = Turns::default();
        let mut last = None;
        while let Some(queue) = self.next(queues, last, pin) {
            let Some(place) = self.choose(&queues[queue], pmds, &mut turns) else { return };
            give(pmds, queue, place);
            last = Some(queue);
        }
    }

    /// The queue without a pin that comes after `last`.
    fn next(
        &self,
        queues: &[Candidate],
        last: Option<usize>,
        pin: impl Fn(&Candidate) -> Option<usize>,
    ) -> Option<usize> {
        let rank = |number: usize| match self.assignment {
            Assignment::RoundRobin => (0, number),
            Assignment::Cycles | Assignment::Group => (u64::MAX - queues[number].cycles, number),
        };
        let free = (0..queues.len()).filter(|number| pin(&queues[*number]).is_none());
        let rest = free.filter(|number| last.is_none_or(|last| rank(*number) > rank(last)));
        rest.min_by_key(|number| rank(*number))
    }

    /// The PMD for `queue`.
    fn choose(&self, queue: &Candidate, pmds: &[Assigned], turns: &mut Turns) -> Option<usize> {
        let node = turns.node(queue.node, pmds)?;
        let is_free = |pmd: &Assigned| !pmd.isolated && pmd.node == node;
        let mut free = pmds.iter().enumerate().filter(|(_, pmd)| is_free(pmd));
        match self.assignment {
            Assignment::Group => {
                let least = free.min_by_key(|(_, pmd)| match queue.cycles {
                    0 => pmd.queues as u64,
                    _ => pmd.cycles,
                });
                least.map(|(place, _)| place)
            }
            Assignment::Cycles | Assignment::RoundRobin => {
                let count = free.clone().count();
                let turn = &mut turns.of[usize::from(node) % NODES];
                let number = turn.next(count, self.assignment == Assignment::Cycles);
                free.nth(number).map(|(place, _)| place)
            }
        }
    }
}

impl Assigned {
    /// A PMD on `node` that got nothing.
    pub fn on(node: u8) -> Self {
        Self { node, ..Self::default() }
    }
}

/// Whose turn it is on each node, and which node took a queue of another last.
#[derive(Default)]
struct Turns {
    of: [Turn; NODES],
    last: Option<u8>,
}

impl Turns {
    /// The node whose PMDs poll a queue of `node`: that, or the next in turn that has one which may.
    fn node(&mut self, node: u8, pmds: &[Assigned]) -> Option<u8> {
        let free = || pmds.iter().filter(|pmd| !pmd.isolated).map(|pmd| pmd.node);
        if free().any(|own| own == node) {
            return Some(node);
        }
        let after = free().filter(|own| self.last.is_some_and(|last| *own > last)).min();
        self.last = after.or_else(|| free().min());
        self.last
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Default)]
struct Turn(usize);

impl Turn {
    /// The next of `count`: 0, 1, 2, 0, 1, 2, or there and back: 0, 1, 2, 2, 1, 0.
    fn next(&mut self, count: usize, turns_round: bool) -> usize {
        let count = count.max(1);
        let (round, place) = (self.0 / count, self.0 % count);
        self.0 += 1;
        if turns_round && round % 2 == 1 { count - 1 - place } else { place }
    }
}

#[cfg(test)]
mod tests;
