//! Events: a line for each that was over, and one with all that is known of it.

use std::cmp::Reverse;

use perf::Timebase;
use perf::stream::Suspect;

use crate::recording::{Boot, Event, cause};
use crate::top::moment::Moment;
use crate::top::past::{Past, end_of};

/// How many are listed.
const LISTED: usize = 500;

/// An event in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::top) struct Listed {
    pub(in crate::top) number: u64,
    /// Nanoseconds since boot when it began, and since 1970 where anything tells.
    pub(in crate::top) up: u64,
    pub(in crate::top) clock: Option<u64>,
    /// Of its longest suspicious iteration; a note has none.
    pub(in crate::top) core: Option<u16>,
    pub(in crate::top) micros: Option<u64>,
    /// The names of reasons, with `+` between.
    pub(in crate::top) reasons: String,
    /// What it suffered from, or what somebody noted down.
    pub(in crate::top) cause: String,
}

/// An event with all that is known of it.
#[derive(Clone, Copy)]
pub(in crate::top) struct Found<'a> {
    pub(in crate::top) number: u64,
    pub(in crate::top) event: &'a Event,
    pub(in crate::top) base: Timebase,
}

/// The newest events of `boot` that were over by `at`, the last that was over first, and how many there
/// are in all.
pub(super) fn by(boot: &Boot, at: u64) -> (Vec<Listed>, u64) {
    let ends = boot.events.iter().filter_map(|(number, event)| Some((end_of(event)?, *number)));
    // Cores are asked one after the other, so that numbers are not quite in the order of time.
    let mut over: Vec<(u64, u64)> = ends.filter(|(end, _)| *end <= at).collect();
    over.sort_unstable_by_key(|event| Reverse(*event));
    let newest = over.iter().take(LISTED);
    let listed = newest.map(|(_, number)| listed(boot, *number, &boot.events[number]));
    (listed.collect(), over.len() as u64)
}

fn listed(boot: &Boot, number: u64, event: &Event) -> Listed {
    let base = boot.base();
    let at = |count| (base.nanos_since_boot(count), base.unix_nanos(count));
    let bare = |(up, clock), reasons, cause| Listed {
        number,
        up,
        clock,
        core: None,
        micros: None,
        reasons,
        cause,
    };
    if let Some((noted, text)) = &event.note {
        return bare(at(*noted), "note".to_owned(), text.clone());
    }
    let Some(worst) = worst(event) else {
        return bare((0, None), String::new(), "not all of it was heard".to_owned());
    };
    let iteration = &worst.iteration;
    let cause = cause::brief(worst).unwrap_or_else(|| "not known".to_owned());
    Listed {
        core: Some(worst.core),
        micros: Some(base.micros(iteration.cycles)),
        ..bare(at(iteration.start), iteration.reasons.names().to_string(), cause)
    }
}

/// The longest suspicious iteration of `event`.
fn worst(event: &Event) -> Option<&Suspect> {
    event.suspects.iter().max_by_key(|suspect| suspect.iteration.cycles)
}

impl<'a> Found<'a> {
    /// Event `number` of a start of the machine, if it is still known.
    pub(in crate::top) fn of(past: &'a Past, start: usize, number: u64) -> Option<Self> {
        let (boot, ..) = past.at(Moment { start, nanos: 0 })?;
        let event = boot.events.get(&number)?;
        Some(Self { number, event, base: boot.base() })
    }

    /// The longest of its suspicious iterations.
    pub(in crate::top) fn worst(&self) -> Option<&'a Suspect> {
        worst(self.event)
    }
}
