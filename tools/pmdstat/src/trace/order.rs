//! What rows must be like, alone and one after the other, whatever file they come from.

use perf::Room;

use super::Row;
use super::columns::LATEST;

/// Why a row cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The column that it shows in.
    pub(super) column: &'static str,
    /// What that should hold.
    pub(super) expected: String,
    /// What it holds.
    pub(super) found: u64,
}

/// The rows that were admitted so far.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Number of the last.
    number: u64,
    /// The time-stamp counter at its end.
    end: u64,
}

impl Order {
    /// Admits `row` behind the rows before it, and says when it began where it does not say so
    /// itself.
    pub(super) fn admit(&mut self, row: &mut Row) -> Result<(), Fault> {
        counts(row)?;
        if row.number <= self.number {
            let expected = format!("a number above {}, that of the line before", self.number);
            return Err(Fault { column: "iteration", expected, found: row.number });
        }
        let earliest = self.end + row.slept;
        let start = *row.start.get_or_insert(earliest);
        if start < earliest {
            let expected = format!("at least {earliest}, when the line before and sleep were over");
            return Err(Fault { column: "start_tsc", expected, found: start });
        }
        let end = start + row.cycles;
        if end > LATEST {
            let expected = format!("an end of the iteration at {LATEST} or before");
            return Err(Fault { column: "cycles", expected, found: row.cycles });
        }
        row.dropped = row.dropped.max(row.tx_dropped);
        (self.number, self.end) = (row.number, end);
        Ok(())
    }
}

/// Looks whether the counts of `row` agree with each other.
fn counts(row: &Row) -> Result<(), Fault> {
    let in_rooms = row.outside_rx();
    if in_rooms > row.cycles {
        let expected = format!("at least {in_rooms}, the sum of its rooms");
        return Err(Fault { column: "cycles", expected, found: row.cycles });
    }
    let in_upcalls = row.rooms[Room::Upcall as usize];
    if in_upcalls > 0 && row.upcalls == 0 {
        let expected = "0, as there were no upcalls".to_owned();
        return Err(Fault { column: "upcall_cycles", expected, found: in_upcalls });
    }
    if row.lost > row.upcalls {
        let expected = format!("at most {}, the number of upcalls", row.upcalls);
        return Err(Fault { column: "lost_upcalls", expected, found: row.lost.into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, cycles: u64) -> Row {
        Row { number, cycles, ..Row::default() }
    }

    fn fault(order: &mut Order, mut row: Row) -> String {
        let Fault { column, expected, found } = order.admit(&mut row).unwrap_err();
        format!("{column}: {expected}, not {found}")
    }

    #[test]
    fn rows_follow_one_another_without_a_cycle_between() {
        let mut order = Order::default();
        let (mut first, mut second) = (row(5, 10), Row { slept: 7, ..row(9, 1) });
        order.admit(&mut first).unwrap();
        order.admit(&mut second).unwrap();
        assert_eq!((first.start, second.start), (Some(0), Some(17)));
    }

    #[test]
    fn numbers_ascend() {
        let mut order = Order::default();
        order.admit(&mut row(5, 10)).unwrap();
        assert!(fault(&mut order, row(5, 10)).starts_with("iteration: a number above 5, "));
        assert!(order.admit(&mut row(6, 10)).is_ok());
    }

    #[test]
    fn nothing_begins_before_what_was_before_is_over() {
        let mut order = Order::default();
        order.admit(&mut Row { start: Some(100), ..row(1, 10) }).unwrap();
        let early = Row { start: Some(114), slept: 5, ..row(2, 10) };
        assert!(fault(&mut order, early.clone()).starts_with("start_tsc: at least 115, "));
        assert!(order.admit(&mut Row { start: Some(115), ..early }).is_ok());
        assert!(
            fault(&mut Order::default(), Row { start: Some(1), slept: 2, ..row(1, 1) })
                .starts_with("start_tsc: at least 2, ")
        );
    }

    #[test]
    fn time_does_not_wrap() {
        let late = Row { start: Some(LATEST - 1), ..row(1, 2) };
        assert!(fault(&mut Order::default(), late.clone()).starts_with("cycles: an end of the "));
        assert!(Order::default().admit(&mut Row { cycles: 1, ..late }).is_ok());
    }

    #[test]
    fn counts_that_contradict_each_other_are_refused() {
        let fault = |row| fault(&mut Order::default(), row);
        let rooms = [0, 4, 0, 0, 0, 0, 7, 0, 0];
        assert_eq!(
            fault(Row { rooms, ..row(1, 10) }),
            "cycles: at least 11, the sum of its rooms, not 10"
        );
        let rooms = [0, 0, 0, 0, 7, 0, 0, 0, 0];
        assert!(fault(Row { rooms, ..row(1, 10) }).starts_with("upcall_cycles: 0, "));
        let lost = Row { upcalls: 1, lost: 2, ..row(1, 10) };
        assert!(fault(lost).starts_with("lost_upcalls: at most 1, "));
    }

    #[test]
    fn frames_that_transmit_rings_refused_are_dropped_frames() {
        let mut row = Row { tx_dropped: 3, ..row(1, 10) };
        Order::default().admit(&mut row).unwrap();
        assert_eq!(row.dropped, 3);
    }
}
