//! The time-stamp counter: how fast it runs, who says so, and whether all cores agree.
#![expect(unsafe_code, reason = "the counter is read by instruction")]

use core::fmt;
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use raw_cpuid::CpuId;
use spin::Once;

use super::{clocks, cores, crash};

/// Assumed where nothing tells: 1 GHz. Times are wrong then, and said to be.
const ASSUMED_HZ: u64 = 1_000_000_000;
/// What frequencies are believed.
const SANE_HZ: core::ops::Range<u64> = 50_000_000..20_000_000_000;

static FREQUENCY: AtomicU64 = AtomicU64::new(ASSUMED_HZ);
static SOURCE: Once<Source> = Once::new();

/// Who told how fast the counter runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// CPUID leaf 0x15: the crystal's frequency and a ratio.
    Crystal,
    /// CPUID leaf 0x40000010, from the hypervisor.
    Hypervisor,
    /// Measured against the HPET.
    Hpet,
    /// Measured against the ACPI power management timer.
    PmTimer,
    /// Measured against the 8254 timer; under emulation up to 2.5 % too high.
    Pit,
    /// Nobody; 1 GHz is assumed.
    Assumed,
}

impl Source {
    const BEST_FIRST: [Self; 5] =
        [Self::Crystal, Self::Hypervisor, Self::Hpet, Self::PmTimer, Self::Pit];

    /// Ticks per second, if this source has an answer.
    fn ask(self) -> Option<u64> {
        let cpu = CpuId::new();
        match self {
            Self::Crystal => cpu.get_tsc_info()?.tsc_frequency(),
            Self::Hypervisor => {
                cpu.get_hypervisor_info()?.tsc_frequency().map(|khz| u64::from(khz) * 1000)
            }
            Self::Hpet => clocks::by_hpet(),
            Self::PmTimer => clocks::by_pm_timer(),
            Self::Pit => clocks::by_pit(),
            Self::Assumed => Some(ASSUMED_HZ),
        }
    }
}

impl Source {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crystal => "CPUID 0x15",
            Self::Hypervisor => "hypervisor",
            Self::Hpet => "HPET",
            Self::PmTimer => "PM timer",
            Self::Pit => "PIT",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The counter, in ticks. Not ordered with anything around it.
#[inline]
pub(crate) fn now() -> u64 {
    // SAFETY: Every processor with long mode has the counter, and ring 0 may read it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Ticks per second.
pub(crate) fn frequency() -> u64 {
    FREQUENCY.load(Ordering::Relaxed)
}

/// Who told [`frequency`].
pub(crate) fn source() -> Source {
    SOURCE.get().copied().unwrap_or(Source::Assumed)
}

/// By how many parts in a million the frequency may be wrong.
pub(crate) fn drift_ppm() -> u32 {
    match source() {
        // What crystals are sold as, with a margin.
        Source::Crystal | Source::Hypervisor => 100,
        // A measurement of 10 ms, whose ends are known to a few microseconds.
        Source::Hpet | Source::PmTimer => 500,
        Source::Pit => 25_000,
        Source::Assumed => 1_000_000,
    }
}

/// Whether the processor promises a constant rate in all its power states (CPUID 0x80000007).
pub(crate) fn is_invariant() -> bool {
    CpuId::new().get_advanced_power_mgmt_info().is_some_and(|cpu| cpu.has_invariant_tsc())
}

/// Ticks in `us` microseconds, rounded down.
pub(crate) fn ticks_in_us(us: u64) -> u64 {
    (u128::from(us) * u128::from(frequency()) / 1_000_000) as u64
}

/// Spins for `us` microseconds.
pub(crate) fn wait_us(us: u64) {
    wait_until(us, || false);
}

/// Spins until `is_done`, for at most `us` microseconds; says whether it is.
pub(crate) fn wait_until(us: u64, is_done: impl Fn() -> bool) -> bool {
    let (start, ticks) = (now(), ticks_in_us(us));
    loop {
        if is_done() {
            return true;
        }
        if now().wrapping_sub(start) >= ticks {
            return is_done();
        }
        core::hint::spin_loop();
    }
}

/// Learns the frequency from the best source there is.
pub(super) fn set_up() {
    let told = Source::BEST_FIRST.into_iter().find_map(|source| {
        let frequency = source.ask().filter(|frequency| SANE_HZ.contains(frequency));
        Some((source, frequency?))
    });
    let (source, frequency) = told.unwrap_or((Source::Assumed, ASSUMED_HZ));
    if told.is_none() {
        crash::say(format_args!("warning: nothing tells how fast the TSC runs, 1 GHz is assumed"));
    }
    FREQUENCY.store(frequency, Ordering::Relaxed);
    SOURCE.call_once(|| source);
}

/// How far a core's counter is from core 0's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// The core's counter less core 0's at the same moment, in ticks, give or take `error`.
    pub(crate) offset: i64,
    /// Half of the shortest round trip, in ticks.
    pub(crate) error: u64,
}

/// How far `core` was from core 0 when it started; none if it did not answer.
pub(crate) fn step(core: usize) -> Option<Step> {
    if core == 0 {
        return Some(Step::default());
    }
    let error = STEP_ERRORS.get(core)?.load(Ordering::Acquire);
    let offset = STEP_OFFSETS.get(core)?.load(Ordering::Relaxed);
    (error > 0).then_some(Step { offset, error })
}

/// All running cores agree to within so many ticks; none if one did not answer.
pub(crate) fn in_step_within() -> Option<u64> {
    let worst = |core| step(core).map(|step| step.offset.unsigned_abs() + step.error);
    (0..cores::count()).try_fold(0, |most: u64, core| Some(most.max(worst(core)?)))
}

static STEP_OFFSETS: [AtomicI64; cores::MAX] = [const { AtomicI64::new(0) }; cores::MAX];
/// 0 while unknown.
static STEP_ERRORS: [AtomicU64; cores::MAX] = [const { AtomicU64::new(0) }; cores::MAX];

/// The question: the number of a round, or `OVER`.
static PING: AtomicU32 = AtomicU32::new(0);
/// The number of the round that `PONG_AT` answers.
static PONG: AtomicU32 = AtomicU32::new(0);
static PONG_AT: AtomicU64 = AtomicU64::new(0);

/// Rounds at least; on an emulator whose host is busy, more until a short one succeeds.
const ROUNDS: u32 = 64;
const OVER: u32 = u32::MAX;
const SHORT_US: u64 = 2;
const ROUND_US: u64 = 2_000;
const ALL_ROUNDS_US: u64 = 200_000;
const ANSWER_US: u64 = 1_000_000;

/// On core 0: asks the core `index`, which is in [`answer`], for its time, again and again; the
/// shortest round trip tells most.
pub(super) fn measure_step(index: usize) {
    let start = now();
    let mut best: Option<Step> = None;
    for round in 1..OVER {
        best = [best, ask(round)].into_iter().flatten().min_by_key(|step| step.error);
        let is_short = best.is_some_and(|step| step.error <= ticks_in_us(SHORT_US));
        let is_late = now().wrapping_sub(start) > ticks_in_us(ALL_ROUNDS_US);
        if is_late || is_short && round >= ROUNDS {
            break;
        }
    }
    PING.store(OVER, Ordering::Release);
    if let Some(step) = best {
        STEP_OFFSETS[index].store(step.offset, Ordering::Relaxed);
        STEP_ERRORS[index].store(step.error, Ordering::Release);
    }
}

fn ask(round: u32) -> Option<Step> {
    let asked = now_ordered();
    PING.store(round, Ordering::Release);
    if !wait_until(ROUND_US, || PONG.load(Ordering::Acquire) == round) {
        return None;
    }
    let error = (now_ordered().wrapping_sub(asked) / 2).max(1);
    let middle = asked.wrapping_add(error);
    let offset = PONG_AT.load(Ordering::Relaxed).wrapping_sub(middle).cast_signed();
    Some(Step { offset, error })
}

/// On a core that just started: answers core 0's questions until they are over.
pub(super) fn answer() {
    let start = now();
    let mut last = 0;
    while now().wrapping_sub(start) < ticks_in_us(ANSWER_US) {
        match PING.load(Ordering::Acquire) {
            OVER => break,
            round if round != last => {
                PONG_AT.store(now_ordered(), Ordering::Relaxed);
                PONG.store(round, Ordering::Release);
                last = round;
            }
            _ => core::hint::spin_loop(),
        }
    }
}

/// The counter, read after everything before it was done.
fn now_ordered() -> u64 {
    // SAFETY: Every processor with long mode has SSE2, and so this instruction.
    unsafe { core::arch::x86_64::_mm_lfence() };
    now()
}

/// Makes the next core wait for questions.
pub(super) fn expect_questions() {
    PONG.store(0, Ordering::Relaxed);
    PING.store(0, Ordering::Release);
}
