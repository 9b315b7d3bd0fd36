//! The last seconds of a PMD: copies of all that it counted, one a second, so that a report can
//! look back without a clear.

use crate::metrics::Metrics;
use crate::snapshot::Snapshot;

/// Seconds that reports look back at most.
pub const SECONDS: usize = 60;
/// Copies that are needed for that: one at each end of every second.
pub const COPIES: usize = SECONDS + 1;

/// Copies of what one PMD counted, the oldest overwritten first.
pub struct Windows<'a> {
    copies: &'a mut [Snapshot],
    /// Copies that were made.
    made: usize,
    /// When the next is due, by the time-stamp counter.
    due: u64,
}

impl<'a> Windows<'a> {
    /// Windows that reach back for one second less than there are `copies`.
    pub fn new(copies: &'a mut [Snapshot]) -> Self {
        Self { copies, made: 0, due: 0 }
    }

    /// Makes a copy of `metrics` if a second of `hertz` cycles has passed since the last. Call it
    /// often; a second in which it was not called has no copy.
    pub fn tick(&mut self, metrics: &Metrics, now: u64, hertz: u64) {
        if now < self.due || self.copies.is_empty() {
            return;
        }
        let place = self.made % self.copies.len();
        metrics.copy_to(&mut self.copies[place], now);
        self.made += 1;
        let next = self.due.saturating_add(hertz);
        self.due = if next > now { next } else { now.saturating_add(hertz) };
    }

    /// What was counted until `cycles` before `now`: the newest copy that is at least as old, else
    /// the oldest there is.
    pub fn before(&self, now: u64, cycles: u64) -> Option<&Snapshot> {
        let oldest = self.made.saturating_sub(self.copies.len());
        let mut kept = (oldest..self.made).map(|copy| self.copy(copy));
        let old_enough = |copy: &&Snapshot| now.saturating_sub(copy.at) >= cycles;
        kept.clone().rfind(old_enough).or_else(|| kept.next())
    }

    /// The copy that was made last, and the one before it.
    pub fn last_two(&self) -> Option<[&Snapshot; 2]> {
        let enough = self.made >= 2 && self.copies.len() >= 2;
        enough.then(|| [self.copy(self.made - 1), self.copy(self.made - 2)])
    }

    fn copy(&self, number: usize) -> &Snapshot {
        &self.copies[number % self.copies.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::played::{HERTZ, Played};

    fn windows(copies: usize) -> Windows<'static> {
        Windows::new(vec![Snapshot::ZERO; copies].leak())
    }

    /// Runs for `seconds`, each with as many iterations as its number.
    fn run(pmd: &mut Played, windows: &mut Windows<'_>, seconds: std::ops::RangeInclusive<u64>) {
        for second in seconds {
            pmd.idle(second);
            windows.tick(pmd.metrics, second * HERTZ, HERTZ);
            windows.tick(pmd.metrics, second * HERTZ + 1, HERTZ);
        }
    }

    fn iterations_before(windows: &Windows<'_>, now: u64, seconds: u64) -> Option<u64> {
        windows.before(now * HERTZ, seconds * HERTZ).map(|copy| copy.iterations)
    }

    #[test]
    fn a_window_begins_as_long_ago_as_was_asked() {
        let (mut pmd, mut windows) = (Played::new(), windows(4));
        assert_eq!(iterations_before(&windows, 1, 1), None);
        run(&mut pmd, &mut windows, 1..=9);
        assert_eq!(iterations_before(&windows, 9, 0), Some(45));
        assert_eq!(iterations_before(&windows, 9, 1), Some(36));
        assert_eq!(iterations_before(&windows, 9, 3), Some(21));
        assert_eq!(iterations_before(&windows, 9, 60), Some(21), "the oldest there is");
        assert_eq!(windows.last_two().map(|two| two.map(|copy| copy.iterations)), Some([45, 36]));
    }

    #[test]
    fn seconds_that_were_missed_have_no_copy() {
        let (mut pmd, mut windows) = (Played::new(), windows(4));
        run(&mut pmd, &mut windows, 1..=2);
        windows.tick(pmd.metrics, 10 * HERTZ, HERTZ);
        windows.tick(pmd.metrics, 10 * HERTZ + HERTZ / 2, HERTZ);
        assert_eq!(windows.made, 3);
        assert_eq!(windows.before(10 * HERTZ, 1).map(|copy| copy.at), Some(2 * HERTZ));
    }

    #[test]
    fn without_memory_there_are_no_windows() {
        let (pmd, mut windows) = (Played::new(), windows(0));
        windows.tick(pmd.metrics, HERTZ, HERTZ);
        assert!(windows.before(HERTZ, 0).is_none() && windows.last_two().is_none());
    }
}
