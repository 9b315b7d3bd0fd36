//! The control core: supervises PMDs, and serves the console.
//!
//! [`Control::tick`] does a little of everything and never waits. Text goes to an
//! [`Output`] that the caller drains as fast as the line allows; while much
//! of it is waiting, nothing further is written, and events wait in their store.
//!
//! What goes first: what is being written, then what was typed, then events. So an event is
//! printed between commands, above the line that is being typed, and a flood of events does not
//! keep commands from being heard.

mod aside;
mod auto;
mod captures;
mod cards;
mod configuration;
mod coverage;
mod endpoint;
mod execute;
mod flow_commands;
mod hwlat;
mod job;
mod links;
mod losses;
mod moves;
mod neighbors;
mod pace;
mod pmd;
mod put;
mod requests;
mod revalidate;
mod rxqs;
mod self_test;
mod streaming;
mod supervise;
mod tables;

use core::fmt::{self, Arguments, Write};

use dataplane::{Order, PORTS};
use heapless::Deque;
use perf::events::{Events, Part};
use perf::time::Utc;
use perf::{Iteration, Settings, Snapshot, Timebase};

use crate::command::ROWS;
use crate::logs::Chosen;
use crate::machine::Machine;
use crate::options::{Balance, FlowOptions, Numbers, Said, Watchdog};
use crate::output::Output;
use crate::shell::{LINE, Screen, Shell, Typed};
use crate::show::STEP;
use crate::stream::{self, Stream};
use aside::Aside;
use captures::Captures;
pub use captures::{Asked, Lending};
use coverage::Coverage;
pub use coverage::{COPIES as COVERAGE_COPIES, NONE as NO_COVERAGE, Totals};
pub use endpoint::{Endpoint, Wire};
use hwlat::Away;
use job::Job;
use links::Links;
use losses::Losses;
use pace::{Pace, Rate};
pub use pmd::{Cleared, Counted, Handle, Line, Orders, Pmd, PmdMemory};
pub use put::FILE;
use put::{Put, Saved};
use requests::Pending;
use revalidate::Walk;
pub use rxqs::{Known, MOST as QUEUES, Queue, Rxqs, Usage};
pub(crate) use tables::add as add_rule;
pub use tables::{Change, Edit, Error as TablesError, Tables, TablesMemory};

/// Bytes of output that must be handed in.
pub const OUTPUT: usize = LOW + 2 * STEP;
/// Bytes of output that may wait before more is written.
const LOW: usize = 2 * 1024;
/// Bytes that can be typed ahead.
const AHEAD: usize = 1024;
/// Steps of one tick at most.
const STEPS: usize = 64;
/// Ctrl-C.
const STOP: u8 = 0x03;
/// Messages about events: Open vSwitch's limit, which counts a line about each suspicious
/// iteration and one for the listing.
const MESSAGES: Rate = Rate { at_once: 600, per_minute: 600 };

/// Why there can be no control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Output needs at least [`OUTPUT`] bytes.
    OutputTooSmall,
    /// The copy of a history needs room for [`ROWS`] iterations.
    RowsTooFew,
    /// The store of events needs room for one.
    EventsTooSmall,
    /// Totals of events need room for [`COVERAGE_COPIES`].
    CoverageTooSmall,
}

/// Memory of the control core.
pub struct Memory<'a> {
    /// Text on its way to the console: at least [`OUTPUT`] bytes.
    pub output: &'a mut [u8],
    /// The line that is being typed.
    pub screen: &'a Screen,
    /// A copy of the history that is being shown: at least [`ROWS`] iterations.
    pub rows: &'a mut [Iteration],
    /// A copy of what the PMD counted that is being shown.
    pub counted: &'a mut Snapshot,
    /// Events, and the iterations in them: at least [`events::ROWS`](perf::events::ROWS).
    pub events: (&'a mut [Part], &'a mut [Iteration]),
    /// Totals of events: [`COVERAGE_COPIES`].
    pub coverage: &'a mut [Totals],
    /// A file that is coming in.
    pub file: &'a mut [u8],
    /// The stream's.
    pub stream: stream::Memory<'a>,
}

/// What the control core was told at boot.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What was said of keys; what holds of those that change at run time may differ by now.
    pub said: Said<'static>,
    /// Which logs are written.
    pub log: Chosen,
    /// Settings that are told of where there is no PMD.
    pub settings: Settings,
    /// What happens when an iteration does not end.
    pub watchdog: Watchdog,
    /// How flows are cached.
    pub flows: FlowOptions,
    /// How long PMDs sleep at most.
    pub sleep: Numbers,
    /// Who polls which receive queue.
    pub balance: Balance,
}

/// Frames that each port had received, and when that was read.
struct Rates {
    received: [u64; PORTS],
    at: Option<u64>,
}

/// The control core.
pub struct Control<'a, O> {
    output: Output<'a>,
    shell: Shell<'a>,
    /// The terminal shows the prompt, and what was typed so far.
    prompt: bool,
    typed: Deque<u8, AHEAD>,
    events: Events<'a>,
    stream: Stream<'a>,
    /// When somebody typed last.
    heard: u64,
    rows: &'a mut [Iteration],
    counted: &'a mut Snapshot,
    pmds: &'a mut [Pmd<O>],
    base: Timebase,
    policy: Policy,
    saved: Saved,
    tables: Tables,
    walk: Walk,
    rxqs: Rxqs,
    endpoint: Option<Endpoint>,
    losses: Losses,
    links: Links,
    coverage: Coverage<'a>,
    captures: Captures,
    aside: Aside,
    alarms: Pace,
    rates: Rates,
    rates_due: u64,
    /// When all that cards count is read again.
    counters_due: u64,
    /// When it may be told again how many events were not printed.
    untold_due: u64,
    put: Put<'a>,
    job: Option<Job>,
    /// What is told once that is.
    later: Option<Job>,
    /// Whether PMDs are at work.
    away: Away,
    /// The request that is being answered.
    asked: Option<Pending>,
    ending: Option<(Ending, u64)>,
    pace: Pace,
    /// An answer was given, and no prompt since.
    answered: bool,
}

/// What happens as soon as the console has told all, or a second later.
#[derive(Clone, Copy)]
enum Ending {
    /// This function is called on this core.
    Crash(fn(), usize),
    Reboot,
    Exit,
}

impl<'a, O: Orders> Control<'a, O> {
    /// Control of `pmds`, which it tells to mark what their settings say.
    ///
    /// # Errors
    ///
    /// Where `memory` has too little of something.
    pub fn new(
        memory: Memory<'a>,
        pmds: &'a mut [Pmd<O>],
        tables: Tables,
        (base, policy): (Timebase, Policy),
    ) -> Result<Self, Error> {
        let Memory { output, screen, rows, counted, events: (parts, windows), .. } = memory;
        let Memory { coverage, file, stream, .. } = memory;
        if output.len() < OUTPUT {
            return Err(Error::OutputTooSmall);
        }
        if rows.len() < usize::from(ROWS) {
            return Err(Error::RowsTooFew);
        }
        if coverage.len() < COVERAGE_COPIES {
            return Err(Error::CoverageTooSmall);
        }
        Ok(Self {
            output: Output::new(output),
            shell: Shell::new(screen),
            prompt: false,
            typed: Deque::new(),
            events: Events::new(parts, windows).map_err(|_| Error::EventsTooSmall)?,
            stream: Stream::new(stream),
            heard: 0,
            rows,
            counted,
            rxqs: Rxqs::new([], pmds, policy.balance.clone(), 0),
            pmds,
            base,
            walk: Walk::new(base.cycles(u64::from(policy.flows.max_idle) * 1000), base.hertz),
            saved: Saved { settings: policy.settings, log: policy.log },
            policy,
            tables,
            endpoint: None,
            losses: Losses::new(),
            links: Links::new(base.hertz),
            coverage: Coverage::new(coverage),
            captures: Captures::NONE,
            aside: Aside::new(),
            alarms: Pace::new(base.hertz, supervise::ALARMS),
            rates: Rates { received: [0; PORTS], at: None },
            rates_due: 0,
            counters_due: 0,
            untold_due: 0,
            put: Put::new(file),
            job: None,
            later: None,
            away: Away::No,
            asked: None,
            ending: None,
            pace: Pace::new(base.hertz, MESSAGES),
            answered: false,
        })
    }

    /// Looks after the PMDs, takes `input` that came from the terminal, and goes on with whatever
    /// is to be written.
    pub fn tick(&mut self, machine: &mut impl Machine, input: &[u8]) {
        self.follow_test(machine);
        self.supervise(machine);
        self.feed_stream(machine);
        if !input.is_empty() {
            self.heard = machine.now();
        }
        input.iter().for_each(|&byte| self.hear(byte));
        self.end_if_told(machine);
        for _ in 0..STEPS {
            if self.ending.is_some() {
                return;
            }
            // Output takes whatever it is given and counts what it loses: no write can fail.
            if self.output.len() > LOW || !self.step(machine).unwrap_or(false) {
                return;
            }
        }
    }

    /// Has a line written above the one that is being typed, as soon as no other is under way.
    pub fn notice(&mut self, text: Arguments<'_>) {
        self.aside.line(text);
    }

    /// Text that waits for the line. Say with [`Self::sent`] how much of it the line took.
    pub fn unsent(&self) -> &[u8] {
        self.output.unsent()
    }

    /// Forgets `count` bytes that the line took.
    pub fn sent(&mut self, count: usize) {
        self.output.sent(count);
    }

    /// Bytes of text that were lost since boot.
    pub fn lost(&self) -> u64 {
        self.output.lost()
    }

    /// Plays the endpoint of tunnels from now on.
    pub fn set_endpoint(&mut self, endpoint: Endpoint) {
        self.endpoint = Some(endpoint);
    }

    /// Microseconds in so many cycles of the clock.
    pub fn micros(&self, cycles: u64) -> u64 {
        self.base.micros(cycles)
    }

    /// Knows from now on what calendar time is.
    pub fn set_utc(&mut self, utc: Utc) {
        self.base.utc = Some(utc);
    }

    fn hear(&mut self, byte: u8) {
        if byte == STOP && self.job.is_some() {
            (self.job, self.later) = (None, None);
            self.typed.clear();
            self.output.clear();
            let _cannot_fail = writeln!(self.output, "^C").and_then(|()| self.stop_answer());
            return;
        }
        // What is typed further ahead is lost, as it is on any terminal.
        let _fits = self.typed.push_back(byte);
    }

    /// Does the next thing. False if there is nothing to do.
    fn step(&mut self, machine: &mut impl Machine) -> Result<bool, fmt::Error> {
        let is_inside_line = self.job.as_ref().is_some_and(Job::is_inside_line);
        if !self.aside.is_empty() && !is_inside_line && self.asked.is_none() {
            self.make_place()?;
            self.aside.tell(&mut self.output)?;
        } else if self.job.is_some() {
            self.go_on(machine)?;
        } else if let Some(later) = self.later.take() {
            self.make_place()?;
            self.job = Some(later);
        } else if self.end_answer()? {
            // What waited for the answer goes next.
        } else if let Some(byte) = self.typed.pop_front() {
            self.show_prompt()?;
            let typed = self.shell.accept(byte, &mut self.output)?;
            self.act_on(typed, machine)?;
        } else if core::mem::take(&mut self.answered) {
            self.show_prompt()?;
        } else if !self.tell_of_events(machine.now())? && !self.tell_stream(machine)? {
            self.show_prompt()?;
            return Ok(false);
        }
        Ok(true)
    }

    fn act_on(&mut self, typed: Typed, machine: &mut impl Machine) -> fmt::Result {
        self.prompt &= typed == Typed::Nothing;
        match typed {
            Typed::Nothing => Ok(()),
            Typed::Line(line) => {
                self.answered = true;
                self.obey(&line, machine)
            }
            Typed::TooLong => {
                writeln!(self.output, "error: the line has more than {LINE} characters")
            }
        }
    }

    /// Begins to print the next event, or says how many were not printed, as far as the pace
    /// allows. False if there is nothing to tell.
    fn tell_of_events(&mut self, now: u64) -> Result<bool, fmt::Error> {
        if now >= self.untold_due && self.tell_untold()? {
            self.untold_due = now.saturating_add(self.base.hertz);
            return Ok(true);
        }
        if !self.pace.allows(now) {
            return Ok(false);
        }
        let Some(mut dump) = self.events.next_to_print() else { return Ok(false) };
        if self.stream.is_shared() {
            // Its iterations go by the stream on the same line, in a quarter of the bytes.
            dump = dump.brief();
        }
        self.pace.spend(now, self.events.messages(&dump));
        self.make_place()?;
        self.job = Some(Job::Event(dump));
        Ok(true)
    }

    /// Says how many events were not printed, if any.
    fn tell_untold(&mut self) -> Result<bool, fmt::Error> {
        let count = self.events.take_untold();
        if count > 0 {
            self.make_place()?;
            writeln!(self.output, "({count} events were not printed; show events lists them)")?;
        }
        Ok(count > 0)
    }

    fn show_prompt(&mut self) -> fmt::Result {
        if core::mem::replace(&mut self.prompt, true) {
            return Ok(());
        }
        self.shell.show(&mut self.output)
    }

    fn make_place(&mut self) -> fmt::Result {
        if core::mem::replace(&mut self.prompt, false) {
            return self.shell.hide(&mut self.output);
        }
        Ok(())
    }

    fn end(&mut self, ending: Ending, now: u64) -> fmt::Result {
        self.ending = Some((ending, now.saturating_add(self.base.hertz)));
        Ok(())
    }

    /// Ends what is being written, which goes on no more, and tells what waited for that.
    fn tell_the_last(&mut self) -> fmt::Result {
        if self.job.take().is_some_and(|job| job.is_inside_line()) {
            writeln!(self.output)?;
        }
        self.end_answer()?;
        self.make_place()?;
        self.aside.tell(&mut self.output)
    }

    fn end_if_told(&mut self, machine: &mut impl Machine) {
        if self.ending.is_some() {
            let _cannot_fail = self.tell_the_last();
        }
        let due = |limit| self.output.is_empty() || machine.now() > limit;
        let Some((ending, _)) = self.ending.take_if(|(_, limit)| due(*limit)) else { return };
        let _cannot_fail = match ending {
            Ending::Crash(crash, 0) => {
                crash();
                Ok(())
            }
            Ending::Crash(crash, core) => self.order(core, Order::Call(crash)),
            Ending::Reboot => {
                machine.reboot();
                writeln!(self.output, "error: the machine does not start again")
            }
            Ending::Exit => {
                machine.exit();
                writeln!(self.output, "error: there is no emulator to leave")
            }
        };
    }
}

#[cfg(test)]
mod tests;
