//! The loop: keys and bytes come in, the screen goes out.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event as Typed};

use super::figures::{Figures, Found};
use super::keys;
use super::past::{Limits, Past};
use super::state::{Input, Page, State, World};
use super::view::{Screen, Theme};
use crate::recording::Listener;
use crate::source::Happening;

/// Between two pictures, where nothing happens.
const TICK: Duration = Duration::from_millis(100);

/// What happens.
pub(super) enum Event {
    /// At the terminal: a key, or another size.
    Terminal(Typed),
    /// On the line.
    Line(Happening),
    /// Nobody can type any more.
    Gone(io::Error),
}

/// Everything together.
pub(super) struct Stage {
    name: String,
    past: Past,
    listener: Listener,
    state: State,
    /// What the line is not, if it is not open.
    trouble: Option<String>,
    theme: Theme,
    /// What is on the screen is not what is to be there.
    is_stale: bool,
}

impl Stage {
    /// One that looks at `past`, and if it `is_live` at what comes behind it.
    pub(super) fn new(name: &str, past: Past, is_live: bool, speed: u32) -> Self {
        let state = State::new(is_live, speed, &past.tape());
        let of = |name: &str| std::env::var(name).ok();
        let theme = Theme::asked(of("NO_COLOR").as_deref(), of("TERM").as_deref());
        let listener = Listener::new();
        let (name, trouble, is_stale) = (name.to_owned(), None, true);
        Self { name, past, listener, state, trouble, theme, is_stale }
    }

    /// Shows it until the user leaves. The terminal is what it was before then, and after a panic too.
    ///
    /// # Errors
    ///
    /// Those of the terminal.
    pub(super) fn run(mut self, tell: &Sender<Event>, told: &Receiver<Event>) -> Result<()> {
        let mut terminal = ratatui::try_init().context("cannot set the terminal")?;
        let keyboard = tell.clone();
        thread::spawn(move || pass_on(&keyboard));
        let outcome = self.play(&mut terminal, told);
        ratatui::try_restore().context("cannot set the terminal back")?;
        outcome
    }

    fn play(&mut self, terminal: &mut DefaultTerminal, told: &Receiver<Event>) -> Result<()> {
        let mut drawn = Instant::now();
        while !self.state.is_over {
            if std::mem::take(&mut self.is_stale) {
                self.draw(terminal)?;
            }
            let (before, tape) = (drawn, self.past.tape());
            self.wait(told, drawn + TICK)?;
            drawn = Instant::now();
            self.take(Input::Passed(drawn - before));
            if self.past.tape() != tape {
                self.take(Input::Heard);
                self.limit();
            }
        }
        Ok(())
    }

    /// Takes what happens until `end`, or what is there already then.
    fn wait(&mut self, told: &Receiver<Event>, end: Instant) -> Result<()> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match told.recv_timeout(left) {
                Ok(Event::Line(happening)) => self.hear(happening),
                Ok(Event::Gone(error)) => return Err(error).context("cannot read keys"),
                // A key is answered at once.
                Ok(Event::Terminal(typed)) => {
                    self.type_in(&typed);
                    return Ok(());
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, happening: Happening) {
        self.is_stale = true;
        let Self { past, listener, .. } = self;
        match happening {
            Happening::Bytes(bytes) => listener.hear(&bytes, &mut |heard| past.take(heard)),
            Happening::Attached => self.trouble = None,
            Happening::Detached(reason) => self.trouble = Some(reason),
        }
    }

    fn type_in(&mut self, typed: &Typed) {
        self.is_stale = true;
        let meaning = typed.as_key_event().as_ref().and_then(keys::meaning);
        meaning.into_iter().for_each(|input| self.take(input));
    }

    fn take(&mut self, input: Input) {
        let figures = Figures::at(&self.past, self.state.moment);
        let events: Vec<u64> = figures.events.iter().map(|event| event.number).collect();
        let world = World { tape: &self.past.tape(), events: &events };
        let state = self.state.clone().after(input, &world);
        self.is_stale |= state != self.state;
        self.state = state;
    }

    /// A recording is there as a whole; of a machine that runs the last while is kept.
    fn limit(&mut self) {
        if self.state.is_live {
            self.past.forget(&Limits::USUAL);
        }
    }

    fn draw(&self, terminal: &mut DefaultTerminal) -> Result<()> {
        let (state, past) = (&self.state, &self.past);
        let figures = Figures::at(past, state.moment);
        let found = match state.page {
            Page::Event { start, number, .. } => Found::of(past, start, number),
            _ => None,
        };
        let (trouble, theme) = (self.trouble.as_deref(), self.theme);
        let screen = Screen { name: &self.name, state, figures: &figures, found, trouble, theme };
        terminal.draw(|frame| frame.render_widget(&screen, frame.area()))?;
        Ok(())
    }
}

/// Tells of keys and sizes for as long as somebody listens.
fn pass_on(tell: &Sender<Event>) {
    loop {
        let event = event::read();
        let is_over = event.is_err();
        if tell.send(event.map_or_else(Event::Gone, Event::Terminal)).is_err() || is_over {
            return;
        }
    }
}
