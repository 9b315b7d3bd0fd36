//! The shape of lines for machines: one JSON object a line, each with the name and version of its
//! schema. Keys say the unit; what has none there is a count.

use std::io::{self, Write};

use perf::{Flags, Iteration, Reasons, Room, Timebase};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::trace::FLAGS;

/// A line.
#[derive(serde::Serialize)]
pub(crate) struct Line<T> {
    /// What lines of this kind and its siblings look like.
    pub(crate) schema: &'static str,
    /// Counts up where a key changes its meaning or goes away; new ones may come at any time.
    pub(crate) schema_version: u32,
    /// What this line is about.
    pub(crate) kind: &'static str,
    #[serde(flatten)]
    pub(crate) content: T,
}

impl<T: Serialize> Line<T> {
    /// Writes it.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let text = serde_json::to_string(self)?;
        writeln!(out, "{text}")
    }
}

/// The largest number that readers of JSON which know only floating point keep exact.
const EXACT: u64 = 1 << 53;

/// A whole number; beyond what every reader keeps exact, a string of its digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole(pub(crate) u64);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0..=EXACT => to.serialize_u64(self.0),
            large => to.collect_str(&large),
        }
    }
}

/// An iteration.
#[derive(serde::Serialize)]
pub(crate) struct Record {
    iteration: Whole,
    start_tsc: Whole,
    /// Since the machine started, or the trace.
    start_ns: Whole,
    cycles_tsc: Whole,
    duration_us: Whole,
    packets: u32,
    batches: u32,
    sent: u32,
    dropped: u32,
    tx_dropped: u32,
    fill_frames: u32,
    deepest_queue: u16,
    upcalls: u32,
    lost_upcalls: u32,
    flags: Vec<&'static str>,
    rooms: Rooms,
}

impl Record {
    /// What `iteration` holds, where it is known in which rooms time was spent, or not.
    pub(crate) fn of(iteration: &Iteration, base: &Timebase, has_rooms: bool) -> Self {
        let it = iteration;
        Self {
            iteration: Whole(it.number),
            start_tsc: Whole(it.start),
            start_ns: Whole(base.nanos_since_boot(it.start)),
            cycles_tsc: Whole(it.cycles),
            duration_us: Whole(base.micros(it.cycles)),
            packets: it.packets,
            batches: it.batches,
            sent: it.sent,
            dropped: it.dropped,
            tx_dropped: it.tx_dropped,
            fill_frames: it.fill,
            deepest_queue: it.deepest,
            upcalls: it.upcalls,
            lost_upcalls: it.lost,
            flags: flag_names(it.flags),
            rooms: Rooms { iteration: *it, all: has_rooms },
        }
    }
}

fn flag_names(flags: Flags) -> Vec<&'static str> {
    FLAGS.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, name)| *name).collect()
}

/// Names of reasons.
pub(crate) fn reason_names(reasons: Reasons) -> Vec<&'static str> {
    reasons.each().map(|reason| reason.name).collect()
}

/// Cycles of each room that is known: of all, or of upcalls, which are always timed.
struct Rooms {
    iteration: Iteration,
    all: bool,
}

impl Serialize for Rooms {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for room in Room::ALL.into_iter().filter(|room| self.all || *room == Room::Upcall) {
            let cycles = self.iteration.room(room);
            map.serialize_entry(&format!("{}_tsc", room.name()), &Whole(cycles))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_floating_point_cannot_hold_are_strings() {
        let written = |number| serde_json::to_string(&Whole(number)).unwrap();
        assert_eq!(written(1 << 53), "9007199254740992");
        assert_eq!(written((1 << 53) + 1), "\"9007199254740993\"");
        assert_eq!(written(u64::MAX), "\"18446744073709551615\"");
    }

    #[test]
    fn rooms_that_were_not_timed_are_not_0() {
        let (mut iteration, base) = (Iteration::default(), Timebase::new(1_000_000, 0));
        iteration.cycles = 9;
        let rooms = |has_rooms| {
            let record = Record::of(&iteration, &base, has_rooms);
            serde_json::to_value(&record.rooms).unwrap()
        };
        assert_eq!(rooms(false), serde_json::json!({ "upcall_tsc": 0 }));
        assert_eq!(rooms(true)["rx_tsc"], 9);
        assert_eq!(rooms(true).as_object().unwrap().len(), Room::COUNT);
    }
}
