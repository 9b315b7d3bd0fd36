//! Chrome's trace events: a process for each start of the machine, a track for each core.
//!
//! Times are microseconds since boot with three decimals. Iterations are slices; the rooms of suspicious ones
//! are slices in them, laid out one after the other in the order of the loop, because it is known how long
//! each took, but not when. Ends are rounded, not lengths, so slices in one never reach out of it. Where a
//! recording tells of iterations that cross, a slice ends where the next one begins, and its arguments tell
//! its cycles: readers of traces want slices that lie in each other or apart.

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
#[derive(Clone, Copy)]
struct Known<'a> {
    iteration: &'a Iteration,
    has_rooms: bool,
}

/// A stretch of time, in nanoseconds since boot.
#[derive(Clone, Copy)]
struct Stretch {
    from: u64,
    to: u64,
}

impl Track<'_> {
    fn events(&self) -> Vec<Value> {
        let mut events = vec![self.named("process_name", 0, &format!("start {}", self.process))];
        let iterations = self.in_order();
        let behind = iterations.iter().skip(1).map(Some).chain([None]);
        let mut named = None;
        for ((core, known), next) in iterations.iter().zip(behind) {
            if named.replace(*core) != Some(*core) {
                events.push(self.named("thread_name", *core, &format!("PMD on core {core}")));
            }
            let next = next.filter(|(other, _)| other == core);
            let end = next.map_or(u64::MAX, |(_, next)| self.nanos(next.iteration.start));
            self.slices(*core, known, end, &mut events);
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

    /// Those of each core in the order of their starts.
    fn in_order(&self) -> Vec<(u16, Known<'_>)> {
        let known = self.iterations().into_iter();
        let mut all: Vec<_> = known.map(|((core, _), known)| (core, known)).collect();
        all.sort_by_key(|(core, known)| (*core, known.iteration.start));
        all
    }

    /// An iteration and its rooms, up to `end` at most.
    fn slices(&self, core: u16, known: &Known<'_>, end: u64, events: &mut Vec<Value>) {
        let it = known.iteration;
        let own = Stretch { from: 0, to: end };
        let whole = self.part(own, it.start, it.cycles);
        let args = json!({
            "iteration": it.number.to_string(), "cycles_tsc": it.cycles.to_string(),
            "rx_packets": it.packets, "rx_fill_max_packets": it.fill, "upcalls": it.upcalls,
        });
        events.push(self.slice(core, "iteration", whole, args));
        if known.has_rooms {
            let mut start = it.start;
            for room in Room::ALL.into_iter().filter(|room| it.room(*room) > 0) {
                let cycles = it.room(room);
                let args = json!({ "cycles_tsc": cycles.to_string() });
                events.push(self.slice(core, room.name(), self.part(whole, start, cycles), args));
                start = start.saturating_add(cycles);
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

    /// What lies in `whole` of so many cycles from the count `start` on.
    fn part(&self, whole: Stretch, start: u64, cycles: u64) -> Stretch {
        let inside = |count| self.nanos(count).clamp(whole.from, whole.to);
        Stretch { from: inside(start), to: inside(start.saturating_add(cycles)) }
    }

    fn slice(&self, core: u16, name: &str, of: Stretch, args: Value) -> Value {
        let (ts, dur) = (decimals(of.from), decimals(of.to - of.from));
        json!({ "ph": "X", "name": name, "pid": self.process, "tid": core, "ts": ts, "dur": dur, "args": args })
    }

    fn instant(&self, (at, scope): (u64, &str), core: u16, name: &str) -> Value {
        let ts = self.micros(at);
        json!({ "ph": "i", "s": scope, "name": name, "pid": self.process, "tid": core, "ts": ts })
    }

    fn micros(&self, count: u64) -> f64 {
        decimals(self.nanos(count))
    }

    fn nanos(&self, count: u64) -> u64 {
        self.base.nanos_since_boot(count)
    }
}

/// Microseconds. Exact to the nanosecond for the first hundred days.
fn decimals(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
