//! The stream: what the control core sends to whoever listens, and in which order.
//!
//! A frame is made when there is room for it, never before: what waits, waits where it is kept. Events
//! go first, then logs, then statistics, then milliseconds; a greeting goes before all of them. What
//! the line was too slow for is counted by kind, and the [`Gap`](perf::stream::Gap) says so.

mod facts;
mod gaps;
mod greeting;
mod milliseconds;
mod outgoing;
mod statistics;

use heapless::String;
use perf::events::{Events, Sending};
use perf::stream::{Draft, Frame, Kind, LINE, PAYLOAD, armour, encode};
use perf::{Snapshot, Timebase};

use crate::control::Pmd;
use crate::machine::Machine;
use crate::output::Output;
use facts::Facts;
pub use facts::Told;
use gaps::Gaps;
use greeting::Greeting;
use milliseconds::Milliseconds;
pub use outgoing::Outgoing;
use statistics::Statistics;

/// Bytes that can wait for a line of its own, at least.
pub const WAITING: usize = 4 * LINE;
/// Bytes of a payload on a line that text shares: an armoured frame is a line that is still looked at,
/// and over before somebody who types notices it, at 115,200 symbols a second.
const SHARED: usize = 160;

/// Where the stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nowhere.
    Nowhere,
    /// To a line of its own.
    Own {
        /// It carries some 100 KB a second, so that milliseconds go too.
        is_fast: bool,
    },
    /// To the console's, between the text.
    Shared,
    /// To whoever listens on the network: frames are asked for one by one.
    Net,
}

/// Memory of the stream.
pub struct Memory<'a> {
    /// Frames that wait for a line: at least [`WAITING`] bytes.
    pub line: &'a mut [u8],
    /// Facts.
    pub facts: &'a mut [Told],
    /// A copy of what a PMD counted that is being sent.
    pub counted: &'a mut Snapshot,
}

/// What is told of.
pub struct World<'w, 'e, O, M> {
    /// Events.
    pub events: &'w mut Events<'e>,
    /// PMDs.
    pub pmds: &'w [Pmd<O>],
    /// What converts counts.
    pub base: &'w Timebase,
    /// The machine.
    pub machine: &'w M,
}

/// The stream, on its way out.
pub struct Stream<'a> {
    way: Way,
    line: Output<'a>,
    sequence: u32,
    gaps: Gaps,
    facts: Facts<'a>,
    greeting: Greeting,
    sending: Option<Sending>,
    /// Events that are told of again, from one number to another.
    again: Option<(u64, u64)>,
    /// Logs that were longer than a payload of the line.
    long_logs: u64,
    statistics: Statistics<'a>,
    milliseconds: Milliseconds,
}

impl<'a> Stream<'a> {
    /// A stream that goes nowhere yet.
    pub fn new(memory: Memory<'a>) -> Self {
        let Memory { line, facts, counted } = memory;
        Self {
            way: Way::Nowhere,
            line: Output::new(line),
            sequence: 0,
            gaps: Gaps::default(),
            facts: Facts::new(facts),
            greeting: Greeting::default(),
            sending: None,
            again: None,
            long_logs: 0,
            statistics: Statistics::new(counted),
            milliseconds: Milliseconds::default(),
        }
    }

    /// Goes by this `way` from now on. `build` is the image's build id.
    pub fn go(&mut self, way: Way, build: [u8; 20]) {
        self.way = way;
        self.greeting.build = build;
        self.greeting.begin();
    }

    /// Whether anybody can hear it.
    pub fn is_heard(&self) -> bool {
        self.way != Way::Nowhere
    }

    /// Whether it goes to the console's line.
    pub fn is_shared(&self) -> bool {
        self.way == Way::Shared
    }

    /// Tells listeners from now on that `name` of what it is `about` is `value`.
    pub fn tell(&mut self, about: &str, name: &str, value: core::fmt::Arguments<'_>) {
        self.facts.tell(about, name, value);
    }

    /// Tells of the events from one number to another once more, as far as they are kept; and first who
    /// speaks, for a listener who came for them.
    pub fn send_again(&mut self, numbers: (u64, u64)) {
        self.again = Some(numbers);
        self.greeting.begin();
    }

    /// Bytes that wait for a line of its own. Say with [`Self::sent`] how many it took.
    pub fn unsent(&self) -> &[u8] {
        self.line.unsent()
    }

    /// Forgets `count` bytes that the line took.
    pub fn sent(&mut self, count: usize) {
        self.line.sent(count);
    }

    /// Makes frames for a line of its own, as many as there is room for.
    pub fn fill<O, M: Machine>(&mut self, world: &mut World<'_, '_, O, M>) {
        match self.way {
            Way::Nowhere => while world.events.next_to_send().is_some() {},
            Way::Shared | Way::Net => {}
            Way::Own { is_fast } => {
                let mut line = [0; LINE];
                while self.line.room() >= LINE {
                    let Some(len) = self.frame(world, is_fast, &mut line) else { return };
                    self.line.bytes(&line[..len]);
                }
            }
        }
    }

    /// Writes the next frame to the front of `line`, if there is one, and returns its length. Milliseconds
    /// go too where that `is_fast`.
    pub fn frame<O, M: Machine>(
        &mut self,
        world: &mut World<'_, '_, O, M>,
        is_fast: bool,
        line: &mut [u8; LINE],
    ) -> Option<usize> {
        let mut next = self.next(world, PAYLOAD, true);
        if next.is_none() && is_fast {
            next = self.milliseconds.next(world, &mut self.gaps);
        }
        Some(encode(&self.number(&next?), line))
    }

    /// Begins with a greeting again as soon as it can: somebody listens who has not heard one.
    pub fn greet(&mut self) {
        self.greeting.begin();
    }

    /// The next frame for the console's line, armoured, if there is one. Where `is_quiet`, nothing goes
    /// that is not about events: somebody types.
    pub fn line<O, M: Machine>(
        &mut self,
        world: &mut World<'_, '_, O, M>,
        is_quiet: bool,
    ) -> Option<String<{ armour::LINE }>> {
        let draft = self.next(world, SHARED, !is_quiet)?;
        let mut line = [0; armour::LINE];
        String::try_from(armour::encode(&self.number(&draft), &mut line)).ok()
    }

    /// The frame of `draft`, with the next number.
    fn number<'d>(&mut self, draft: &'d Draft) -> Frame<'d> {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        Frame { sequence, kind: draft.kind(), payload: draft.payload() }
    }

    /// What is to be said next, where `all` also what has time.
    fn next<O, M: Machine>(
        &mut self,
        world: &mut World<'_, '_, O, M>,
        limit: usize,
        all: bool,
    ) -> Option<Draft> {
        let now = world.machine.now();
        let pause = world.base.hertz.saturating_mul(if self.is_shared() { 60 } else { 10 });
        let greets = all || self.greeting.is_under_way();
        greets
            .then(|| self.greeting.next(&self.facts, world, (limit, pause)))
            .flatten()
            .or_else(|| self.event(world, limit))
            .or_else(|| self.next_log(world.machine, limit))
            .or_else(|| self.gaps.next(limit, (now, world.base.hertz)))
            .or_else(|| all.then(|| self.statistics.next(world, limit, &mut self.gaps))?)
    }

    /// The next message of an event.
    fn event<O, M>(&mut self, world: &mut World<'_, '_, O, M>, limit: usize) -> Option<Draft> {
        loop {
            if self.sending.is_none() {
                self.sending =
                    world.events.next_to_send().or_else(|| self.next_again(world.events));
                self.gaps.set(Kind::Suspect, world.events.not_sent());
            }
            let draft = self.sending.as_mut()?.draft(world.events, limit);
            if draft.is_some() {
                return draft;
            }
            self.sending = None;
        }
    }

    /// The next event that is told of again.
    fn next_again(&mut self, events: &Events<'_>) -> Option<Sending> {
        let (first, last) = self.again.take()?;
        let (number, sending) = events.send_again(first..=last)?;
        self.again = Some((number + 1, last)).filter(|_| number < last);
        Some(sending)
    }

    /// The log that has waited longest.
    fn next_log(&mut self, machine: &impl Machine, limit: usize) -> Option<Draft> {
        let draft = loop {
            let log = machine.next_log();
            self.gaps.set(Kind::Log, machine.lost_logs() + self.long_logs);
            let log = log?;
            let mut draft = Draft::new(Kind::Log, limit);
            if draft.add_bytes(&log) == log.len() {
                break draft;
            }
            self.long_logs += 1;
        };
        Some(draft)
    }
}
