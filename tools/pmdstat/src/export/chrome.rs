//! Chrome's trace events: a process for each start of the machine, a track for each core.
//!
//! Times are microseconds since boot with three decimals. Iterations are slices; the rooms of suspicious ones
//! are slices in them, laid out one after the other in the order of the loop, because it is known how long
//! each took, but not when. Ends are rounded, not lengths, so slices in one never reach out of it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use perf::report::FlagNames;
use perf::{Iteration, Room, Timebase};
use serde_json::{Value, json};

use crate::recording::{Boot, Recording};

/// Writes `recording`.
///
/// # Errors
///
/// Those of `out`.
pub(super) fn write(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    let mut separator = "";
    for (process, boot) in (1..).zip(&recording.boots) {
        for event in (Track { boot, base: boot.base(), process }).events() {
            write!(out, "{separator}{event}")?;
            separator = ",\n";
        }
    }
    writeln!(out, "\n]}}")
}

/// What one start of the machine shows.
struct Track<'a> {
    boot: &'a Boot,
    base: Timebase,
    process: usize,
}

/// An iteration as far as it is known, and whether its rooms are.
struct Known<'a> {
    iteration: &'a Iteration,
    has_rooms: bool,
}

impl Track<'_> {
    fn events(&self) -> Vec<Value> {
        let mut events = vec![self.named("process_name", 0, &format!("start {}", self.process))];
        let iterations = self.iterations();
        let mut named = None;
        for ((core, _), known) in &iterations {
            if named.replace(*core) != Some(*core) {
                events.push(self.named("thread_name", *core, &format!("PMD on core {core}")));
            }
            self.slices(*core, known, &mut events);
        }
        self.notes(&mut events);
        events
    }

    /// Each iteration once, by core and start; what is known as a suspect is known best.
    fn iterations(&self) -> BTreeMap<(u16, u64), Known<'_>> {
        let mut known = BTreeMap::new();
        for event in self.boot.events.values() {
            let Some(core) = event.suspects.first().map(|suspect| suspect.core) else { continue };
            for iteration in &event.rows {
                let row = Known { iteration, has_rooms: false };
                known.entry((core, iteration.number)).or_insert(row);
            }
        }
        for suspect in self.boot.events.values().flat_map(|event| &event.suspects) {
            let (iteration, has_rooms) = (&suspect.iteration, suspect.has_rooms);
            known.insert((suspect.core, iteration.number), Known { iteration, has_rooms });
        }
        known
    }

    fn slices(&self, core: u16, known: &Known<'_>, events: &mut Vec<Value>) {
        let it = known.iteration;
        let args = json!({
            "iteration": it.number.to_string(), "cycles_tsc": it.cycles.to_string(),
            "rx_packets": it.packets, "rx_fill_max_packets": it.fill, "upcalls": it.upcalls,
        });
        events.push(self.slice(core, "iteration", (it.start, it.cycles), args));
        if known.has_rooms {
            let mut start = it.start;
            for room in Room::ALL.into_iter().filter(|room| it.room(*room) > 0) {
                let cycles = it.room(room);
                let args = json!({ "cycles_tsc": cycles.to_string() });
                events.push(self.slice(core, room.name(), (start, cycles), args));
                start = start.wrapping_add(cycles);
            }
        }
        let counts = [("rx packets", it.packets), ("rx fill", it.fill)];
        for (name, count) in counts {
            let (name, ts) = (format!("{name} of core {core}"), self.micros(it.start));
            let args = json!({ "packets": count });
            events.push(
                json!({ "ph": "C", "name": name, "pid": self.process, "ts": ts, "args": args }),
            );
        }
        if !it.reasons.is_empty() {
            let name = format!("{}{}", it.reasons, FlagNames(it.flags, " "));
            events.push(self.instant((it.start, "t"), core, &name));
        }
    }

    fn notes(&self, events: &mut Vec<Value>) {
        let notes = self.boot.events.values().filter_map(|event| event.note.as_ref());
        events.extend(notes.map(|(at, text)| self.instant((*at, "p"), 0, text)));
    }

    fn named(&self, what: &str, core: u16, name: &str) -> Value {
        json!({ "ph": "M", "name": what, "pid": self.process, "tid": core, "args": { "name": name } })
    }

    fn slice(&self, core: u16, name: &str, (start, cycles): (u64, u64), args: Value) -> Value {
        let nanos = |count| self.base.nanos_since_boot(count);
        let dur = decimals(nanos(start.wrapping_add(cycles)).saturating_sub(nanos(start)));
        let ts = self.micros(start);
        json!({ "ph": "X", "name": name, "pid": self.process, "tid": core, "ts": ts, "dur": dur, "args": args })
    }

    fn instant(&self, (at, scope): (u64, &str), core: u16, name: &str) -> Value {
        let ts = self.micros(at);
        json!({ "ph": "i", "s": scope, "name": name, "pid": self.process, "tid": core, "ts": ts })
    }

    fn micros(&self, count: u64) -> f64 {
        decimals(self.base.nanos_since_boot(count))
    }
}

/// Microseconds. Exact to the nanosecond for the first hundred days.
fn decimals(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
