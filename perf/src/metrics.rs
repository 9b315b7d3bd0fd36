//! All that one PMD tells others about itself.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use crate::counters::{Counters, Tally};
use crate::history::{History, Segment};
use crate::marks::{Mark, Marks};
use crate::milliseconds::{Milliseconds, Slot};
use crate::room::Room;
use crate::samples::Samples;
use crate::snapshot::Snapshot;

/// Written by one PMD, read by the control core.
pub struct Metrics {
    /// Open vSwitch's counters.
    pub counters: Counters,
    /// Suspicious iterations on their way to the control core.
    pub marks: Marks,
    /// Cycles of rooms that no poll is charged with as it is.
    pub spent: Spent,
    pub(crate) samples: Samples,
    history: History,
    milliseconds: Milliseconds,
    progress: Progress,
}

/// Cycles of some rooms of iterations with frames, since boot; 0 while rooms are not recorded. Receive
/// queues have shares of the one, and none of the other.
#[derive(Debug, Default)]
pub struct Spent {
    /// Those of the classifier.
    pub classifier: Tally,
    /// Those of housekeeping.
    pub housekeeping: Tally,
}

/// How far the loop has come. A cache line of its own, because the control core looks at it often.
#[derive(Default)]
#[repr(align(64))]
struct Progress {
    ended: AtomicU64,
    /// Number of the room that was left last, plus one; 0 before the first.
    left: AtomicU32,
    parked: AtomicBool,
}

impl Metrics {
    /// Metrics whose histories live in `segments` and `slots`.
    pub fn new(segments: &'static [Segment], slots: &'static [Slot]) -> Self {
        Self {
            counters: Counters::new(),
            marks: Marks::default(),
            spent: Spent::default(),
            samples: Samples::new(),
            history: History::new(segments),
            milliseconds: Milliseconds::new(slots),
            progress: Progress::default(),
        }
    }

    /// Number of the iteration that ended last. 0 before the first; never reset.
    #[inline]
    pub fn ended(&self) -> u64 {
        self.progress.ended.load(Acquire)
    }

    /// The room that the iteration under way, or the last that had work, left last; housekeeping
    /// while that is going on. Nothing before the first, or where rooms are not recorded.
    pub fn last_room(&self) -> Option<Room> {
        let number = self.progress.left.load(Relaxed).checked_sub(1)?;
        Room::ALL.get(number as usize).copied()
    }

    /// Whether the PMD polls no queue and waits, unrecorded, for one.
    pub fn is_parked(&self) -> bool {
        self.progress.parked.load(Relaxed)
    }

    /// The iterations that are still there.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The milliseconds that are still there.
    pub fn milliseconds(&self) -> &Milliseconds {
        &self.milliseconds
    }

    /// Copies all that was counted until `now` into `snapshot`.
    pub fn copy_to(&self, snapshot: &mut Snapshot, now: u64) {
        snapshot.at = now;
        snapshot.counters = self.counters.read();
        self.samples.copy_to(&mut snapshot.buckets);
        snapshot.complete();
    }

    /// Takes the oldest suspicious iteration whose window is complete, and lets `read` look at it
    /// before its window is given back.
    pub fn take_mark<T>(&self, read: impl FnOnce(&Mark, &History) -> T) -> Option<T> {
        let mark = self.marks.oldest()?;
        if self.ended() < mark.last {
            return None;
        }
        let answer = read(&mark, &self.history);
        self.history.release(mark.first, mark.last);
        self.marks.forget_oldest();
        Some(answer)
    }

    #[inline]
    pub(crate) fn set_ended(&self, number: u64) {
        self.progress.ended.store(number, Release);
    }

    pub(crate) fn set_parked(&self, parked: bool) {
        self.progress.parked.store(parked, Relaxed);
    }

    #[inline]
    pub(crate) fn set_left(&self, room: Room) {
        self.progress.left.store(room as u32 + 1, Relaxed);
    }
}
