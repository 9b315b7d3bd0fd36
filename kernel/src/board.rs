//! The machine as the console sees it.

use dataplane::{Ledger, PORTS};
use heapless::Vec;
use kernel::command::Crash;
use kernel::isolation::Facts;
use kernel::logs::{Levels, Log};
use kernel::machine::{
    self, Checksum, Counter, Elapsed, Health, Identity, Link, LinkReport, Loopback, Machine,
    Mended, Polled, Register,
};
use kernel::management::Tally;
use perf::Timebase;
use perf::gaps::Wish;

use crate::arch::second_clock::{self, SecondClock};
use crate::arch::{cores, crash, performance, power, processor, provoke, stolen, tsc};
use crate::pmds::Queued;
use crate::ports::Port;
use crate::{hw_watchdog, hwlat, log};

/// The ports, and who polls them.
pub(crate) struct Board {
    ports: Vec<Port, PORTS>,
    /// For each PMD its core and its ledger.
    pmds: Vec<(usize, &'static Ledger), PORTS>,
    /// Receive queues, which know who polls them.
    queues: Queued,
    /// The port that the control core has for itself, and what became of its frames.
    managed: Option<(usize, Tally)>,
    /// Started to check the time-stamp counter by.
    second_clock: Option<SecondClock>,
}

impl Board {
    pub(crate) fn new(
        ports: Vec<Port, PORTS>,
        pmds: Vec<(usize, &'static Ledger), PORTS>,
        queues: Queued,
    ) -> Self {
        Self { ports, pmds, queues, managed: None, second_clock: None }
    }

    /// How many PMDs poll ports.
    pub(crate) fn pmds(&self) -> usize {
        self.pmds.len()
    }

    /// Knows from now on what became of the frames of port `number`, which the control core has for
    /// itself.
    pub(crate) fn set_managed(&mut self, number: usize, tally: Tally) {
        self.managed = Some((number, tally));
    }

    /// What became of the frames of port `number`, if that is the one.
    fn tally(&self, number: usize) -> Option<Tally> {
        self.managed.filter(|(own, _)| *own == number).map(|(_, tally)| tally)
    }

    /// Whether a card is to be looked after at once.
    pub(crate) fn is_urgent(&self) -> bool {
        self.ports.iter().any(Port::is_urgent)
    }

    /// The cores that poll port `number`, as bits.
    fn cores(&self, number: usize) -> u64 {
        let own = self.queues.iter().filter(|known| usize::from(known.name.0) == number);
        let house = u64::from(self.tally(number).is_some());
        own.fold(house, |cores, known| cores | 1 << (known.load.core() % cores::MAX))
    }
}

impl Machine for Board {
    fn now(&self) -> u64 {
        tsc::now()
    }

    fn port(&self, number: usize) -> Option<machine::Port> {
        let port = self.ports.get(number)?;
        let management = self.tally(number);
        let pending: u64 = self.pmds.iter().map(|(_, ledger)| ledger.pending(number)).sum();
        let pending = management.map_or(pending as u32, |tally| tally.pending);
        Some(machine::Port {
            name: port.name,
            place: port.place,
            driver: port.driver(),
            mac: port.mac(),
            link: port.link(),
            polled: self.polled(number)?,
            queues: port.queues,
            rings: port.rings,
            mtu: port.mtu,
            ring_pending: pending,
            missed: port.missed(),
            management,
        })
    }

    fn named(&self, name: &str) -> Option<usize> {
        let is_it = |port: &Port| port.name.is_some_and(|own| own.as_str() == name);
        self.ports.iter().position(is_it)
    }

    fn polled(&self, number: usize) -> Option<Polled> {
        let ring = self.ports.get(number)?.ring;
        Some(Polled { cores: self.cores(number), ring })
    }

    fn link(&self, number: usize) -> Option<Link> {
        Some(self.ports.get(number)?.link())
    }

    fn tend(&self, number: usize) {
        if let Some(port) = self.ports.get(number) {
            port.tend();
        }
    }

    fn link_report(&self, number: usize) -> Option<LinkReport> {
        Some(self.ports.get(number)?.link_report())
    }

    fn mend(&mut self, number: usize) -> Option<Mended> {
        self.ports.get_mut(number)?.mend()
    }

    fn health(&self, number: usize) -> Option<Health> {
        let unsent: u64 = self.pmds.iter().map(|(_, ledger)| ledger.unsent(number)).sum();
        let own = self.tally(number).map_or(0, |tally| tally.returned);
        Some(self.ports.get(number)?.health(unsent + own))
    }

    fn missed(&self, number: usize) -> Option<u64> {
        self.ports.get(number)?.missed()
    }

    fn register(&self, number: usize, index: usize) -> Option<Register> {
        self.ports.get(number)?.register(index)
    }

    fn counter(&self, number: usize, index: usize) -> Option<Counter> {
        self.ports.get(number)?.counter(index)
    }

    fn identity(&self, number: usize) -> Option<Identity> {
        Some(self.ports.get(number)?.identity())
    }

    fn checksum(&self, number: usize) -> Option<Checksum> {
        self.ports.get(number)?.checksum()
    }

    fn loopback(&self, number: usize) -> Loopback {
        self.ports.get(number).map_or(Loopback::NotRun, |port| port.loopback)
    }

    fn core(&self, number: usize) -> Option<Facts> {
        let (_, core) = cores::running().nth(number)?;
        if number == cores::core_id() {
            stolen::look();
        }
        let machine_checks = core.machine_checks();
        Some(Facts {
            interrupts: core.interrupts(),
            nmis: core.interruptions().saturating_sub(machine_checks),
            machine_checks,
            smis: stolen::smis_of(number),
            power: performance::of(number),
            test: hwlat::outcome(number),
        })
    }

    fn is_virtual(&self) -> bool {
        processor::is_virtual()
    }

    fn start_latency_test(&mut self, wish: Wish) -> fn() {
        hwlat::start(wish, Timebase::new(tsc::frequency(), 0));
        hwlat::serve
    }

    fn is_latency_test_over(&mut self) -> bool {
        hwlat::is_over()
    }

    fn end_latency_test(&mut self) {
        hwlat::end();
    }

    fn where_is(&self, core: usize) -> Option<u64> {
        cores::where_is(core)
    }

    fn start_second_clock(&mut self) -> Option<&'static str> {
        self.second_clock = SecondClock::start();
        let source = self.second_clock.as_ref()?.source();
        (source != tsc::source()).then(|| source.name())
    }

    fn second_clock(&self) -> Option<Elapsed> {
        let second_clock::Elapsed { tsc, expected, error } =
            self.second_clock.as_ref()?.elapsed()?;
        Some(Elapsed { tsc, expected, error })
    }

    fn next_log(&self) -> Option<Log> {
        log::next()
    }

    fn lost_logs(&self) -> u64 {
        log::lost()
    }

    fn log_levels(&self) -> &Levels {
        &log::LEVELS
    }

    fn crash(&self, kind: Crash) -> fn() {
        match kind {
            Crash::PageFault => provoke::page_fault,
            Crash::StackOverflow => provoke::stack_overflow,
            Crash::Panic => || panic!("as the command crash asked"),
            Crash::NullRead => provoke::null_read,
            Crash::TextWrite => provoke::text_write,
            Crash::DivideError => provoke::divide_error,
            Crash::InvalidOpcode => provoke::invalid_opcode,
            Crash::GeneralProtection => provoke::general_protection,
            Crash::Nmi => provoke::nmi,
            Crash::Hang => provoke::hang,
            Crash::Twice => provoke::twice,
        }
    }

    fn reboot(&mut self) {
        crash::finish();
        power::reboot();
    }

    fn exit(&mut self) {
        crash::finish();
        hw_watchdog::stop();
        power::exit(power::DONE);
    }
}
