//! What was heard, and when: all of a recording, or of a line that is followed the last while.

use std::collections::BTreeMap;

use perf::Timebase;
use perf::stream::Message;

use super::moment::{Moment, Span, Tape, count_at};
use super::told::Told;
use crate::recording::{Boot, Event, Heard, Recording};

/// How much a line that is followed is remembered of, so that it can be followed for months.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Starts of the machine.
    pub(super) starts: usize,
    /// Nanoseconds of what was counted.
    pub(super) nanos: u64,
    /// Events, and iterations around all of them.
    pub(super) events: usize,
    pub(super) rows: usize,
}

impl Limits {
    /// Ten minutes, which are some 10 MB for each PMD, and at most 30 MB of iterations.
    pub(super) const USUAL: Self =
        Self { starts: 4, nanos: 600_000_000_000, events: 2000, rows: 200_000 };
}

/// What the line lost: frames that are missing by their numbers, and such that are damaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) missing: u64,
    pub(super) damaged: u64,
}

/// What was heard of a machine.
#[derive(Debug)]
pub(super) struct Past {
    recording: Recording,
    /// What has moments of each start in the recording.
    starts: Vec<Start>,
    /// Starts that were forgotten.
    forgotten: usize,
}

/// What was said in one start of the machine.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// The first and the last count that anything was heard of.
    first: Option<u64>,
    last: u64,
    facts: BTreeMap<(String, String), Told<String>>,
    gaps: BTreeMap<u8, Told<u64>>,
    lost: Told<Lost>,
    /// The count when it said that it crashed.
    crashed: Option<u64>,
    /// Events that were forgotten.
    pub(super) events: u64,
}

impl Default for Past {
    /// Nothing so far.
    fn default() -> Self {
        let recording = Recording { keeps_histograms: true, ..Recording::default() };
        Self { recording, starts: Vec::new(), forgotten: 0 }
    }
}

impl Past {
    /// Keeps what was heard.
    pub(super) fn take(&mut self, heard: Heard<'_>) {
        self.recording.take(heard);
        let Self { recording, starts, .. } = self;
        starts.resize_with(recording.boots.len(), Start::default);
        let (Some(boot), Some(start)) = (recording.boots.last_mut(), starts.last_mut()) else {
            return recording.text.clear();
        };
        if let Heard::Message(message) = heard {
            start.take(message, &boot.base());
        }
        if start.crashed.is_none() && boot.crash_cause().is_some() {
            start.crashed = Some(start.last);
        }
        let Recording { missing, damaged, .. } = *recording;
        start.lost.say(start.last, Lost { missing, damaged });
        // These are not shown.
        recording.text.clear();
        boot.logs.clear();
        boot.milliseconds.clear();
    }

    /// Whether nothing was heard so far.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// What is known of time.
    pub(super) fn tape(&self) -> Tape {
        let each = self.recording.boots.iter().zip(&self.starts).enumerate();
        let span = |(place, (boot, start)): (usize, (&Boot, &Start))| {
            let (base, number) = (boot.base(), place + self.forgotten);
            let at = |count| Moment { start: number, nanos: base.nanos_since_boot(count) };
            Span { first: at(start.first.unwrap_or(start.last)), last: at(start.last) }
        };
        Tape(each.map(span).collect())
    }

    /// The start that `moment` is in, and the count then.
    pub(super) fn at(&self, moment: Moment) -> Option<(&Boot, &Start, u64)> {
        let place = moment.start.checked_sub(self.forgotten)?;
        let (boot, start) = (self.recording.boots.get(place)?, self.starts.get(place)?);
        Some((boot, start, count_at(&boot.base(), moment.nanos)))
    }

    /// Which start of how many that of `moment` is, counted from 1.
    pub(super) fn start_of(&self, moment: Moment) -> (usize, usize) {
        (moment.start + 1, self.forgotten + self.starts.len())
    }

    /// Forgets what is beyond `limits`.
    pub(super) fn forget(&mut self, limits: &Limits) {
        let starts = self.starts.len().saturating_sub(limits.starts);
        self.starts.drain(..starts);
        self.recording.boots.drain(..starts);
        self.forgotten += starts;
        for (boot, start) in self.recording.boots.iter_mut().zip(&mut self.starts) {
            start.forget(boot, limits);
        }
    }
}

impl Start {
    /// The last that was said of a fact by `at`.
    pub(super) fn fact(&self, about: &str, name: &str, at: u64) -> Option<&str> {
        self.facts.get(&(about.to_owned(), name.to_owned()))?.by(at).map(String::as_str)
    }

    /// What was said by `at` that was not sent, of all kinds together.
    pub(super) fn not_sent(&self, at: u64) -> u64 {
        let counts = self.gaps.values().filter_map(|gap| gap.by(at));
        counts.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether it had crashed by `at`.
    pub(super) fn is_crashed(&self, at: u64) -> bool {
        self.crashed.is_some_and(|crashed| crashed <= at)
    }

    /// What the line had lost by `at`.
    pub(super) fn lost(&self, at: u64) -> Lost {
        self.lost.by(at).copied().unwrap_or_default()
    }

    fn take(&mut self, message: &Message<'_>, base: &Timebase) {
        if let Some(at) = moment(message, base) {
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = self.last.max(at);
        }
        match *message {
            Message::Fact(fact) => {
                let key = (fact.about.to_owned(), fact.name.to_owned());
                self.facts.entry(key).or_default().say(self.last, fact.value.to_owned());
            }
            Message::Gap(gaps) => {
                gaps.for_each(|gap| {
                    self.gaps.entry(gap.kind).or_default().say(self.last, gap.count);
                });
            }
            _ => {}
        }
    }

    fn forget(&mut self, boot: &mut Boot, limits: &Limits) {
        let base = boot.base();
        let kept = base.nanos_since_boot(self.last).saturating_sub(limits.nanos);
        let first = count_at(&base, kept);
        if base.hertz > 0 && self.first.is_some_and(|known| known < first) {
            boot.copies.values_mut().for_each(|copies| copies.forget_before(first));
            self.facts.values_mut().for_each(|fact| fact.forget_before(first));
            self.gaps.values_mut().for_each(|gap| gap.forget_before(first));
            self.lost.forget_before(first);
            self.first = Some(first);
        }
        let mut rows: usize = boot.events.values().map(|event| event.rows.len()).sum();
        while boot.events.len() > limits.events || rows > limits.rows {
            let Some((_, event)) = boot.events.pop_first() else { return };
            rows -= event.rows.len();
            self.events += 1;
        }
    }
}

/// The moment that `message` tells of, as a count.
fn moment(message: &Message<'_>, base: &Timebase) -> Option<u64> {
    match *message {
        Message::Greeting(greeting) => Some(greeting.at),
        Message::Suspect(suspect) => {
            Some(suspect.iteration.start.saturating_add(suspect.iteration.cycles))
        }
        Message::Note(note) => Some(note.at),
        Message::Milliseconds(message) => {
            let last = message.records.last()?;
            Some(base.start_of(last.number.saturating_add(1))).filter(|_| base.hertz > 0)
        }
        Message::Amounts(amounts) => Some(amounts.at),
        _ => None,
    }
}

/// When `event` was over, as a count; nothing if that was not heard.
pub(super) fn end_of(event: &Event) -> Option<u64> {
    let ends = event.suspects.iter().map(|suspect| {
        let iteration = &suspect.iteration;
        iteration.start.saturating_add(iteration.cycles)
    });
    ends.max().or_else(|| event.note.as_ref().map(|(at, _)| *at))
}

#[cfg(test)]
mod tests;
