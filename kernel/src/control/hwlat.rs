//! `hwlat`: all cores but this one look at nothing but their clocks for a while. What is taken from them
//! shows as gaps. PMDs step out of their loops for that, and nothing that comes of it is suspicious.

use core::fmt::{self, Write};

use perf::Timebase;
use perf::gaps::Wish;

use super::job::Job;
use super::{Control, Orders, Pmd};
use crate::command::Hwlat;
use crate::isolation::{PATIENCE, Verdict};
use crate::machine::Machine;
use crate::show::{IsolationKnown, Machines, Role, Tested, Worst, gaps};

/// How long nothing is suspicious afterwards: what waited in rings is to be worked off, in microseconds.
const SETTLING: u64 = 100_000;

/// Whether PMDs are at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Away {
    /// They are.
    No,
    /// They are being tested, which is given up then.
    Testing(u64),
    /// They came back, and what they do is judged again from then on.
    Settling(u64),
}

/// The command while it is carried out.
pub(super) struct HwlatJob {
    stage: Stage,
    /// What PMDs call.
    test: fn(),
    /// When no core is waited for any more.
    limit: u64,
    worst: Worst,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The PMD in this place is to be asked.
    Ask(usize),
    Wait,
    /// This core is to be told of.
    Tell(usize),
    End,
}

impl HwlatJob {
    /// Does what can be done now. False if there was nothing left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub(super) fn step<O: Orders>(
        &mut self,
        pmds: &mut [Pmd<O>],
        base: &Timebase,
        machine: &mut impl Machine,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let is_late = machine.now() > self.limit;
        self.stage = match self.stage {
            Stage::Ask(place) => match pmds.get_mut(place) {
                Some(pmd) if !is_late => {
                    let is_asked = pmd.step_out(self.test, base.hertz);
                    Stage::Ask(place + usize::from(is_asked))
                }
                _ => Stage::Wait,
            },
            Stage::Wait if !is_late && !machine.is_latency_test_over() => self.stage,
            Stage::Wait => Stage::Tell(1),
            Stage::Tell(core) => match machine.core(core) {
                Some(facts) => {
                    let is_virtual = machine.is_virtual();
                    let verdict = Verdict { facts: &facts, base, is_virtual, gap: None };
                    self.worst.judge(core, verdict.grade());
                    tell(core, &verdict, out)?;
                    Stage::Tell(core + 1)
                }
                None => {
                    writeln!(out, "{}", Machines(self.worst, machine.is_virtual()))?;
                    Stage::End
                }
            },
            Stage::End => return Ok(false),
        };
        Ok(true)
    }
}

fn tell(core: usize, verdict: &Verdict<'_>, out: &mut impl Write) -> fmt::Result {
    let Some(test) = &verdict.facts.test else {
        return writeln!(out, "core {core}: error: it did not answer");
    };
    writeln!(out, "core {core}: {}", Tested(test, verdict.base))?;
    gaps(test, verdict.base, out)?;
    writeln!(out, "  {verdict}")
}

impl<O: Orders> Control<'_, O> {
    pub(super) fn hwlat(&mut self, wanted: Hwlat, machine: &mut impl Machine) -> fmt::Result {
        let Hwlat { seconds, least, anyway } = wanted;
        if machine.core(1).is_none() {
            return writeln!(
                self.output,
                "error: there is no core but this one, which keeps house"
            );
        }
        if !anyway && self.received() != self.rates.received {
            return writeln!(
                self.output,
                "error: ports carry traffic, which would stand still for {seconds} s: with --yes it does"
            );
        }
        let micros = u64::from(seconds) * 1_000_000;
        let limit = machine.now().saturating_add(self.base.cycles(micros + PATIENCE));
        self.pmds.iter_mut().for_each(|pmd| pmd.hush(true));
        let test = machine.start_latency_test(Wish { micros, least });
        self.away = Away::Testing(limit);
        let stage = Stage::Ask(0);
        self.job = Some(Job::Hwlat(HwlatJob { stage, test, limit, worst: Worst::default() }));
        writeln!(
            self.output,
            "hwlat: no core but this one does anything for {seconds} s, and traffic stands still (Ctrl-C ends it)"
        )
    }

    /// Looks after PMDs that are being tested, whoever waits for that, and has them judged again some time
    /// after they came back.
    pub(super) fn follow_test(&mut self, machine: &mut impl Machine) {
        let now = machine.now();
        match self.away {
            Away::No => return,
            Away::Testing(limit) => {
                let is_wanted = matches!(self.job, Some(Job::Hwlat(_))) && now <= limit;
                if !is_wanted {
                    machine.end_latency_test();
                }
                if machine.is_latency_test_over() || now > limit {
                    let until = now.saturating_add(self.base.cycles(SETTLING));
                    self.away = Away::Settling(until);
                }
            }
            Away::Settling(until) if now >= until => {
                self.pmds.iter_mut().for_each(|pmd| pmd.hush(false));
                self.away = Away::No;
            }
            Away::Settling(_) => {}
        }
        self.pmds.iter_mut().for_each(|pmd| pmd.watchdog.excuse(now));
    }

    /// Tells of all cores as if somebody had asked, once what is being told is.
    pub fn tell_isolation(&mut self) {
        self.later = Some(Job::isolation());
    }
}

/// What `pmds` and `events` tell of `core`.
pub(super) fn known<O>(
    core: usize,
    pmds: &[Pmd<O>],
    events: &perf::events::Events<'_>,
) -> IsolationKnown {
    let role = match pmds.iter().find(|pmd| pmd.core() == core) {
        _ if core == 0 => Role::House,
        None => Role::Spare,
        Some(pmd) if pmd.metrics().is_parked() => Role::Parked,
        Some(_) => Role::Pmd,
    };
    IsolationKnown { role, gap: events.longest_gap(core) }
}
