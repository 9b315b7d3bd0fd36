//! Sleeping while there is little to do (Open vSwitch's `pmd-sleep-max`): a little longer after each
//! iteration, until one poll brings many frames. A PMD without queues rests between looks at what it is
//! asked to do.

use perf::{Clock, Recorder};

/// Frames of one poll that cancel sleeping.
pub(crate) const BUSY: u32 = 16;
/// Microseconds that a PMD without queues rests.
const REST: u64 = 10;
/// Looks at the clock during a sleep at most, should it stand still.
const LOOKS: u64 = 1 << 20;

/// How long a PMD sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sleep {
    /// Clock counts that a sleep lasts at most; 0 for never.
    most: u64,
    /// Those of a microsecond, by which sleeps get longer.
    step: u64,
    /// Those of the next sleep.
    next: u64,
    /// There is nothing to poll.
    parked: bool,
    /// There are sleeps, or that.
    is_on: bool,
}

impl Sleep {
    /// Sleeps of at most so many clock counts, `step` of which are a microsecond.
    pub const fn new(most: u64, step: u64) -> Self {
        Self { most, step, next: 0, parked: false, is_on: most > 0 }
    }

    /// Whether there are sleeps at all.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// There is nothing to poll from now on, or there is.
    pub(crate) fn park(&mut self, parked: bool) {
        (self.parked, self.is_on) = (parked, parked || self.most > 0);
    }

    /// There is much to do: the next sleep is none.
    #[inline]
    pub(crate) fn cancel(&mut self) {
        self.next = 0;
    }

    /// Sleeps, if it is time to, between two iterations.
    #[cold]
    pub(crate) fn sleep(&mut self, recorder: &mut Recorder, clock: &impl Clock) {
        if self.parked {
            rest(recorder.latest().saturating_add(REST * self.step), clock);
            return recorder.resume(clock);
        }
        let asked = self.next;
        self.next = self.most.min(self.next + self.step);
        if asked == 0 {
            return;
        }
        rest(recorder.latest().saturating_add(asked), clock);
        recorder.wake(asked, clock);
    }
}

/// Does nothing until then.
fn rest(until: u64, clock: &impl Clock) {
    for _ in 0..LOOKS {
        if clock.now() >= until {
            break;
        }
        clock.rest(until);
    }
}
