//! Notices an iteration that does not end, which a PMD itself cannot.

use crate::metrics::Metrics;
use crate::room::Room;
use crate::time::Timebase;

/// An iteration under way for longer than this is reported, in microseconds. A PMD is looked at
/// every millisecond, and reports are due within 100 ms.
pub const LIMIT: u64 = 50_000;
/// Iterations before it that are reported with it.
pub const ROWS: u64 = 32;

/// An iteration that does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Its number.
    pub iteration: u64,
    /// Cycles since the last iteration was seen to end.
    pub cycles: u64,
    /// The room that it left last, or housekeeping while that goes on; nothing where rooms are not
    /// recorded.
    pub room: Option<Room>,
}

/// What the control core remembers of one PMD.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watchdog {
    ended: u64,
    since: u64,
    is_told: bool,
    /// Iterations that were reported.
    count: u64,
}

impl Watchdog {
    /// Looks at the PMD of `metrics`. Tells of each iteration that does not end once.
    pub fn look(&mut self, metrics: &Metrics, now: u64, base: &Timebase) -> Option<Stuck> {
        let ended = metrics.ended();
        if ended != self.ended || ended == 0 {
            (self.ended, self.since, self.is_told) = (ended, now, false);
            return None;
        }
        let cycles = now.saturating_sub(self.since);
        if self.is_told || base.micros(cycles) <= LIMIT {
            return None;
        }
        self.is_told = true;
        self.count += 1;
        Some(Stuck { iteration: ended + 1, cycles, room: metrics.last_room() })
    }

    /// The iteration under way has begun `now`, as far as this is concerned: what it waits for is known.
    pub fn excuse(&mut self, now: u64) {
        (self.since, self.is_told) = (now, false);
    }

    /// How many iterations were reported since boot.
    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::played::{HERTZ, Played};

    const BASE: Timebase = Timebase::new(HERTZ, 0);

    #[test]
    fn an_iteration_that_does_not_end_is_told_once() {
        let (mut pmd, mut dog) = (Played::new(), Watchdog::default());
        pmd.idle(7);
        pmd.recorder.arrive(Room::Housekeeping);
        let told = (100..200_000).step_by(1000).filter_map(|now| dog.look(pmd.metrics, now, &BASE));
        let told: Vec<Stuck> = told.collect();
        let stuck = Stuck { iteration: 8, cycles: 51_000, room: Some(Room::Housekeeping) };
        assert_eq!((told, dog.count()), (vec![stuck], 1));
        pmd.idle(1);
        assert_eq!(dog.look(pmd.metrics, 300_000, &BASE), None);
        assert!(dog.look(pmd.metrics, 400_000, &BASE).is_some_and(|stuck| stuck.iteration == 9));
    }

    #[test]
    fn a_pmd_that_goes_on_is_never_told_of() {
        let (mut pmd, mut dog) = (Played::new(), Watchdog::default());
        for now in (0..10_000_000).step_by(50_000) {
            pmd.idle(1);
            assert_eq!(dog.look(pmd.metrics, now, &BASE), None);
        }
    }

    #[test]
    fn what_an_iteration_is_known_to_wait_for_is_not_told_of() {
        let (mut pmd, mut dog) = (Played::new(), Watchdog::default());
        pmd.idle(7);
        dog.look(pmd.metrics, 100, &BASE);
        for now in (1000..10_000_000).step_by(40_000) {
            dog.excuse(now);
            assert_eq!(dog.look(pmd.metrics, now, &BASE), None);
        }
        assert!(dog.look(pmd.metrics, 11_000_000, &BASE).is_some(), "it still waits");
    }

    #[test]
    fn a_pmd_that_has_not_begun_is_not_watched() {
        let (pmd, mut dog) = (Played::new(), Watchdog::default());
        assert!((0..9).all(|second| dog.look(pmd.metrics, second * HERTZ, &BASE).is_none()));
    }
}
