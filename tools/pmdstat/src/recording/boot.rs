//! What was heard of a machine from one start to the next.

use std::collections::BTreeMap;

use perf::stream::{Greeting, Message, Names, Suspect, Table, Whole};
use perf::{Counter, Iteration, Quantity, Snapshot, Timebase};

use super::{Copies, Copy, Milliseconds};
use crate::logs::BuildId;

/// What a crash report begins with, and its last line.
const CRASH: &str = "crash on core ";
const CRASH_END: &str = "end of the report";

/// One start of a machine.
#[derive(Debug, Default)]
pub(crate) struct Boot {
    /// The last greeting.
    pub(crate) greeting: Option<Greeting>,
    /// What converts counts, where no greeting says so.
    pub(crate) clock: Option<Timebase>,
    /// What it told in words, by what that is about and its name.
    pub(crate) facts: BTreeMap<(String, String), String>,
    /// Events by number, notes among them.
    pub(crate) events: BTreeMap<u64, Event>,
    /// Milliseconds by core, oldest first.
    pub(crate) milliseconds: BTreeMap<u16, Milliseconds>,
    /// What was counted, by table and owner.
    pub(crate) copies: BTreeMap<(Table, u16), Copies>,
    /// What numbers of tables are called, where all of that was heard.
    pub(crate) names: BTreeMap<(Table, u16), Vec<String>>,
    /// Logs as defmt frames.
    pub(crate) logs: Vec<Vec<u8>>,
    /// What they say, once an image told, or why that is not known.
    pub(crate) log_lines: Vec<String>,
    /// What it says that it did not send, by number of the kind.
    pub(crate) gaps: BTreeMap<u8, u64>,
    /// The text of its crash report.
    pub(crate) crash: String,
    /// All copies of histograms are wanted, not only the last.
    pub(super) keeps_histograms: bool,
    /// That text comes in between the frames, and has not ended.
    is_crashing: bool,
    /// The copy that is coming in, if nothing of it can be missing so far.
    coming: Option<(Table, u16)>,
    /// The same of names, and those that came.
    naming: Option<((Table, u16), Vec<String>)>,
}

/// An event.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// Its suspicious iterations.
    pub(crate) suspects: Vec<Suspect>,
    /// The iterations around them, they included, oldest first; as far as rows tell.
    pub(crate) rows: Vec<Iteration>,
    /// What was said at its end; nothing while it is not all there.
    pub(crate) whole: Option<Whole>,
    /// What an operator noted down, and when; such an event has nothing else.
    pub(crate) note: Option<(u64, String)>,
}

impl Event {
    /// Keeps a suspicious iteration of it. One that is known says that the event is sent once more.
    fn begin(&mut self, suspect: Suspect) {
        let number = suspect.iteration.number;
        let is_known = self.suspects.iter().any(|known| known.iteration.number == number);
        if self.whole.is_some() || is_known {
            *self = Self::default();
        }
        self.suspects.push(suspect);
    }

    /// Whether all of it was heard.
    pub(crate) fn is_whole(&self) -> bool {
        let (suspects, rows) = (self.suspects.len() as u64, self.rows.len() as u64);
        let all = self.whole.is_some_and(|whole| (whole.suspects, whole.rows) == (suspects, rows));
        self.note.is_some() || all
    }
}

impl Boot {
    /// Whether `message` is of another start than `last`.
    pub(super) fn is_begun_by(message: &Message<'_>, last: Option<&Self>) -> bool {
        let Some(last) = last else { return true };
        let Message::Greeting(greeting) = message else { return false };
        let same = |known: &Greeting| {
            (known.base.boot, known.build) == (greeting.base.boot, greeting.build)
                && known.at <= greeting.at
        };
        last.greeting.as_ref().is_some_and(|known| !same(known))
    }

    /// Which image it runs.
    pub(crate) fn build(&self) -> Option<BuildId> {
        self.greeting.map(|greeting| BuildId(greeting.build))
    }

    /// What converts counts of the time-stamp counter.
    pub(crate) fn base(&self) -> Timebase {
        let told = self.greeting.map(|greeting| greeting.base);
        told.or(self.clock).unwrap_or(Timebase::new(0, 0))
    }

    /// The cores of its PMDs.
    pub(crate) fn cores(&self) -> impl Iterator<Item = u16> {
        let counters = self.copies.keys().filter(|(table, _)| *table == Table::Counters);
        counters.map(|(_, core)| *core)
    }

    /// What the PMD of `core` had counted by the last copy that was heard.
    pub(crate) fn snapshot(&self, core: u16) -> Option<Snapshot> {
        self.counted(core, Copies::last)
    }

    /// What it had counted by the last copies that were taken by `at`.
    pub(crate) fn snapshot_by(&self, core: u16, at: u64) -> Option<Snapshot> {
        self.counted(core, |copies| copies.whole_by(at).next())
    }

    fn counted(&self, core: u16, one: impl Fn(&Copies) -> Option<&Copy>) -> Option<Snapshot> {
        let counters = one(self.copies.get(&(Table::Counters, core))?)?;
        let mut snapshot = Snapshot::ZERO;
        snapshot.at = counters.at;
        let places = snapshot.counters.iter_mut().enumerate();
        places.for_each(|(position, place)| *place = counters.get(position));
        for (number, quantity) in (0..).zip(Quantity::ALL) {
            let copy = self.copies.get(&(Table::Histogram(number), core)).and_then(&one);
            for (bucket, samples) in copy.into_iter().flat_map(|copy| &copy.numbers) {
                snapshot.set_bucket(quantity, usize::from(*bucket), *samples);
            }
        }
        let recorded = snapshot.of(Quantity::Cycles).samples();
        snapshot.iterations = recorded.saturating_add(snapshot.count(Counter::Unrecorded));
        Some(snapshot)
    }

    /// Keeps what was heard.
    pub(super) fn take(&mut self, message: &Message<'_>) {
        if !matches!(message, Message::Names(_)) {
            self.end_names();
        }
        match *message {
            Message::Log(frame) => self.logs.push(frame.to_vec()),
            Message::Greeting(greeting) => self.greeting = Some(greeting),
            Message::Fact(fact) => {
                let key = (fact.about.to_owned(), fact.name.to_owned());
                self.facts.insert(key, fact.value.to_owned());
            }
            Message::Suspect(suspect) => self.event(suspect.event).begin(suspect),
            Message::Rows(mut message) => {
                let event = self.event(message.heading.event);
                if event.whole.is_some() {
                    return;
                }
                event.rows.extend(message.rows.map(|row| row.iteration(&mut message.heading)));
            }
            Message::Whole(whole) => self.event(whole.event).whole = Some(whole),
            Message::Note(note) => {
                self.event(note.event).note = Some((note.at, note.text.to_owned()));
            }
            Message::Milliseconds(message) => {
                self.milliseconds.entry(message.core).or_default().extend(message.records);
            }
            Message::Amounts(amounts) => {
                let key = (amounts.table, amounts.owner);
                if amounts.first == 0 {
                    self.end_copy();
                    self.coming = Some(key);
                }
                let copies = self.copies.entry(key).or_default();
                copies.take(&amounts);
                if matches!(amounts.table, Table::Histogram(_)) && !self.keeps_histograms {
                    copies.forget_old();
                }
            }
            Message::Names(names) => self.name(&names),
            Message::Gap(gaps) => self.gaps.extend(gaps.map(|gap| (gap.kind, gap.count))),
            Message::Crash(text) => self.crash.push_str(text),
        }
    }

    /// Looks for a crash report in a line of text: where text shares the line, no frames repeat it.
    pub(super) fn read(&mut self, line: &str) {
        self.is_crashing |= self.crash.is_empty() && line.starts_with(CRASH);
        if self.is_crashing {
            self.crash.push_str(line.trim_end());
            self.crash.push('\n');
            self.is_crashing = line.trim_end() != CRASH_END;
        }
    }

    /// What it crashed of, if it did.
    pub(crate) fn crash_cause(&self) -> Option<&str> {
        self.crash.lines().next()
    }

    /// Something was not heard, which may have been of the copy or of the names that are coming in.
    pub(super) fn doubt(&mut self) {
        (self.coming, self.naming) = (None, None);
    }

    /// Keeps names that go on where those before them ended. Their order is what tells numbers apart, so
    /// they serve once it is known that all of them were heard.
    fn name(&mut self, message: &Names<'_>) {
        let key = (message.table, message.owner);
        if message.first == 0 {
            self.end_names();
            self.naming = Some((key, Vec::new()));
        }
        let goes_on = |(own, names): &(_, Vec<String>)| {
            *own == key && names.len() == usize::from(message.first)
        };
        self.naming = self.naming.take().filter(goes_on);
        if let Some((_, names)) = &mut self.naming {
            names.extend(message.names.map(str::to_owned));
        }
    }

    /// Names come one behind the other, so whatever else comes ends them.
    fn end_names(&mut self) {
        self.names.extend(self.naming.take());
    }

    /// Copies come one after the other, so another one ends the one before.
    fn end_copy(&mut self) {
        let copies = self.coming.take().and_then(|key| self.copies.get_mut(&key));
        copies.into_iter().for_each(Copies::end);
    }

    fn event(&mut self, number: u64) -> &mut Event {
        self.events.entry(number).or_default()
    }
}
