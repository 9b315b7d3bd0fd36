//! Frames that NICs lost: sampled every millisecond, and tied to the iteration that met the
//! fullest ring meanwhile.

use dataplane::PORTS;
use heapless::Deque;
use perf::events::Loss;
use perf::{Mark, Metrics, Reasons, Settings, Timebase};

use crate::machine::Machine;

/// What the cards had lost when they were asked last, and when that was.
pub(super) struct Losses {
    lost: [Option<u64>; PORTS],
    at: u64,
}

impl Losses {
    /// Nobody was asked yet.
    pub(super) const fn new() -> Self {
        Self { lost: [None; PORTS], at: 0 }
    }

    /// Asks all cards, if a millisecond has passed since, and tells `found` of each port whose card
    /// can tell what it lost meanwhile, which may be nothing.
    pub(super) fn sample(
        &mut self,
        machine: &impl Machine,
        base: &Timebase,
        mut found: impl FnMut(usize, Loss),
    ) {
        let now = machine.now();
        if base.millisecond(now) == base.millisecond(self.at) {
            return;
        }
        let between = [core::mem::replace(&mut self.at, now), now];
        for (port, last) in self.lost.iter_mut().enumerate() {
            let lost = machine.missed(port);
            let before = core::mem::replace(last, lost);
            let (Some(lost), Some(before)) = (lost, before) else { continue };
            found(port, Loss { frames: lost.saturating_sub(before), between });
        }
    }
}

/// Losses that wait for the record of their millisecond: what a PMD did in it is known once an
/// iteration has begun in a later one.
#[derive(Default)]
pub(super) struct Waiting(Deque<Loss, WAITING>);

/// Losses that wait at most. Beyond that the oldest do without.
const WAITING: usize = 64;
/// Milliseconds that they wait at most. A PMD that stands still for longer has no record.
const PATIENCE: u64 = 10;

impl Waiting {
    /// How many wait.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Has `loss` wait. Gives back the one that has to do without.
    pub(super) fn add(&mut self, loss: Loss) -> Option<Loss> {
        let oldest = if self.0.is_full() { self.0.pop_front() } else { None };
        let _fits = self.0.push_back(loss);
        oldest
    }

    /// The oldest that waits no longer.
    pub(super) fn take(&mut self, metrics: &Metrics, now: u64, base: &Timebase) -> Option<Loss> {
        let oldest = base.millisecond(self.0.front()?.between[1]);
        let now = base.millisecond(now);
        let is_known = (oldest..now).any(|number| metrics.milliseconds().get(number).is_some());
        if is_known || now > oldest + PATIENCE { self.0.pop_front() } else { None }
    }
}

/// The mark of what a PMD was doing when its NIC lost frames: its deepest iteration in those
/// milliseconds; where none met a ring with frames, the one that was under way at their end.
pub(super) fn mark(metrics: &Metrics, settings: &Settings, loss: &Loss, base: &Timebase) -> Mark {
    let (ended, milliseconds) = (metrics.ended(), metrics.milliseconds());
    let [from, to] = loss.between.map(|count| base.millisecond(count));
    let records = (from..=to).filter_map(|number| milliseconds.get(number));
    let deepest = records.filter(|record| record.fill > 0).max_by_key(|record| record.fill);
    let under_way = || {
        let oldest = to.saturating_sub(milliseconds.capacity());
        (oldest..=to).rev().find_map(|number| milliseconds.get(number)).map(|record| record.last)
    };
    let number = deepest.map(|record| record.deepest).or_else(under_way).unwrap_or(ended);
    Mark {
        number,
        first: number.saturating_sub(settings.before.into()).max(1),
        last: number.saturating_add(settings.after.into()).min(ended.max(number)),
        reasons: Reasons::NIC_LOSS,
        cut: false,
        readings: perf::stolen::Readings::default(),
    }
}
