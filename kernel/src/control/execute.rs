//! Carrying out commands.

use core::fmt::{self, Display, Formatter, Write};

use dataplane::Order;
use perf::Settings;

use super::job::Job;
use super::{Control, Ending, Orders, Pmd};
use crate::command::{self, Command, Help, LogSet, PerfShow, Stall};
use crate::events::{Accounts, List};
use crate::machine::Machine;
use crate::show::{self, PerfShowJob};

impl<O: Orders> Control<'_, O> {
    /// Does what `line` asks for, or says what is wrong with it.
    pub(super) fn execute(&mut self, line: &str, machine: &mut impl Machine) -> fmt::Result {
        match command::parse(line) {
            Err(fault) => writeln!(self.output, "{fault}"),
            Ok(None) => Ok(()),
            Ok(Some(command)) => self.carry_out(command, machine),
        }
    }

    fn carry_out(&mut self, command: Command, machine: &mut impl Machine) -> fmt::Result {
        let ledgers = self.pmds.iter().map(|pmd| pmd.handle.ledger);
        let out = &mut self.output;
        match command {
            Command::PerfShow(wish) => self.perf_show(wish),
            Command::StatsClear { core } => self.clear(core, machine.now()),
            Command::LogSet(changes) => self.log_set(&changes),
            Command::ShowPorts => show::ports(machine, ledgers, out),
            Command::ShowDrops => show::drops(count_ports(machine), ledgers, out),
            Command::ShowLedger => show::ledger(count_ports(machine), ledgers, out),
            Command::ShowEvents => {
                self.job = Some(Job::Events(List::new(self.accounts())));
                Ok(())
            }
            Command::ShowEvent(number) => self.show_event(number),
            Command::Stall(stall) => self.stall(&stall),
            Command::Crash { kind, core } => self.crash(machine.crash(kind), core, machine.now()),
            Command::Reboot => self.end(Ending::Reboot, machine.now()),
            Command::Exit => self.end(Ending::Exit, machine.now()),
            Command::Help(topic) => write!(out, "{}", Help(topic)),
        }
    }

    fn perf_show(&mut self, wish: PerfShow) -> fmt::Result {
        if let Some(core) = wish.core.filter(|&core| self.pmd(core).is_none()) {
            return self.no_pmd(core);
        }
        self.job = Some(Job::PerfShow(PerfShowJob::new(wish, self.settings.metrics)));
        Ok(())
    }

    fn clear(&mut self, core: Option<usize>, now: u64) -> fmt::Result {
        if let Some(core) = core.filter(|&core| self.pmd(core).is_none()) {
            return self.no_pmd(core);
        }
        let wanted = self.pmds.iter_mut().filter(|pmd| core.is_none_or(|core| core == pmd.core()));
        wanted.for_each(|pmd| pmd.clear(now));
        Ok(())
    }

    fn log_set(&mut self, changes: &LogSet) -> fmt::Result {
        self.settings = changes.applied_to(self.settings);
        self.pmds.iter_mut().for_each(|pmd| pmd.owed = true);
        writeln!(self.output, "pmd-perf-log-set: {}", Told(&self.settings))
    }

    fn show_event(&mut self, number: u64) -> fmt::Result {
        match self.events.find(number) {
            Some(dump) => {
                self.job = Some(Job::Event(dump));
                Ok(())
            }
            None => writeln!(self.output, "error: no event {number} (show events lists all)"),
        }
    }

    fn stall(&mut self, stall: &Stall) -> fmt::Result {
        let Stall { core, micros, times } = *stall;
        let order = Order::Stall { cycles: self.clock.cycles(micros), times };
        self.order(core, order)
    }

    fn crash(&mut self, crash: fn(), core: usize, now: u64) -> fmt::Result {
        if core != 0 && self.pmd(core).is_none() {
            return self.no_pmd(core);
        }
        self.end(Ending::Crash(crash, core), now)
    }

    /// Sends `order` to the PMD on `core`, or says why that cannot be.
    pub(super) fn order(&mut self, core: usize, order: Order) -> fmt::Result {
        let Some(pmd) = self.pmd(core) else { return self.no_pmd(core) };
        match pmd.handle.orders.send(order) {
            Ok(()) => Ok(()),
            Err(_) => writeln!(self.output, "error: too many orders wait for core {core}"),
        }
    }

    fn pmd(&mut self, core: usize) -> Option<&mut Pmd<O>> {
        self.pmds.iter_mut().find(|pmd| pmd.core() == core)
    }

    fn no_pmd(&mut self, core: usize) -> fmt::Result {
        write!(self.output, "error: no PMD on core {core} (there is one on each of:")?;
        for pmd in self.pmds.iter() {
            write!(self.output, " {}", pmd.core())?;
        }
        writeln!(self.output, ")")
    }

    /// What became of all suspicious iterations.
    pub fn accounts(&self) -> Accounts {
        let each = self.pmds.iter().map(|pmd| Accounts::of(pmd.metrics(), pmd.open.as_ref()));
        each.fold(Accounts::default(), |sum, accounts| sum.and(&accounts))
    }
}

/// Settings in a line.
struct Told<'a>(&'a Settings);

impl Display for Told<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let on = |switch| if switch { "on" } else { "off" };
        let Settings { metrics, log, micros, fill, before, after, extend } = *self.0;
        write!(out, "{}, {micros} us, queue {fill}, before {before}, after {after}, ", on(log))?;
        write!(out, "extend {}", on(extend))?;
        out.write_str(if metrics { "" } else { " (without effect: pmd-perf-metrics is off)" })
    }
}

/// Ports are numbered without gaps, so the first number without one is how many there are.
fn count_ports(machine: &impl Machine) -> usize {
    (0..dataplane::PORTS).take_while(|&number| machine.port(number).is_some()).count()
}
