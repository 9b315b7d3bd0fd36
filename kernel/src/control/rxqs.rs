//! Receive queues: which there are, who polls them, and what they took.

mod rebalance;

use dataplane::{Counted, LOCAL, Load, MOVING, PORTS};
use heapless::Vec;
use perf::Counter;

use super::moves::Moves;
use super::{Orders, Pmd};
use crate::balance::{self, Overload, Spending, Steps};
use crate::options::Balance;

/// Receive queues at most, that of this machine itself among them: any PMD can poll all.
pub const MOST: usize = dataplane::QUEUES;
const _: () = assert!(MOST <= MOVING);
/// Steps without which nothing can be said of a load (Open vSwitch's).
const FEW: usize = 2;

/// A receive queue as PMDs have it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its port, and its number among that port's queues.
    pub name: (u16, u16),
    /// What it gives to do. It knows the core of the PMD that polls it.
    pub load: &'static Load,
}

/// All receive queues, in order of ports and numbers.
pub struct Rxqs {
    pub(super) queues: Vec<Queue, MOST>,
    duties: Vec<Duty, PORTS>,
    /// Cycles that steps lasted.
    length: Steps,
    began: u64,
    /// When loads are looked at next to see whether queues are to move.
    look_due: Option<u64>,
    pub(super) moves: Moves,
    options: Balance,
}

/// A receive queue, and what it took.
pub struct Queue {
    known: Known,
    /// The PMD that polls it, by its place among all.
    pub(super) pmd: usize,
    cycles: Steps,
    /// The first step in which that PMD polled it from the beginning.
    since: usize,
    before: Counted,
}

/// What a PMD spent.
#[derive(Default)]
struct Duty {
    spent: Spending,
    /// Cycles spent, busy or not.
    all: u64,
    before: Spending,
    all_before: u64,
    /// Cycles of iterations with frames that no queue took.
    overhead: Steps,
    overload: Overload,
    isolated: bool,
}

/// A share of time in percent; nothing before it can be told.
pub type Usage = Option<u64>;

impl Rxqs {
    /// These queues, of which `pmds` begin to poll each at `now`, to be shared out as `options` say.
    pub(super) fn new<O>(
        known: impl IntoIterator<Item = Known>,
        pmds: &[Pmd<O>],
        options: Balance,
        now: u64,
    ) -> Self {
        let place = |known: &Known| pmds.iter().position(|pmd| pmd.core() == known.load.core());
        let queues = known.into_iter().take(MOST).map(|known| Queue {
            pmd: place(&known).unwrap_or(0),
            known,
            cycles: Steps::NONE,
            since: 0,
            before: Counted::default(),
        });
        let mut rxqs = Self {
            queues: queues.collect(),
            duties: pmds.iter().take(PORTS).map(|_| Duty::default()).collect(),
            length: Steps::NONE,
            began: now,
            look_due: None,
            moves: Moves::NONE,
            options,
        };
        rxqs.queues.sort_unstable_by_key(|queue| queue.known.name);
        let (assigned, _) = rxqs.assign(pmds);
        rxqs.duties.iter_mut().zip(assigned).for_each(|(duty, it)| duty.isolated = it.isolated);
        rxqs
    }

    /// The queues of `port`, in order.
    pub fn of_port(&self, port: u16) -> impl Iterator<Item = &Queue> {
        self.queues.iter().filter(move |queue| queue.known.name.0 == port)
    }

    /// Queues of ports that the PMD at `place` polls.
    pub fn of(&self, place: usize) -> impl Iterator<Item = &Queue> {
        self.queues.iter().filter(move |queue| queue.pmd == place && !queue.is_fixed())
    }

    /// Whether the PMD at `place` polls only queues that are pinned to it.
    pub fn is_isolated(&self, place: usize) -> bool {
        self.duties.get(place).is_some_and(|duty| duty.isolated)
    }

    /// The share of `queue` in the time of its PMD, over so many seconds.
    pub fn usage(&self, queue: &Queue, seconds: u32) -> Usage {
        self.part(&queue.cycles, queue.since, seconds)
    }

    /// The share that no queue took in the time of the PMD at `place`.
    pub fn overhead(&self, place: usize, seconds: u32) -> Usage {
        self.part(&self.duties.get(place)?.overhead, 0, seconds)
    }

    fn part(&self, cycles: &Steps, since: usize, seconds: u32) -> Usage {
        let known = self.length.ended().saturating_sub(since);
        let count = known.min((seconds / balance::STEP) as usize);
        if known < FEW {
            return None;
        }
        let part = u128::from(cycles.last(count)) * 100;
        let part = part.checked_div(self.length.last(count).into())?;
        Some(part.min(100) as u64)
    }

    /// Goes on counting, with moves, and with what is done without being asked. Whether queues begin
    /// to move because of that.
    pub(super) fn tick<O: Orders>(&mut self, pmds: &mut [Pmd<O>], now: u64, hertz: u64) -> bool {
        if let Some((queue, to)) = self.moves.step(pmds, &self.queues) {
            self.arrived(pmds, queue, to);
        }
        if now < self.began.saturating_add(u64::from(balance::STEP) * hertz) {
            return false;
        }
        self.end_step(pmds, now);
        self.looks(pmds, now, hertz)
    }

    /// Another step begins.
    fn end_step<O>(&mut self, pmds: &[Pmd<O>], now: u64) {
        self.charge(pmds);
        self.length.add(now.saturating_sub(self.began));
        self.began = now;
        self.length.end();
        for queue in &mut self.queues {
            queue.cycles.end();
        }
        for duty in &mut self.duties {
            duty.overhead.end();
            let busy = duty.spent.busy - duty.before.busy;
            duty.overload.step(busy, duty.all - duty.all_before, self.options.load);
            (duty.before, duty.all_before) = (duty.spent, duty.all);
        }
    }

    /// Charges queues with what PMDs spent since this was done last.
    fn charge<O>(&mut self, pmds: &[Pmd<O>]) {
        for (place, (pmd, duty)) in pmds.iter().zip(&mut self.duties).enumerate() {
            let (spent, all) = spending(pmd);
            let last = core::mem::replace(&mut duty.spent, spent);
            duty.all = all;
            let news = Spending {
                busy: spent.busy.saturating_sub(last.busy),
                classifier: spent.classifier.saturating_sub(last.classifier),
                housekeeping: spent.housekeeping.saturating_sub(last.housekeeping),
            };
            let own = self.queues.iter_mut().filter(|queue| queue.pmd == place);
            let mut counted: Vec<(&mut Queue, Counted), MOST> = own.map(Queue::news).collect();
            let news_of: Vec<Counted, MOST> = counted.iter().map(|(_, news)| *news).collect();
            let rest = balance::shares(news, news_of.iter().copied(), |number, cycles| {
                counted[number].0.cycles.add(cycles);
            });
            duty.overhead.add(rest);
        }
    }

    /// A queue has got to another PMD.
    fn arrived<O>(&mut self, pmds: &[Pmd<O>], queue: usize, to: usize) {
        // What it took until now its last PMD spent.
        self.charge(pmds);
        let since = self.length.ended() + 1;
        let (Some(queue), Some(pmd)) = (self.queues.get_mut(queue), pmds.get(to)) else { return };
        (queue.pmd, queue.since) = (to, since);
        queue.known.load.set_core(pmd.core());
    }
}

impl Queue {
    /// Its port, and its number among that port's queues.
    pub fn name(&self) -> (u16, u16) {
        self.known.name
    }

    /// Frames that came out of it since boot.
    pub fn frames(&self) -> u64 {
        self.known.load.read().frames
    }

    /// The core of the PMD that polls it.
    pub fn core(&self) -> usize {
        self.known.load.core()
    }

    /// Whether it stays where it is.
    fn is_fixed(&self) -> bool {
        self.known.name.0 == LOCAL
    }

    /// What was counted since this was asked last.
    fn news(&mut self) -> (&mut Self, Counted) {
        let counted = self.known.load.read();
        let before = core::mem::replace(&mut self.before, counted);
        let news = Counted {
            frames: counted.frames.wrapping_sub(before.frames),
            passes: counted.passes.wrapping_sub(before.passes),
            probes: counted.probes.wrapping_sub(before.probes),
            upcalls: counted.upcalls.wrapping_sub(before.upcalls),
        };
        (self, news)
    }
}

/// What `pmd` spent since boot, and all cycles that it counted, those of sleep too.
fn spending<O>(pmd: &Pmd<O>) -> (Spending, u64) {
    let metrics = pmd.metrics();
    let counters = metrics.counters.read();
    let count = |counter: Counter| counters[counter as usize];
    let busy = count(Counter::BusyCycles);
    let all = busy + count(Counter::IdleCycles) + count(Counter::SleepCycles);
    let (classifier, housekeeping) =
        (metrics.spent.classifier.read(), metrics.spent.housekeeping.read());
    (Spending { busy, classifier, housekeeping }, all)
}
