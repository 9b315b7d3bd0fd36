//! The columns of a trace: one table, from which the reader, the help and the test of the
//! documentation are made.

use std::fmt::Write as _;

use perf::{Flags, Room};

use super::Row;

/// A column.
pub(crate) struct Column {
    /// Its name in the header line.
    pub(crate) name: &'static str,
    /// What its cells hold.
    pub(crate) content: Content,
    /// What it tells, in a line.
    pub(crate) help: &'static str,
}

/// What the cells of a column hold.
pub(crate) enum Content {
    /// A whole number up to the first, which goes where the second puts it.
    Number(u64, fn(&mut Row, u64)),
    /// Names out of [`FLAGS`], with `+` between.
    Flags,
}

/// The largest whole number that every program which reads and writes numbers keeps exact.
const EXACT: u64 = (1 << 53) - 1;
/// Counts of the time-stamp counter. It will not get there: that is a century at 2.9 GHz.
pub(super) const LATEST: u64 = i64::MAX as u64;
/// Frames of one iteration.
const FRAMES: u64 = 1_000_000;
/// Polls and upcalls of one iteration. Each is played.
const STEPS: u64 = 65_535;

/// Names of flags in cells and in JSON.
pub(crate) const FLAGS: [(Flags, &str); 9] = {
    let [a, b, c, d, e, f, g, h] = Flags::NAMES;
    [a, b, c, d, e, f, g, h, (Flags::STARVED, "pool-low")]
};

/// Columns without which a file is no trace.
pub(super) const REQUIRED: [&str; 2] = ["iteration", "cycles"];

const fn number(
    name: &'static str,
    most: u64,
    help: &'static str,
    put: fn(&mut Row, u64),
) -> Column {
    Column { name, content: Content::Number(most, put), help }
}

/// All columns.
#[rustfmt::skip]
pub(crate) static COLUMNS: [Column; 24] = [
    number("iteration", EXACT, "its number, from 1; above that of the line before",
        |row, value| row.number = value),
    number("cycles", EXACT, "its length in cycles of the time-stamp counter, without sleep",
        |row, value| row.cycles = value),
    number("start_tsc", LATEST, "the time-stamp counter at its start; if empty, it follows the line before",
        |row, value| row.start = Some(value)),
    number("packets", FRAMES, "frames received",
        |row, value| row.packets = value as u32),
    number("batches", STEPS, "polls that brought them",
        |row, value| row.batches = value as u32),
    number("fill", FRAMES, "highest fill of a receive ring when it was polled, in frames",
        |row, value| row.fill = value as u32),
    number("queue", u16::MAX as u64, "the receive queue with that fill",
        |row, value| row.deepest = value as u16),
    number("sent", FRAMES, "frames that transmit rings took",
        |row, value| row.sent = value as u32),
    number("rx_drops", EXACT, "frames that the NIC lost meanwhile",
        |row, value| row.nic_lost = value),
    number("tx_drops", FRAMES, "frames that a transmit ring had no room for",
        |row, value| row.tx_dropped = value as u32),
    number("drops", FRAMES, "frames dropped for whatever reason; at least tx_drops",
        |row, value| row.dropped = value as u32),
    number("upcalls", STEPS, "frames handed to the slow path",
        |row, value| row.upcalls = value as u32),
    number("lost_upcalls", STEPS, "those of them that the slow path failed for",
        |row, value| row.lost = value as u32),
    number("upcall_cycles", EXACT, "cycles in the room upcall",
        |row, value| row.rooms[Room::Upcall as usize] = value),
    number("parse_cycles", EXACT, "cycles in the room parse",
        |row, value| row.rooms[Room::Parse as usize] = value),
    number("cache_cycles", EXACT, "cycles in the room cache",
        |row, value| row.rooms[Room::Cache as usize] = value),
    number("classifier_cycles", EXACT, "cycles in the room classifier",
        |row, value| row.rooms[Room::Classifier as usize] = value),
    number("act_cycles", EXACT, "cycles in the room act",
        |row, value| row.rooms[Room::Act as usize] = value),
    number("tx_cycles", EXACT, "cycles in the room tx",
        |row, value| row.rooms[Room::Tx as usize] = value),
    number("again_cycles", EXACT, "cycles in the room again",
        |row, value| row.rooms[Room::Again as usize] = value),
    number("housekeeping_cycles", EXACT, "cycles in the room housekeeping",
        |row, value| row.rooms[Room::Housekeeping as usize] = value),
    number("sleep_cycles", EXACT, "cycles slept right before it",
        |row, value| row.slept = value),
    number("sleep_asked_cycles", EXACT, "for how many it was to sleep; if empty, as many as it did",
        |row, value| row.sleep_asked = Some(value)),
    Column { name: "flags", content: Content::Flags, help: "what else is known of it, with + between" },
];

impl Column {
    /// The column of that name.
    pub(super) fn named(name: &[u8]) -> Option<&'static Self> {
        COLUMNS.iter().find(|column| column.name.as_bytes() == name)
    }

    /// Whether it tells of a room that OVS does not time.
    pub(super) fn is_of_room(&self) -> bool {
        let room = self.name.strip_suffix("_cycles");
        room.is_some_and(|room| {
            Room::ALL.iter().any(|other| other.name() == room && *other != Room::Upcall)
        })
    }

    /// Puts what `cell` says into `row`; says what was expected if it makes no sense. An empty cell
    /// says nothing.
    pub(super) fn put(&self, row: &mut Row, cell: &[u8]) -> Result<(), String> {
        if cell.is_empty() && !REQUIRED.contains(&self.name) {
            return Ok(());
        }
        match self.content {
            Content::Number(most, put) => {
                let least = u64::from(self.name == "iteration");
                let value = whole(cell).filter(|value| (least..=most).contains(value));
                put(row, value.ok_or_else(|| format!("a whole number from {least} to {most}"))?);
            }
            Content::Flags => row.flags = flags(cell).ok_or_else(flag_names)?,
        }
        Ok(())
    }
}

/// A whole number in decimal digits and nothing else.
fn whole(cell: &[u8]) -> Option<u64> {
    let is_number = !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    str::from_utf8(cell).ok().filter(|_| is_number)?.parse().ok()
}

fn flags(cell: &[u8]) -> Option<Flags> {
    cell.split(|&byte| byte == b'+').try_fold(Flags::none(), |all, name| {
        let (flag, _) = FLAGS.iter().find(|(_, known)| known.as_bytes() == name)?;
        Some(all.and(*flag))
    })
}

fn flag_names() -> String {
    FLAGS
        .iter()
        .fold("names with + between, out of:".to_owned(), |text, (_, name)| text + " " + name)
}

/// All columns, as a user reads about them.
pub(crate) fn help() -> String {
    let mut text = "Columns of a trace; iteration and cycles are required:\n".to_owned();
    for Column { name, help, .. } in &COLUMNS {
        let _cannot_fail = writeln!(text, "  {name:<20}{help}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: &str, cell: &str) -> Result<Row, String> {
        let mut row = Row::default();
        Column::named(name.as_bytes()).unwrap().put(&mut row, cell.as_bytes()).map(|()| row)
    }

    #[test]
    fn every_column_has_a_place_of_its_own() {
        let rows: Vec<Row> = COLUMNS
            .iter()
            .map(|column| match column.content {
                Content::Number(..) => put(column.name, "7").unwrap(),
                Content::Flags => put(column.name, "nmi").unwrap(),
            })
            .collect();
        for (place, row) in rows.iter().enumerate() {
            assert_ne!(*row, Row::default(), "{}", COLUMNS[place].name);
            assert!(!rows[..place].contains(row), "{}", COLUMNS[place].name);
        }
    }

    #[test]
    fn every_room_but_the_first_has_a_column() {
        for room in Room::ALL.into_iter().filter(|room| *room != Room::Rx) {
            let row = put(&format!("{}_cycles", room.name()), "7").unwrap();
            assert_eq!(row.rooms[room as usize], 7);
        }
    }

    #[test]
    fn only_rooms_beside_upcalls_tell_where_time_went() {
        let of_rooms = COLUMNS.iter().filter(|column| column.is_of_room()).count();
        assert_eq!(of_rooms, Room::COUNT - 2);
    }

    #[test]
    fn the_largest_number_of_a_column_is_taken_and_no_larger_one() {
        for column in &COLUMNS {
            let Content::Number(most, _) = column.content else { continue };
            assert!(put(column.name, &most.to_string()).is_ok());
            let error = put(column.name, &(most + 1).to_string()).unwrap_err();
            assert!(error.ends_with(&format!(" to {most}")), "{error}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for cell in
            ["-1", "+1", "1.5", "1e3", "0x10", "x", "99999999999999999999999", "1 000", "\u{661}"]
        {
            assert!(put("cycles", cell).is_err(), "{cell}");
        }
        assert!(put("iteration", "0").is_err() && put("iteration", "").is_err());
        assert_eq!(put("packets", ""), Ok(Row::default()));
    }

    #[test]
    fn flags_are_named_with_plus_between() {
        let row = put("flags", "nmi+pool-low").unwrap();
        assert!(row.flags.has(Flags::NMI.and(Flags::STARVED)));
        assert!(put("flags", "nmi+").is_err() && put("flags", "nmi smi").is_err());
    }

    #[test]
    fn the_documentation_has_a_row_for_each_column() {
        let text = include_str!("../../../../docs/replay.md");
        for Column { name, content, help } in &COLUMNS {
            let most = match content {
                Content::Number(most, _) => most.to_string(),
                Content::Flags => "-".to_owned(),
            };
            let row = format!("| `{name}` | {most} | {help} |");
            assert!(text.contains(&row), "missing in docs/replay.md:\n{row}");
        }
        assert!(FLAGS.iter().all(|(_, name)| text.contains(&format!("`{name}`"))));
    }
}
