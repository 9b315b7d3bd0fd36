//! `show isolation`: what disturbs each core, and whether the machine is quiet enough; and what came of
//! a test of `hwlat`.

use core::fmt::{self, Display, Formatter, Write};

use perf::Timebase;
use perf::gaps::{Cause, Gap, Outcome};
use perf::json::{Pen, VERSION};
use perf::report::Quotient;
use serde::Serialize;

use crate::command::Format;
use crate::isolation::{Facts, Grade, Micros, Verdict};
use crate::machine::Machine;

/// What a core is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Consoles and slow work.
    House,
    /// A PMD.
    Pmd,
    /// A PMD that polls no queue.
    Parked,
    /// Nothing.
    Spare,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::House => "control core",
            Self::Pmd => "PMD",
            Self::Parked => "PMD, parked",
            Self::Spare => "spare",
        }
    }
}

/// What the control core knows of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What it is for.
    pub role: Role,
    /// Cycles of the longest gap in iterations that are kept, if there was one.
    pub gap: Option<u64>,
}

/// The command while it is carried out: a core a step.
pub struct IsolationJob {
    format: Format,
    /// The core to tell of next; none once all is told.
    next: Option<usize>,
    /// The document, once it is begun.
    pen: Option<Pen>,
    worst: Worst,
}

impl IsolationJob {
    /// Begins to tell.
    pub fn new(format: Format) -> Self {
        Self { format, next: Some(0), pen: None, worst: Worst::default() }
    }

    /// Whether it is inside a line.
    pub fn is_inside_line(&self) -> bool {
        self.pen.is_some()
    }

    /// Tells of the next core, of which `known` tells, and in the end of the machine. False if there was
    /// nothing left.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step(
        &mut self,
        machine: &impl Machine,
        known: impl Fn(usize) -> Known,
        base: &Timebase,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let Some(number) = self.next.take() else { return Ok(false) };
        let Some(facts) = machine.core(number) else { return self.end(machine, out) };
        self.next = Some(number + 1);
        let (known, is_virtual) = (known(number), machine.is_virtual());
        let verdict = Verdict { facts: &facts, base, is_virtual, gap: known.gap };
        if number > 0 {
            self.worst.judge(number, verdict.grade());
        }
        match self.format {
            Format::Text => text(number, known, &verdict, out)?,
            Format::Json => {
                let mut pen = match self.pen {
                    Some(pen) => pen,
                    None => begin(is_virtual, out)?,
                };
                pen.element(&Row::of(number, known, &verdict), out)?;
                self.pen = Some(pen);
            }
        }
        Ok(true)
    }

    /// Tells of the machine, behind the last core.
    fn end(&mut self, machine: &impl Machine, out: &mut impl Write) -> Result<bool, fmt::Error> {
        match self.pen.take() {
            None => writeln!(out, "{}", Machines(self.worst, machine.is_virtual()))?,
            Some(mut pen) => {
                pen.end_array(out)?;
                pen.member("verdict", &self.worst.0.map(|(grade, _)| grade.key()), out)?;
                pen.end(out)?;
            }
        }
        Ok(true)
    }
}

/// The worst grade of all cores but the control core, and the first core that has it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Worst(Option<(Grade, usize)>);

impl Worst {
    pub(crate) fn judge(&mut self, number: usize, grade: Grade) {
        if self.0.is_none_or(|(worst, _)| worst < grade) {
            self.0 = Some((grade, number));
        }
    }
}

/// The verdict on a machine, and whether that is a virtual one.
pub(crate) struct Machines(pub(crate) Worst, pub(crate) bool);

impl Display for Machines {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0.0 {
            None => out.write_str("machine: one core alone, which keeps house")?,
            Some((grade @ (Grade::Quiet | Grade::NotTested), _)) => {
                write!(out, "machine: {}", grade.name())?;
            }
            Some((grade, core)) => {
                write!(out, "machine: {}, see core {core}", grade.name())?;
            }
        }
        out.write_str(if self.1 { " (virtual: its host is judged with it)" } else { "" })
    }
}

fn text(number: usize, known: Known, verdict: &Verdict<'_>, out: &mut impl Write) -> fmt::Result {
    let Facts { interrupts, nmis, machine_checks, smis, power, test } = verdict.facts;
    write!(out, "core {number}: {}, interrupts {interrupts}, NMIs {nmis}, ", known.role.name())?;
    write!(out, "machine checks {machine_checks}, SMIs ")?;
    match smis {
        Some(count) => writeln!(out, "{count}, {power}")?,
        None => writeln!(out, "not told, {power}")?,
    }
    if let Some(test) = test {
        writeln!(out, "  {}", Tested(test, verdict.base))?;
    }
    if let Some(gap) = known.gap {
        let gap = Micros(gap, verdict.base);
        writeln!(out, "  longest unexplained gap in kept events: {gap} us")?;
    }
    if number > 0 { writeln!(out, "  {verdict}") } else { Ok(()) }
}

/// What came of a test, in a line.
pub(crate) struct Tested<'a>(pub(crate) &'a Outcome, pub(crate) &'a Timebase);

impl Display for Tested<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(test, base) = self;
        let (all, seconds) = (test.all(), Quotient::of(test.cycles, base.hertz));
        write!(out, "hwlat {seconds:.1} s: {} gaps of {} us or more", all.count, test.least)?;
        if all.count > 0 {
            let (sum, longest) = (Micros(all.cycles, base), Micros(all.longest, base));
            write!(out, " took {sum} us, longest {longest} us")?;
        }
        write!(out, "; NMIs {}", test.nmis)
    }
}

/// The lines of a test about its gaps.
pub(crate) fn gaps(test: &Outcome, base: &Timebase, out: &mut impl Write) -> fmt::Result {
    let is_there = |gap: &&Gap| gap.cycles > 0;
    for (position, gap) in test.longest.iter().filter(is_there).enumerate() {
        let (length, cause) = (Micros(gap.cycles, base), gap.cause.name());
        let at = Quotient::of(base.micros(gap.at), 1_000_000_u64);
        let start = if position == 0 { "  longest: " } else { ", " };
        write!(out, "{start}{length} us at {at:.3} s ({cause})")?;
    }
    if test.all().count == 0 {
        return Ok(());
    }
    out.write_str("\n  by length: ")?;
    let filled = test.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
    for (position, (bucket, count)) in filled.enumerate() {
        let comma = if position > 0 { ", " } else { "" };
        write!(out, "{comma}{count} from {} us", 1_u64 << bucket)?;
    }
    writeln!(out)
}

fn begin(is_virtual: bool, out: &mut impl Write) -> Result<Pen, fmt::Error> {
    let mut pen = Pen::begin("barecore.show-isolation", VERSION, out)?;
    pen.member("is_virtual", &is_virtual, out)?;
    pen.array("cores", out)?;
    Ok(pen)
}

#[derive(Serialize)]
struct Row {
    core_id: usize,
    role: &'static str,
    interrupts: u64,
    nmis: u64,
    machine_checks: u64,
    smis: Option<u64>,
    energy_bias: Option<u8>,
    hwp_lowest: Option<u8>,
    hwp_highest: Option<u8>,
    hwp_preference: Option<u8>,
    hwlat: Option<TestRow>,
    running_gap_ns: Option<u64>,
    verdict: Option<&'static str>,
}

#[derive(Serialize)]
struct TestRow {
    duration_us: u64,
    least_gap_us: u32,
    gaps: u64,
    gaps_ns: u64,
    longest_gap_ns: u64,
    longest_gap_cause: &'static str,
    unexplained_gaps: u64,
    nmis: u64,
    machine_checks: u64,
    smis: Option<u64>,
}

impl Row {
    fn of(number: usize, known: Known, verdict: &Verdict<'_>) -> Self {
        let (facts, base) = (verdict.facts, verdict.base);
        let range = facts.power.range;
        Self {
            core_id: number,
            role: known.role.name(),
            interrupts: facts.interrupts,
            nmis: facts.nmis,
            machine_checks: facts.machine_checks,
            smis: facts.smis,
            energy_bias: facts.power.bias,
            hwp_lowest: range.map(|range| range.lowest),
            hwp_highest: range.map(|range| range.highest),
            hwp_preference: range.map(|range| range.preference),
            hwlat: facts.test.as_ref().map(|test| TestRow::of(test, base)),
            running_gap_ns: known.gap.map(|cycles| base.nanos(cycles)),
            verdict: (number > 0).then(|| verdict.grade().key()),
        }
    }
}

impl TestRow {
    fn of(test: &Outcome, base: &Timebase) -> Self {
        let all = test.all();
        Self {
            duration_us: base.micros(test.cycles),
            least_gap_us: test.least,
            gaps: all.count,
            gaps_ns: base.nanos(all.cycles),
            longest_gap_ns: base.nanos(all.longest),
            longest_gap_cause: test.longest[0].cause.name(),
            unexplained_gaps: test.of(Cause::Unknown).count,
            nmis: test.nmis,
            machine_checks: test.machine_checks,
            smis: test.smis(),
        }
    }
}
