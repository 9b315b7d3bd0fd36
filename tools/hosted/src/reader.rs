//! A reader of a PMD's records, and the checks that each row it gets must pass.

use perf::{History, Iteration, Metrics, Millisecond, Milliseconds, Room, Snapshot};

use crate::recording::base;

/// What copies of a history were found to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Copies of everything.
    pub(crate) copies: u64,
    /// Iterations that were there.
    pub(crate) rows: u64,
    /// Rows that are of more than one moment, or there twice.
    pub(crate) broken: u64,
}

/// Somebody who copies what a PMD tells. Memory is used again: giving it back to Linux would
/// interrupt the PMD's processor.
pub(crate) struct Reader {
    rows: Vec<Iteration>,
    milliseconds: Vec<Millisecond>,
    snapshot: Box<Snapshot>,
    /// What was found so far.
    pub(crate) found: Found,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            milliseconds: Vec::new(),
            snapshot: Box::new(Snapshot::ZERO),
            found: Found::default(),
        }
    }

    /// Copies everything that `metrics` tells when the clock stands at `now`, of iterations the
    /// latest `iterations` only, and judges the rows.
    pub(crate) fn dump(&mut self, metrics: &Metrics, iterations: u64, now: u64) {
        let (history, ended) = (metrics.history(), metrics.ended());
        let iterations = iterations.min(history.capacity());
        self.copy(history, ended.saturating_sub(iterations) + 1, ended);
        self.copy_milliseconds(metrics.milliseconds(), base().millisecond(now));
        metrics.copy_to(&mut self.snapshot, now);
        self.found.copies += 1;
        self.found.rows += self.rows.len() as u64;
        self.found.broken += broken(&self.rows) + broken_milliseconds(&self.milliseconds);
    }

    /// Copies the iterations from `first` to `last` that are still there. Newest first: the others
    /// may be overwritten meanwhile.
    pub(crate) fn copy(&mut self, history: &History, first: u64, last: u64) {
        self.rows.clear();
        self.rows.extend((first..=last).rev().filter_map(|number| history.iteration(number)));
    }

    fn copy_milliseconds(&mut self, milliseconds: &Milliseconds, newest: u64) {
        let oldest = newest.saturating_sub(milliseconds.capacity());
        let rows = (oldest..=newest).rev().filter_map(|number| milliseconds.get(number));
        self.milliseconds.clear();
        self.milliseconds.extend(rows);
    }
}

/// How many of `rows`, newest first, are not whole, or do not follow the one before.
fn broken_milliseconds(rows: &[Millisecond]) -> u64 {
    let torn = rows.iter().filter(|row| row.packets != row.sent || row.iterations == 0).count();
    let misplaced = rows.windows(2).filter(|pair| pair[0].last <= pair[1].last).count();
    (torn + misplaced) as u64
}

/// How many of `rows`, newest first, are not whole, or do not follow the one before.
fn broken(rows: &[Iteration]) -> u64 {
    let torn = rows.iter().filter(|row| !is_whole(row)).count();
    let misplaced = rows.windows(2).filter(|pair| !follows(&pair[1], &pair[0])).count();
    (torn + misplaced) as u64
}

/// Null ports send what they receive at once, and rooms add up.
fn is_whole(row: &Iteration) -> bool {
    let rooms: u64 = Room::ALL.iter().map(|&room| row.room(room)).sum();
    rooms == row.cycles && row.packets == row.sent && row.dropped == 0
}

/// An iteration begins where the one before it ended.
fn follows(earlier: &Iteration, later: &Iteration) -> bool {
    let gap = later.start.wrapping_sub(earlier.start.wrapping_add(earlier.cycles));
    match later.number.checked_sub(earlier.number) {
        None | Some(0) => false,
        Some(1) => gap == 0,
        // Rows between them were overwritten.
        Some(_) => gap < u64::MAX / 2,
    }
}

#[cfg(test)]
mod tests {
    use perf::Clock as _;

    use super::*;
    use crate::clock::Steps;
    use crate::recording::Recording;
    use crate::rig::Rig;
    use crate::shape::Shape;

    fn row(number: u64, start: u64, cycles: u64) -> Iteration {
        let mut row = Iteration::default();
        (row.number, row.start, row.cycles) = (number, start, cycles);
        row
    }

    #[test]
    fn rows_of_a_rig_are_whole_and_distinct() {
        let (mut rig, clock) = (Rig::new(Recording::ROOMS, 1), Steps::default());
        rig.enter(Shape::Full, &clock);
        rig.run(6000, &clock);
        let mut reader = Reader::new();
        reader.dump(rig.metrics(), u64::MAX, clock.now());
        assert_eq!(reader.found, Found { copies: 1, rows: 6000, broken: 0 });
        assert!(!reader.milliseconds.is_empty());
    }

    #[test]
    fn a_row_that_is_there_twice_is_broken() {
        assert_eq!(broken(&[row(2, 10, 10), row(1, 0, 10), row(1, 0, 10)]), 1);
    }

    #[test]
    fn a_row_of_another_moment_is_broken() {
        assert_eq!(broken(&[row(2, 11, 10), row(1, 0, 10)]), 1);
        assert_eq!(broken(&[row(5, 500, 10), row(1, 0, 10)]), 0);
        let mut torn = row(1, 0, 10);
        (torn.packets, torn.sent) = (64, 63);
        assert_eq!(broken(&[torn]), 1);
    }
}
