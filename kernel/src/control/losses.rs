//! Frames that NICs lost: sampled every millisecond, and tied to the iteration that met the
//! fullest ring meanwhile.

use dataplane::PORTS;
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
    /// lost frames meanwhile. A card that cannot tell loses nothing that is known.
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
            let frames = lost.saturating_sub(before);
            if frames > 0 {
                found(port, Loss { frames, between });
            }
        }
    }
}

/// The mark of what a PMD was doing when its NIC lost frames: its deepest iteration in those
/// milliseconds, or its last, where none met a ring with frames.
pub(super) fn mark(metrics: &Metrics, settings: &Settings, loss: &Loss, base: &Timebase) -> Mark {
    let ended = metrics.ended();
    let [from, to] = loss.between.map(|count| base.millisecond(count));
    let records = (from..=to).filter_map(|number| metrics.milliseconds().get(number));
    let deepest = records.filter(|record| record.fill > 0).max_by_key(|record| record.fill);
    let number = deepest.map_or(ended, |record| record.deepest);
    Mark {
        number,
        first: number.saturating_sub(settings.before.into()).max(1),
        last: number.saturating_add(settings.after.into()).min(ended.max(number)),
        reasons: Reasons::NIC_LOSS,
        cut: false,
        readings: perf::stolen::Readings::default(),
    }
}
