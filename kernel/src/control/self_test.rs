//! `selftest`: stalls of known length must be read back as long as they were, and the time-stamp
//! counter must agree with a second clock.

use core::fmt::{self, Display, Formatter, Write};

use dataplane::Order;
use perf::report::Quotient;
use perf::{Flags, Iteration, Metrics, Timebase};

use super::{Orders, Pmd};
use crate::machine::{Elapsed, Machine};

/// Stalls that each PMD is given, in microseconds.
const STALLS: [u64; 3] = [1_000, 5_000, 20_000];
/// How long the two clocks are compared, in microseconds.
const COMPARED: u64 = 300_000;
/// A figure is good within this many thousandths.
const TOLERANCE: u64 = 10;
/// Attempts at each figure: an emulator's host, or firmware, may take time of its own.
const ATTEMPTS: u32 = 5;
/// A stall that is not read back by then never will be, in microseconds.
const PATIENCE: u64 = 2_000_000;

/// The command while it is carried out.
pub(super) struct SelfTest {
    stage: Stage,
    attempt: u32,
    checks: u32,
    failures: u32,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The stall of this number is to be ordered, of all PMDs' together.
    Order(usize),
    /// It was ordered at this count, after this iteration.
    Await(usize, u64, u64),
    /// The clocks are to be compared.
    Start,
    /// They are being compared until this count; the second is called this.
    Compare(u64, &'static str),
    Sum,
    End,
}

impl SelfTest {
    pub(super) fn new() -> Self {
        Self { stage: Stage::Order(0), attempt: 0, checks: 0, failures: 0 }
    }

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
        let now = machine.now();
        self.stage = match self.stage {
            Stage::Order(stall) => match pmds.get_mut(stall / STALLS.len()) {
                Some(pmd) => {
                    let order = Order::Stall { cycles: base.cycles(micros(stall)), times: 1 };
                    match pmd.handle.orders.send(order) {
                        Ok(()) => Stage::Await(stall, now, pmd.metrics().ended()),
                        Err(_) => Stage::Order(stall),
                    }
                }
                None => Stage::Start,
            },
            Stage::Await(stall, since, after) => {
                let Some(pmd) = pmds.get(stall / STALLS.len()) else { return Ok(false) };
                let is_late = base.micros(now.saturating_sub(since)) > PATIENCE;
                match injected(pmd.metrics(), after) {
                    None if !is_late => self.stage,
                    found => {
                        let cycles = found.map_or(0, |iteration| iteration.cycles);
                        let told = [base.cycles(micros(stall)), cycles];
                        self.check(told, Stage::Order(stall), Stage::Order(stall + 1), |verdict| {
                            let core = pmd.core();
                            let (asked, read) = (micros(stall), base.nanos(cycles));
                            let read = Quotient::of(read, 1000_u64);
                            writeln!(
                                out,
                                "selftest: core {core}: a stall of {asked} us was read back as \
                                 {read:.3} us: {verdict}"
                            )
                        })?
                    }
                }
            }
            Stage::Start => match machine.start_second_clock() {
                Some(name) => Stage::Compare(now.saturating_add(base.cycles(COMPARED)), name),
                None => {
                    writeln!(out, "selftest: SKIPPED: there is no second clock beside the TSC")?;
                    Stage::Sum
                }
            },
            Stage::Compare(until, _) if now < until => self.stage,
            Stage::Compare(_, name) => {
                let Elapsed { tsc, expected, error } =
                    machine.second_clock().unwrap_or(Elapsed { tsc: 0, expected: 1, error: 0 });
                let nearest = tsc.clamp(expected.saturating_sub(error), expected + error);
                self.check([nearest, tsc], Stage::Start, Stage::Sum, |verdict| {
                    let [tsc, expected] = [tsc, expected]
                        .map(|cycles| Quotient::of(base.nanos(cycles), 1_000_000_u64));
                    writeln!(
                        out,
                        "selftest: {tsc:.3} ms by the TSC are {expected:.3} ms by the {name}: \
                         {verdict}"
                    )
                })?
            }
            Stage::Sum => {
                let (checks, failures) = (self.checks, self.failures);
                match failures {
                    0 => writeln!(out, "selftest: passed, {checks} checks")?,
                    _ => writeln!(out, "selftest: FAILED, {failures} of {checks} checks")?,
                }
                Stage::End
            }
            Stage::End => return Ok(false),
        };
        Ok(true)
    }

    /// Compares what was told with what is true; the next stage is `again` for a figure that is
    /// not good yet, else `next`, after `tell` has told the verdict.
    fn check(
        &mut self,
        told: [u64; 2],
        again: Stage,
        next: Stage,
        tell: impl FnOnce(Verdict) -> fmt::Result,
    ) -> Result<Stage, fmt::Error> {
        let verdict = Verdict { told };
        self.attempt += 1;
        if !verdict.is_good() && self.attempt < ATTEMPTS {
            return Ok(again);
        }
        self.attempt = 0;
        self.checks += 1;
        self.failures += u32::from(!verdict.is_good());
        tell(verdict)?;
        Ok(next)
    }
}

/// The stall of this number, in microseconds.
fn micros(stall: usize) -> u64 {
    STALLS[stall % STALLS.len()]
}

/// The first iteration behind `after` that was held up on purpose.
fn injected(metrics: &Metrics, after: u64) -> Option<Iteration> {
    let oldest = metrics.ended().saturating_sub(metrics.history().capacity());
    let numbers = after.max(oldest) + 1..=metrics.ended();
    let recorded = numbers.filter_map(|number| metrics.history().iteration(number));
    recorded.into_iter().find(|iteration| iteration.flags.has(Flags::INJECTED))
}

/// What should have been told, and what was, in cycles.
struct Verdict {
    told: [u64; 2],
}

impl Verdict {
    fn is_good(&self) -> bool {
        let [right, told] = self.told;
        told.abs_diff(right).saturating_mul(1000) <= right.saturating_mul(TOLERANCE)
    }
}

impl Display for Verdict {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let [right, told] = self.told;
        let sign = if told < right { '-' } else { '+' };
        let off = Quotient::of(u128::from(told.abs_diff(right)) * 100, right);
        write!(out, "{sign}{off:.3} %, {}", if self.is_good() { "ok" } else { "FAILED" })
    }
}
