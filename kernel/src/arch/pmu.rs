//! Two counters of the architectural performance monitoring: instructions, and misses of the
//! last-level cache (Intel SDM volume 3, 18.2).
#![expect(unsafe_code, reason = "the counters are set up by instruction")]

use core::sync::atomic::{AtomicU64, Ordering};

use raw_cpuid::{CpuId, PerformanceMonitoringInfo};

use super::{cores, registers};

const IA32_PMC0: u32 = 0xc1;
const IA32_PERFEVTSEL0: u32 = 0x186;
const IA32_FIXED_CTR0: u32 = 0x309;
const IA32_FIXED_CTR_CTRL: u32 = 0x38d;
const IA32_PERF_GLOBAL_CTRL: u32 = 0x38f;

const IN_RING_0: u64 = 1 << 0; // of the first four bits of IA32_FIXED_CTR_CTRL, counter 0's
const MISSES: u64 = 0x412e; // of IA32_PERFEVTSEL0: event 2e, unit mask 41
const WHILE_IN_RING_0: u64 = 1 << 17; // of IA32_PERFEVTSEL0
const IS_ENABLED: u64 = 1 << 22; // of IA32_PERFEVTSEL0
const GENERAL_0: u64 = 1 << 0; // of IA32_PERF_GLOBAL_CTRL
const FIXED_0: u64 = 1 << 32; // of IA32_PERF_GLOBAL_CTRL

/// What RDPMC calls the two.
const RDPMC_GENERAL_0: u32 = 0;
const RDPMC_FIXED_0: u32 = 1 << 30;

static COUNTERS: [Counters; cores::MAX] = [const { Counters::new() }; cores::MAX];

/// A core's two; only the core itself reads them.
struct Counters {
    misses: Counter,
    instructions: Counter,
}

impl Counters {
    const fn new() -> Self {
        Self { misses: Counter::new(), instructions: Counter::new() }
    }
}

/// Has the core that runs this, which is `core`, count; says whether it counts misses, and whether
/// it counts instructions.
pub(super) fn start(core: usize) -> (bool, bool) {
    let monitor = CpuId::new().get_performance_monitoring_info();
    let Some(monitor) = monitor.filter(|monitor| monitor.version_id() >= 2) else {
        return (false, false);
    };
    let enabled = enable(&monitor).unwrap_or(0);
    let Counters { misses, instructions } = &COUNTERS[core];
    let counts_misses =
        enabled & GENERAL_0 != 0 && misses.start(RDPMC_GENERAL_0, monitor.counter_bit_width());
    let counts_instructions = enabled & FIXED_0 != 0
        && instructions.start(RDPMC_FIXED_0, monitor.fixed_function_counters_bit_width())
        && instructions_advance(core);
    (counts_misses, counts_instructions)
}

/// Misses of the last-level cache of `core`, which runs this, since it started.
pub(super) fn misses(core: usize) -> Option<u64> {
    COUNTERS[core].misses.read(RDPMC_GENERAL_0)
}

/// Instructions that `core`, which runs this, retired since it started.
pub(super) fn instructions(core: usize) -> Option<u64> {
    COUNTERS[core].instructions.read(RDPMC_FIXED_0)
}

/// Makes the counters that there are run from 0; returns which. None where the machine has
/// registers of that name only.
fn enable(monitor: &PerformanceMonitoringInfo) -> Option<u64> {
    let has_misses = monitor.number_of_counters() > 0
        && monitor.ebx_length() > 4
        && !monitor.is_ll_cache_miss_ev_unavailable();
    let mut enabled = 0;
    write(IA32_PERF_GLOBAL_CTRL, 0)?;
    if has_misses {
        write(IA32_PMC0, 0)?;
        write(IA32_PERFEVTSEL0, MISSES | WHILE_IN_RING_0 | IS_ENABLED)?;
        enabled |= GENERAL_0;
    }
    if monitor.fixed_function_counters() > 0 {
        write(IA32_FIXED_CTR0, 0)?;
        write(IA32_FIXED_CTR_CTRL, IN_RING_0)?;
        enabled |= FIXED_0;
    }
    write(IA32_PERF_GLOBAL_CTRL, enabled)?;
    Some(enabled)
}

/// An emulated register may take everything and count nothing.
fn instructions_advance(core: usize) -> bool {
    let (first, second) = (instructions(core), instructions(core));
    first.zip(second).is_some_and(|(first, second)| first < second)
}

fn write(register: u32, value: u64) -> Option<()> {
    // SAFETY: Counters that raise no interrupt reach nothing.
    unsafe { registers::try_write_msr(register, value) }
}

/// A counter that goes round after `mask`, and the 64 bits that it is made into: it must be read
/// more often than that, and 48 bits of instructions take hours.
struct Counter {
    mask: AtomicU64,
    last: AtomicU64,
    total: AtomicU64,
}

impl Counter {
    const fn new() -> Self {
        Self { mask: AtomicU64::new(0), last: AtomicU64::new(0), total: AtomicU64::new(0) }
    }

    /// Starts to follow counter `number`, which has `bits` bits; says whether it can be read.
    fn start(&self, number: u32, bits: u8) -> bool {
        let mask = u64::MAX.checked_shr(64_u32.saturating_sub(bits.into())).unwrap_or(0);
        self.mask.store(mask, Ordering::Relaxed);
        self.read(number).is_some()
    }

    fn read(&self, number: u32) -> Option<u64> {
        let now = registers::try_read_pmc(number)?;
        let last = self.last.load(Ordering::Relaxed);
        let counted = now.wrapping_sub(last) & self.mask.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed).wrapping_add(counted);
        self.last.store(now, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        Some(total)
    }
}
