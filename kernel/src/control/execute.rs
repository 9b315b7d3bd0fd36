//! Carrying out commands.

use core::fmt::{self, Write};

use dataplane::Order;
use perf::events::{Accounts, Filter, List, NOTE, Note};
use perf::json;

use super::coverage::CoverageJob;
use super::job::Job;
use super::self_test::SelfTest;
use super::{Control, Ending, Orders, Pmd};
use crate::command::{
    self, Changes, Command, Format, Help, PerfShow, PortPart, ShowEvents, ShowRxqs, Stall,
};
use crate::machine::Machine;
use crate::show::{
    self, Inside, IsolationJob, NicTestJob, PerfShowJob, PortJob, RxqsJob, SettingsJob, Told,
};

impl<O: Orders> Control<'_, O> {
    /// Does what `line` asks for, or says what is wrong with it.
    pub(super) fn execute(&mut self, line: &str, machine: &mut impl Machine) -> fmt::Result {
        match command::parse(line, &|name| machine.named(name)) {
            Err(fault) => writeln!(self.output, "{fault}"),
            Ok(None) => Ok(()),
            Ok(Some(command)) => self.carry_out(command, machine),
        }
    }

    fn carry_out(&mut self, command: Command<'_>, machine: &mut impl Machine) -> fmt::Result {
        let ledgers = self.pmds.iter().map(|pmd| pmd.handle.ledger);
        let out = &mut self.output;
        match command {
            Command::PerfShow(wish) => self.perf_show(wish),
            Command::StatsClear { core } => self.clear(core, machine.now()),
            Command::Settings { changes, core } => self.change(&changes, core),
            Command::LogShow { core, format } => self.log_show(core, format),
            Command::ShowConfig(part) => self.show_config(part),
            Command::ShowPorts(Format::Text) => show::ports(machine, ledgers, out),
            Command::ShowPorts(Format::Json) => show::json::ports(machine, ledgers, out),
            Command::ShowPort { port, part, format } => {
                self.show_port(machine, (port, part, format))
            }
            Command::ShowDrops(Format::Text) => show::drops(count_ports(machine), ledgers, out),
            Command::ShowDrops(Format::Json) => {
                show::json::drops(count_ports(machine), ledgers, out)
            }
            Command::ShowLedger(Format::Text) => show::ledger(count_ports(machine), ledgers, out),
            Command::ShowLedger(Format::Json) => {
                show::json::ledger(count_ports(machine), ledgers, out)
            }
            Command::ShowEvents(wish) => self.show_events(&wish, machine.now()),
            Command::AddFlow(text) => self.add_flow(text, machine.now()),
            Command::ReplaceFlows(text) => self.replace_flows(text, machine.now()),
            Command::DelFlows(text) => self.del_flows(text, machine.now()),
            Command::DumpFlows(text) => self.dump_flows(text),
            Command::AddMeter(text) => self.add_meter(text),
            Command::DelMeters(text) => self.del_meters(text),
            Command::DumpMeters(text) => self.dump_meters(text),
            Command::DumpMegaflows { core } => self.dump_megaflows(core),
            Command::Trace(text) => self.trace(text),
            Command::Capture(wanted) => self.capture(wanted),
            Command::ShowCapture => self.show_capture(),
            Command::StopCapture => self.stop_capture(),
            Command::ShowRxqs(wish) => self.show_rxqs(wish),
            Command::Rebalance => self.rebalance(),
            Command::ShowSleep => show::sleep(&self.policy.sleep, self.pmds, out),
            Command::ShowCoverage => self.show_coverage(machine.now()),
            Command::ShowBonds => show::bonds(self.tables.world().network, out),
            Command::ShowTunnels => show::tunnels(self.tables.world().network, out),
            Command::ShowNeighbors => show::neighbors(self.tables.world().network, out),
            Command::PutBegin { len, crc } => self.put_begin(len, crc),
            Command::PutPiece { offset, base64 } => self.put_piece(offset, base64),
            Command::PutApply => self.put_apply(machine.now()),
            Command::SendEvents(numbers) => self.send_events(numbers),
            Command::SetLogs(text) => self.set_logs(machine.log_levels(), text),
            Command::ListLogs => write!(out, "{}", machine.log_levels().chosen()),
            Command::Mark(text) => self.note(text, machine.now()),
            Command::SelfTest => self.self_test(),
            Command::NicTest(port) => self.nictest(machine, port),
            Command::Hwlat(wanted) => self.hwlat(wanted, machine),
            Command::ShowIsolation(format) => {
                self.job = Some(Job::Isolation(IsolationJob::new(format)));
                Ok(())
            }
            Command::ShowEvent { number, format } => self.show_event(number, format),
            Command::Stall(stall) => self.stall(&stall),
            Command::Crash { kind, core } => self.crash(machine.crash(kind), core, machine.now()),
            Command::Reboot => self.end(Ending::Reboot, machine.now()),
            Command::Exit => self.end(Ending::Exit, machine.now()),
            Command::Help(topic) => write!(out, "{}", Help(topic)),
        }
    }

    fn show_port(
        &mut self,
        machine: &impl Machine,
        (port, part, format): (usize, PortPart, Format),
    ) -> fmt::Result {
        if machine.polled(port).is_none() {
            return self.no_port(port);
        }
        let ledgers = self.pmds.iter().map(|pmd| pmd.handle.ledger);
        let (resets, out) = (self.links.resets(port), &mut self.output);
        let inside = match part {
            PortPart::Registers => Inside::Registers,
            PortPart::Counters => Inside::Counters,
            PortPart::Itself | PortPart::Queues => {
                let rxqs = (part == PortPart::Queues).then_some(&self.rxqs);
                return match format {
                    Format::Text => show::port(machine, ledgers, (port, resets, rxqs), out),
                    Format::Json => show::json::port(machine, ledgers, (port, resets, rxqs), out),
                };
            }
        };
        self.job = Some(Job::Port(PortJob::new(port, inside, format)));
        Ok(())
    }

    fn perf_show(&mut self, wish: PerfShow) -> fmt::Result {
        if self.is_wrong(wish.core) {
            return self.no_pmd(wish.core);
        }
        self.job = Some(Job::PerfShow(PerfShowJob::new(wish)));
        Ok(())
    }

    fn clear(&mut self, core: Option<usize>, now: u64) -> fmt::Result {
        if self.is_wrong(core) {
            return self.no_pmd(core);
        }
        self.chosen(core).for_each(|pmd| pmd.clear(now));
        Ok(())
    }

    fn change(&mut self, changes: &Changes, core: Option<usize>) -> fmt::Result {
        if self.is_wrong(core) {
            return self.no_pmd(core);
        }
        if core.is_none() {
            changes.apply_to(&mut self.policy.settings);
        }
        self.chosen(core).for_each(|pmd| pmd.change(changes));
        self.tell_settings(core)
    }

    /// Tells what is set, in one line where it is the same everywhere.
    fn tell_settings(&mut self, core: Option<usize>) -> fmt::Result {
        let out = &mut self.output;
        let mut pmds = self.pmds.iter().filter(|pmd| core.is_none_or(|core| core == pmd.core()));
        let first = pmds.clone().next().map_or(self.policy.settings, |pmd| pmd.settings);
        if pmds.clone().all(|pmd| pmd.settings == first) && core.is_none() {
            return writeln!(out, "pmd-perf-log-set: {}", Told(&first));
        }
        pmds.try_for_each(|pmd| {
            writeln!(out, "pmd-perf-log-set: core {}: {}", pmd.core(), Told(&pmd.settings))
        })
    }

    fn log_show(&mut self, core: Option<usize>, format: Format) -> fmt::Result {
        if self.is_wrong(core) {
            return self.no_pmd(core);
        }
        self.job = Some(Job::Settings(SettingsJob::new(core, format)));
        Ok(())
    }

    fn show_coverage(&mut self, now: u64) -> fmt::Result {
        let Some(totals) = self.totals(now) else { return show::unreadable(&mut self.output) };
        self.job = Some(Job::Coverage(CoverageJob::new(totals)));
        Ok(())
    }

    fn show_rxqs(&mut self, wish: ShowRxqs) -> fmt::Result {
        if self.is_wrong(wish.core) {
            return self.no_pmd(wish.core);
        }
        self.job = Some(Job::Rxqs(RxqsJob::new(wish)));
        Ok(())
    }

    fn show_events(&mut self, wish: &ShowEvents, now: u64) -> fmt::Result {
        if self.is_wrong(wish.core) {
            return self.no_pmd(wish.core);
        }
        let ago = |seconds| now.saturating_sub(self.base.cycles(u64::from(seconds) * 1_000_000));
        let ShowEvents { core, reasons, seconds, format } = *wish;
        let filter = Filter { core, reasons, since: seconds.map_or(0, ago) };
        let accounts = self.accounts();
        self.job = Some(match format {
            Format::Text => Job::Events(List::new(accounts, filter)),
            Format::Json => Job::EventsDocument(json::ShowEvents::new(accounts, filter)),
        });
        Ok(())
    }

    fn note(&mut self, text: &str, now: u64) -> fmt::Result {
        let Ok(note) = Note::try_from(text) else {
            return writeln!(self.output, "error: TEXT has more than {NOTE} bytes");
        };
        let event = self.events.note(note, now);
        writeln!(self.output, "mark: event={event}")
    }

    fn nictest(&mut self, machine: &impl Machine, port: usize) -> fmt::Result {
        if machine.polled(port).is_none() {
            return self.no_port(port);
        }
        self.job = Some(Job::NicTest(NicTestJob::new(port..port + 1)));
        Ok(())
    }

    fn no_port(&mut self, port: usize) -> fmt::Result {
        writeln!(self.output, "error: there is no port {port} (show ports lists all)")
    }

    /// Tells all of each card, as if somebody had asked.
    pub fn test_cards(&mut self, machine: &impl Machine) {
        self.job = Some(Job::NicTest(NicTestJob::new(0..count_ports(machine))));
    }

    fn self_test(&mut self) -> fmt::Result {
        if self.pmds.iter().any(|pmd| !pmd.settings.metrics) {
            return writeln!(
                self.output,
                "error: nothing can be read back: pmd-perf-metrics is off"
            );
        }
        self.job = Some(Job::SelfTest(SelfTest::new()));
        Ok(())
    }

    fn show_event(&mut self, number: u64, format: Format) -> fmt::Result {
        let Some(dump) = self.events.find(number) else {
            return writeln!(self.output, "error: no event {number} (show events lists all)");
        };
        self.job = Some(match format {
            Format::Text => Job::Event(dump),
            Format::Json => {
                let core = dump.event(&self.events).map(|event| event.core());
                let pmd = self.pmds.iter().find(|pmd| Some(pmd.core()) == core);
                let node = pmd.map_or(0, Pmd::node);
                Job::EventDocument(json::ShowEvent::new(dump).on(node))
            }
        });
        Ok(())
    }

    fn stall(&mut self, stall: &Stall) -> fmt::Result {
        let Stall { core, micros, times } = *stall;
        let order = Order::Stall { cycles: self.base.cycles(micros.into()), times };
        self.order(core, order)
    }

    fn crash(&mut self, crash: fn(), core: usize, now: u64) -> fmt::Result {
        if core != 0 && self.pmd(core).is_none() {
            return self.no_pmd(Some(core));
        }
        self.end(Ending::Crash(crash, core), now)
    }

    /// Sends `order` to the PMD on `core`, or says why that cannot be.
    pub(super) fn order(&mut self, core: usize, order: Order) -> fmt::Result {
        let Some(pmd) = self.pmd(core) else { return self.no_pmd(Some(core)) };
        match pmd.handle.orders.send(order) {
            Ok(()) => Ok(()),
            Err(_) => writeln!(self.output, "error: too many orders wait for core {core}"),
        }
    }

    fn pmd(&mut self, core: usize) -> Option<&mut Pmd<O>> {
        self.pmds.iter_mut().find(|pmd| pmd.core() == core)
    }

    /// The PMD on `core`, or all.
    fn chosen(&mut self, core: Option<usize>) -> impl Iterator<Item = &mut Pmd<O>> {
        self.pmds.iter_mut().filter(move |pmd| core.is_none_or(|core| core == pmd.core()))
    }

    /// Whether `core` is one without a PMD.
    pub(super) fn is_wrong(&mut self, core: Option<usize>) -> bool {
        core.is_some_and(|core| self.pmd(core).is_none())
    }

    pub(super) fn no_pmd(&mut self, core: Option<usize>) -> fmt::Result {
        let core = core.unwrap_or(0);
        write!(self.output, "error: no PMD on core {core} (there is one on each of:")?;
        for pmd in self.pmds.iter() {
            write!(self.output, " {}", pmd.core())?;
        }
        writeln!(self.output, ")")
    }

    /// What became of all suspicious iterations.
    pub fn accounts(&self) -> Accounts {
        let each = self.pmds.iter().map(Pmd::accounts);
        each.fold(Accounts::default(), |sum, accounts| sum.and(&accounts))
    }
}

/// Ports are numbered without gaps, so the first number without one is how many there are.
fn count_ports(machine: &impl Machine) -> usize {
    (0..dataplane::PORTS).take_while(|&number| machine.polled(number).is_some()).count()
}
