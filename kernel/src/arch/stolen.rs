//! What a core can learn of the time that was taken from it, and of how it was slowed down.
//!
//! What there is was tried when the core started, and what the machine lacks is not tried again.

use core::fmt::{self, Display, Formatter};
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use perf::stolen::{Readings, Source};
use raw_cpuid::CpuId;

use super::{cores, pmu, registers, steal};

// Intel SDM volume 4, table 2-2; SMIs from the tables of the processors that have them.
const MSR_SMI_COUNT: u32 = 0x34;
const IA32_MPERF: u32 = 0xe7;
const IA32_APERF: u32 = 0xe8;

/// A bit for each source that a core has.
static OFFERED: [AtomicU8; cores::MAX] = [const { AtomicU8::new(0) }; cores::MAX];

/// SMIs of each core when it started, and when it looked last.
static SMIS: [[AtomicU64; 2]; cores::MAX] =
    [const { [const { AtomicU64::new(0) }; 2] }; cores::MAX];

/// Has the core that runs this count what it can. To be called once, when it starts.
pub(super) fn set_up_this_core() {
    let core = index();
    let (misses, instructions) = pmu::start(core);
    let clocks = has_clocks();
    let found = [
        (Source::Smi, counts_smis()),
        (Source::Steal, steal::start(core)),
        (Source::Aperf, clocks),
        (Source::Mperf, clocks),
        (Source::Misses, misses),
        (Source::Instructions, instructions),
    ];
    if found[0].1 {
        let count = smis().unwrap_or(0);
        SMIS[core].iter().for_each(|place| place.store(count, Ordering::Relaxed));
    }
    let bits = found.into_iter().filter(|&(_, is_there)| is_there).map(|(source, _)| bit(source));
    OFFERED[core].store(bits.fold(0, |all, bit| all | bit), Ordering::Relaxed);
}

/// What the sources of the core that runs this say now. Takes a microsecond, or some on a virtual
/// machine; never faults.
pub(crate) fn look() -> Readings {
    let core = index();
    let offered = OFFERED[core].load(Ordering::Relaxed);
    let is_offered = |source: &Source| offered & bit(*source) != 0;
    let readings = Readings(
        Source::ALL.map(|source| Some(source).filter(is_offered).and_then(|it| read(core, it))),
    );
    if let Some(count) = readings.of(Source::Smi) {
        SMIS[core][1].store(count, Ordering::Relaxed);
    }
    readings
}

/// SMIs of `core` from its start until it looked last; none where they are not counted.
pub(crate) fn smis_of(core: usize) -> Option<u64> {
    let [first, last] = SMIS.get(core)?;
    let is_counted = OFFERED[core].load(Ordering::Relaxed) & bit(Source::Smi) != 0;
    let since = || last.load(Ordering::Relaxed).saturating_sub(first.load(Ordering::Relaxed));
    is_counted.then(since)
}

/// Which sources all cores that run have.
pub(crate) fn offered() -> Offered {
    let of_core = |(core, _): (usize, _)| OFFERED[core].load(Ordering::Relaxed);
    Offered(cores::running().map(of_core).fold(u8::MAX, |all, offered| all & offered))
}

/// The sources that a machine has; shown as a list of all, with `n/a` behind what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offered(u8);

impl Display for Offered {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for (position, source) in Source::ALL.into_iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            let lack = if self.0 & bit(source) != 0 { "" } else { " n/a" };
            write!(out, "{comma}{}{lack}", source.name())?;
        }
        Ok(())
    }
}

fn read(core: usize, source: Source) -> Option<u64> {
    match source {
        Source::Smi => smis(),
        Source::Steal => steal::nanoseconds(core),
        Source::Aperf => registers::try_read_msr(IA32_APERF),
        Source::Mperf => registers::try_read_msr(IA32_MPERF),
        Source::Misses => pmu::misses(core),
        Source::Instructions => pmu::instructions(core),
    }
}

fn smis() -> Option<u64> {
    registers::try_read_msr(MSR_SMI_COUNT).map(|count| count & u64::from(u32::MAX))
}

/// Whether SMIs are counted. A virtual machine would tell its own and hide those of the host; on
/// other vendors' processors, and on NetBurst, the register is another one.
fn counts_smis() -> bool {
    let cpu = CpuId::new();
    let is_intel = cpu.get_vendor_info().is_some_and(|it| it.as_str() == "GenuineIntel");
    let has_register = cpu.get_feature_info().is_some_and(|it| {
        let family = it.family_id();
        !it.has_hypervisor() && (family == 6 || family > 15)
    });
    is_intel && has_register && smis().is_some()
}

/// Whether the cycles of the core's own clock are counted, and those of its nominal one.
fn has_clocks() -> bool {
    let promised =
        CpuId::new().get_thermal_power_info().is_some_and(|it| it.has_hw_coord_feedback());
    let counts = |number| registers::try_read_msr(number).is_some_and(|count| count > 0);
    promised && counts(IA32_APERF) && counts(IA32_MPERF)
}

const fn bit(source: Source) -> u8 {
    1 << source as u8
}

fn index() -> usize {
    cores::core_id() % cores::MAX
}
