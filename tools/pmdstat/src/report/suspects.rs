//! Suspicious iterations of a recording, the longest first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use perf::Iteration;
use perf::stream::Suspect;

use crate::recording::{Boot, Event};

/// A suspicious iteration, and where it was found.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) boot: &'a Boot,
    pub(super) event: &'a Event,
    pub(super) suspect: &'a Suspect,
}

impl Found<'_> {
    /// The number of its event.
    pub(super) fn number(&self) -> u64 {
        self.suspect.event
    }

    /// Microseconds that it took, as everything else that reports it says.
    pub(super) fn micros(&self) -> u64 {
        self.boot.base().micros(self.suspect.iteration.cycles)
    }
}

/// Those of `boot`, in the order in which they came.
pub(super) fn of(boot: &Boot) -> impl Iterator<Item = Found<'_>> {
    boot.events.values().flat_map(move |event| {
        event.suspects.iter().map(move |suspect| Found { boot, event, suspect })
    })
}

/// All of `found`, longest first.
pub(super) fn longest_first<'a>(found: impl Iterator<Item = Found<'a>>) -> Vec<Found<'a>> {
    let mut all: Vec<_> = found.collect();
    // The sort is stable: of those of one length the older comes first.
    all.sort_by_key(|found| Reverse(found.suspect.iteration.cycles));
    all
}

/// One for each event, its longest, longest first.
pub(super) fn of_each_event<'a>(found: impl Iterator<Item = Found<'a>>) -> Vec<Found<'a>> {
    let mut known = BTreeSet::new();
    let mut all = longest_first(found);
    all.retain(|found| known.insert(found.number()));
    all
}

/// The iterations around those of `boot`, as far as they were sent.
pub(super) fn around(boot: &Boot) -> impl Iterator<Item = &Iteration> {
    boot.events.values().flat_map(|event| &event.rows)
}
