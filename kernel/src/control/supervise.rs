//! What the control core does for PMDs whether anybody asks or not.

use core::fmt::{self, Write};

use dataplane::{Order, PORTS};
use perf::Timebase;
use perf::events::{Events, Loss};
use perf::report::{Moment, ROW_TITLES, Row};
use perf::settings::Duration;
use perf::watchdog::{ROWS, Stuck};

use super::coverage::{self, Totals};
use super::pace::Rate;
use super::{Control, Ending, Orders, Pmd, auto, losses};
use crate::machine::Machine;
use crate::options::Watchdog;

/// Reports of iterations that do not end: more would leave no console to look into it.
pub(super) const ALARMS: Rate = Rate { at_once: 8, per_minute: 12 };

/// Seconds between two readings of all that cards count: those of 10G cards stop after 288 at the full
/// rate of the smallest frames.
const COUNTERS: u64 = 60;

impl<O: Orders> Control<'_, O> {
    pub(super) fn supervise(&mut self, machine: &impl Machine) {
        let (now, hertz) = (machine.now(), self.base.hertz);
        for pmd in self.pmds.iter_mut() {
            if pmd.owed {
                let limits = pmd.limits(hertz);
                pmd.owed = pmd.handle.orders.send(Order::Limits(limits)).is_err();
            }
            self.events.collect(&pmd.source(), &mut pmd.open);
            pmd.windows.tick(pmd.handle.metrics, now, hertz);
        }
        self.walk.step(self.pmds, &mut self.tables, now);
        self.balance(now);
        self.step_captures();
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.tick(&mut self.tables.neighbors, self.base.micros(now), now);
            self.tables.publish_neighbors();
        }
        self.sample_losses(machine);
        self.fall_back();
        self.watch(machine, now);
        if self.coverage.is_due(now, hertz)
            && let Some(totals) = self.totals(now)
        {
            self.coverage.keep(&totals);
        }
        if now >= self.counters_due {
            self.counters_due = now.saturating_add(COUNTERS * hertz);
            read_counters(machine);
        }
        if now >= self.rates_due {
            self.rates_due = now.saturating_add(hertz);
            self.set_auto_limits(machine);
        }
    }

    /// How often each event happened; none while a ledger cannot be read.
    pub(super) fn totals(&self, now: u64) -> Option<Totals> {
        let mut seen = self.tables.seen;
        seen.removed = self.walk.removed;
        coverage::totals(self.pmds, &seen, now)
    }

    /// Counts frames that NICs lost, and makes an event of them.
    fn sample_losses(&mut self, machine: &impl Machine) {
        let Self { losses, pmds, events, base, .. } = self;
        losses.sample(machine, base, |port, loss| {
            let core = machine.polled(port).map(|polled| polled.core());
            let Some(pmd) = pmds.iter_mut().find(|pmd| Some(pmd.core()) == core) else { return };
            pmd.losses.add(base.millisecond(loss.between[1]), loss.frames);
            if loss.frames == 0 || !pmd.limits(base.hertz).watches_losses {
                return;
            }
            if let Some(loss) = pmd.waiting.add(loss) {
                keep_loss(pmd, loss, events, base);
            }
        });
        let now = machine.now();
        for pmd in pmds.iter_mut() {
            while let Some(loss) = pmd.waiting.take(pmd.metrics(), now, base) {
                keep_loss(pmd, loss, events, base);
            }
        }
    }

    /// After a huge listing all windows become narrow, as they do in Open vSwitch.
    fn fall_back(&mut self) {
        let Some((event, rows)) = self.events.take_huge() else { return };
        for pmd in self.pmds.iter_mut() {
            (pmd.settings.before, pmd.settings.after, pmd.settings.extend) = (5, 5, false);
            pmd.owed = true;
        }
        self.notice(format_args!(
            "event {event} has {rows} rows: before 5, after 5, extend off on all PMDs from now on"
        ));
    }

    /// Tells of iterations that do not end.
    fn watch(&mut self, machine: &impl Machine, now: u64) {
        if self.policy.watchdog == Watchdog::Off {
            return;
        }
        for number in 0..self.pmds.len() {
            let pmd = &mut self.pmds[number];
            let (metrics, core) = (pmd.handle.metrics, pmd.handle.core);
            let Some(stuck) = pmd.watchdog.look(metrics, now, &self.base) else { continue };
            // Those that are not told are counted, and the next one tells how many there were.
            if self.alarms.allows(now) {
                self.alarms.spend(now, 1);
                let place = machine.where_is(core);
                let (pmd, base) = (&self.pmds[number], &self.base);
                self.aside.keep(|out| tell_stuck(pmd, &stuck, (base, now), place, out));
            }
            if self.policy.watchdog == Watchdog::Reset {
                let _cannot_fail = self.end(Ending::Reboot, now);
            }
        }
    }

    /// Has automatic limits follow the rate at which frames came in the last second.
    fn set_auto_limits(&mut self, machine: &impl Machine) {
        let micros = self.base.micros(self.rates.at.map_or(0, |at| machine.now() - at));
        let received: [u64; PORTS] = self.received();
        let before = core::mem::replace(&mut self.rates.received, received);
        if self.rates.at.replace(machine.now()).is_none() {
            return;
        }
        for pmd in self.pmds.iter_mut() {
            let ports = (0..PORTS).map_while(|number| Some((number, machine.polled(number)?)));
            let own = ports.filter(|(_, port)| port.is_polled_by(pmd.handle.core));
            let until = own.map(|(number, port)| {
                let frames = received[number].saturating_sub(before[number]);
                auto::until_overflow(port.ring, frames, micros)
            });
            let limit = until.min().unwrap_or(auto::MOST);
            if auto::differs(limit, pmd.auto) {
                pmd.auto = limit;
                pmd.owed |= pmd.settings.duration == Duration::Auto;
            }
        }
    }

    /// Frames that each port has received; 0 for all while a ledger cannot be read.
    pub(super) fn received(&self) -> [u64; PORTS] {
        let readings = self.pmds.iter().filter_map(|pmd| pmd.handle.ledger.read());
        readings.fold([0; PORTS], |mut sum, reading| {
            sum.iter_mut().zip(reading.accounts).for_each(|(sum, port)| *sum += port.received);
            sum
        })
    }
}

/// Has all cards add up what they count.
fn read_counters(machine: &impl Machine) {
    let ports = (0..PORTS).take_while(|port| machine.polled(*port).is_some());
    let all = |port| (0..).map_while(move |index| machine.counter(port, index));
    ports.flat_map(all).for_each(drop);
}

/// Makes an event of `loss`.
fn keep_loss<O>(pmd: &mut Pmd<O>, loss: Loss, events: &mut Events<'_>, base: &Timebase) {
    let mark = losses::mark(pmd.metrics(), &pmd.settings, &loss, base);
    events.keep_sampled(&pmd.source(), &mark, loss);
    pmd.sampled += 1;
}

/// Tells where an iteration of `pmd` stands that does not end, and what came before it.
fn tell_stuck<O>(
    pmd: &Pmd<O>,
    stuck: &Stuck,
    (base, now): (&Timebase, u64),
    place: Option<u64>,
    out: &mut impl Write,
) -> fmt::Result {
    let (core, count) = (pmd.core(), pmd.stuck());
    let Stuck { iteration, cycles, room } = *stuck;
    let micros = base.micros(cycles);
    write!(out, "Watchdog: core={core} iter={iteration} has not ended for {micros} us, ")?;
    write!(out, "last room {}, ", room.map_or("n/a", |room| room.name()))?;
    match place {
        Some(place) => write!(out, "rip={place:#018x} ")?,
        None => out.write_str("rip=n/a ")?,
    }
    writeln!(out, "count={count} {}", Moment { count: now, base })?;
    writeln!(out, "Iterations before it:\n{ROW_TITLES}")?;
    let numbers = (iteration.saturating_sub(ROWS).max(1)..iteration).rev();
    numbers
        .filter_map(|number| pmd.metrics().history().iteration(number))
        .try_for_each(|row| writeln!(out, "{}", Row(&row)))
}
