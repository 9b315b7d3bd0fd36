//! What the user looks at: which moment, which page, which event. Changed by what the user wants and by time
//! that passes, by nothing else.

use std::time::Duration;

use super::moment::{Moment, Tape};

/// The fastest replay.
const FASTEST: u32 = 1024;
const STEP: Duration = Duration::from_secs(1);
const LEAP: Duration = Duration::from_secs(10);
/// Rows that a page has about.
const PAGE: usize = 10;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Whether it is a machine that runs, or a recording.
    pub(super) is_live: bool,
    pub(super) pace: Pace,
    /// Seconds of a recording in a second.
    pub(super) speed: u32,
    pub(super) moment: Moment,
    pub(super) page: Page,
    /// The event that is chosen; none is the newest.
    pub(super) chosen: Option<u64>,
    pub(super) is_over: bool,
}

/// How the moment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// It is the last that was heard, and goes on while nothing is heard.
    Following,
    /// It moves through the recording.
    Playing,
    Paused,
}

/// What fills the screen below the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Overview,
    /// An event of a start, from this row on.
    Event {
        start: usize,
        number: u64,
        row: usize,
    },
    Help,
}

/// What the user wants, or what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Quit,
    Pause,
    /// A step and a leap in time.
    Back,
    Forth,
    LeapBack,
    LeapForth,
    First,
    Last,
    Faster,
    Slower,
    /// To what stands above, and below.
    Up,
    Down,
    Open,
    Close,
    Help,
    /// So much time passed.
    Passed(Duration),
    /// Something was heard.
    Heard,
}

/// What is known where the input is taken: time, and the numbers of events that are listed, newest first.
pub(super) struct World<'a> {
    pub(super) tape: &'a Tape,
    pub(super) events: &'a [u64],
}

impl State {
    /// The beginning of a recording, or the last of a machine that runs.
    pub(super) fn new(is_live: bool, speed: u32, tape: &Tape) -> Self {
        let (pace, moment) = match is_live {
            true => (Pace::Following, tape.last()),
            false => (Pace::Playing, tape.first()),
        };
        let (page, chosen, is_over) = (Page::Overview, None, false);
        Self { is_live, pace, speed, moment, page, chosen, is_over }
    }

    /// What comes of `input`.
    #[must_use]
    pub(super) fn after(mut self, input: Input, world: &World<'_>) -> Self {
        match input {
            Input::Quit => self.is_over = true,
            Input::Pause => self.pace = self.toggled(),
            Input::Faster => self.speed = (self.speed * 2).min(FASTEST),
            Input::Slower => self.speed = (self.speed / 2).max(1),
            Input::Help => {
                let is_shown = self.page == Page::Help;
                self.page = if is_shown { Page::Overview } else { Page::Help };
            }
            Input::Close => self.close(),
            Input::Open => self.open(world),
            Input::Passed(time) => self.pass(time, world.tape),
            Input::Heard if self.pace == Pace::Following => self.moment = world.tape.last(),
            Input::Heard => {}
            _ => match self.page {
                Page::Overview => self.go(input, world),
                Page::Event { .. } => self.leaf(input, world),
                Page::Help => self.page = Page::Overview,
            },
        }
        self
    }

    fn toggled(&self) -> Pace {
        match (self.pace, self.is_live) {
            (Pace::Paused, true) => Pace::Following,
            (Pace::Paused, false) => Pace::Playing,
            _ => Pace::Paused,
        }
    }

    fn pass(&mut self, time: Duration, tape: &Tape) {
        match self.pace {
            // A machine that is silent still has a clock.
            Pace::Following => {
                let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                self.moment.nanos = self.moment.nanos.saturating_add(nanos);
            }
            Pace::Playing => {
                self.moment = tape.behind(self.moment, time * self.speed);
                self.pace = if self.moment == tape.last() { Pace::Paused } else { Pace::Playing };
            }
            Pace::Paused => {}
        }
    }

    /// On the overview arrows move in time and choose events.
    fn go(&mut self, input: Input, world: &World<'_>) {
        let (tape, now) = (world.tape, self.moment.min(world.tape.last()));
        match input {
            Input::Back => self.seek(tape.before(now, STEP), tape),
            Input::Forth => self.seek(tape.behind(now, STEP), tape),
            Input::LeapBack => self.seek(tape.before(now, LEAP), tape),
            Input::LeapForth => self.seek(tape.behind(now, LEAP), tape),
            Input::First => self.seek(tape.first(), tape),
            Input::Last => self.seek(tape.last(), tape),
            Input::Up => self.chosen = self.newer(world.events),
            Input::Down => self.chosen = self.older(world.events),
            _ => {}
        }
    }

    /// A machine that runs goes on meanwhile; what is looked at stays until the end is reached again.
    fn seek(&mut self, to: Moment, tape: &Tape) {
        self.moment = to;
        if self.is_live {
            self.pace = if to == tape.last() { Pace::Following } else { Pace::Paused };
        }
    }

    fn open(&mut self, world: &World<'_>) {
        let number = world.events.get(self.place(world.events)).copied();
        if let (Page::Overview, Some(number)) = (&self.page, number) {
            self.show(number);
        }
    }

    fn close(&mut self) {
        match self.page {
            Page::Overview => self.chosen = None,
            _ => self.page = Page::Overview,
        }
    }

    fn show(&mut self, number: u64) {
        self.chosen = Some(number);
        self.page = Page::Event { start: self.moment.start, number, row: 0 };
    }

    /// On the page of an event arrows move in its rows and to other events.
    fn leaf(&mut self, input: Input, world: &World<'_>) {
        let Page::Event { row, .. } = &mut self.page else { return };
        match input {
            Input::Up => *row = row.saturating_sub(1),
            Input::Down => *row += 1,
            Input::LeapBack => *row = row.saturating_sub(PAGE),
            Input::LeapForth => *row += PAGE,
            Input::First => *row = 0,
            Input::Back => self.turn_to(self.older(world.events)),
            Input::Forth => self.turn_to(self.newer(world.events)),
            _ => {}
        }
    }

    fn turn_to(&mut self, event: Option<u64>) {
        event.into_iter().for_each(|number| self.show(number));
    }

    /// Where the chosen event stands among `events`; the first if it is not there.
    fn place(&self, events: &[u64]) -> usize {
        let chosen = self.chosen.and_then(|number| events.iter().position(|it| *it == number));
        chosen.unwrap_or(0)
    }

    fn newer(&self, events: &[u64]) -> Option<u64> {
        events.get(self.place(events).saturating_sub(1)).copied()
    }

    fn older(&self, events: &[u64]) -> Option<u64> {
        // The first key chooses what stands on top.
        let next = if self.chosen.is_none() { 0 } else { self.place(events) + 1 };
        events.get(next).or(events.last()).copied()
    }
}

#[cfg(test)]
mod tests;
