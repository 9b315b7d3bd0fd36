//! What a core is told about saving power: to prefer performance, where it can be told (Intel SDM volume
//! 3, 14.3.4 and 14.4). States of sleep are left alone: a PMD never halts.
#![expect(unsafe_code, reason = "the wishes are written by instruction")]

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bit_field::BitField;
use kernel::isolation::{Power, Range};
use raw_cpuid::CpuId;

use super::{cores, registers};

const IA32_ENERGY_PERF_BIAS: u32 = 0x1b0;
const IA32_PM_ENABLE: u32 = 0x770;
const IA32_HWP_CAPABILITIES: u32 = 0x771;
const IA32_HWP_REQUEST: u32 = 0x774;

/// Of IA32_ENERGY_PERF_BIAS.
const MOST_PERFORMANCE: u64 = 0;
const BIAS: core::ops::Range<usize> = 0..4;
/// Of IA32_PM_ENABLE.
const HWP_IS_ON: u64 = 1;
/// Of IA32_HWP_CAPABILITIES.
const HIGHEST: core::ops::Range<usize> = 0..8;
/// Of IA32_HWP_REQUEST. Nothing desired leaves the choice to the hardware, within what is allowed.
const MINIMUM: core::ops::Range<usize> = 0..8;
const MAXIMUM: core::ops::Range<usize> = 8..16;
const DESIRED: core::ops::Range<usize> = 16..24;
const PREFERENCE: core::ops::Range<usize> = 24..32;

static IS_WANTED: AtomicBool = AtomicBool::new(false);
/// What each core said when it was asked last.
static TOLD: [Told; cores::MAX] = [const { Told(AtomicU64::new(0)) }; cores::MAX];

/// [`Power`] in a word: 16 bits for the bias, and 16 more bits for each byte of the range; each with bit
/// 8 set if it is there.
struct Told(AtomicU64);

/// Has cores that start from now on prefer performance, or left as firmware has them.
pub(crate) fn prefer(is_wanted: bool) {
    IS_WANTED.store(is_wanted, Ordering::Relaxed);
}

/// Tells the core that runs this what is wanted, and notes what it has.
pub(crate) fn set_up_this_core() {
    let told = &TOLD[cores::core_id() % cores::MAX];
    if IS_WANTED.load(Ordering::Relaxed) {
        set_bias();
        set_range();
    }
    told.keep(Power { bias: bias(), range: range() });
}

/// What `core` was told.
pub(crate) fn of(core: usize) -> Power {
    TOLD.get(core).map_or(Power::default(), Told::read)
}

impl Told {
    fn keep(&self, power: Power) {
        let range = |part: fn(&Range) -> u8| power.range.as_ref().map(part);
        let parts = [
            power.bias,
            range(|range| range.lowest),
            range(|range| range.highest),
            range(|range| range.preference),
        ];
        let parts = parts.map(|part| part.map_or(0, |part| 1 << 8 | u64::from(part)));
        let word = parts.into_iter().rev().fold(0, |word, part| word << 16 | part);
        self.0.store(word, Ordering::Relaxed);
    }

    fn read(&self) -> Power {
        let word = self.0.load(Ordering::Relaxed);
        let part = |position: usize| {
            let part = word.get_bits(16 * position..16 * (position + 1)) as u16;
            part.get_bit(8).then_some(part as u8)
        };
        let range = part(1).zip(part(2)).zip(part(3));
        let range =
            range.map(|((lowest, highest), preference)| Range { lowest, highest, preference });
        Power { bias: part(0), range }
    }
}

/// CPUID leaf 6, ECX bit 3.
fn has_bias() -> bool {
    CpuId::new().get_thermal_power_info().is_some_and(|it| it.has_energy_bias_pref())
}

/// CPUID leaf 6, EAX bits 7 and 10.
fn has_range() -> bool {
    CpuId::new()
        .get_thermal_power_info()
        .is_some_and(|it| it.has_hwp() && it.has_hwp_energy_performance_preference())
}

fn set_bias() {
    if has_bias() {
        let _or_it_is_refused = write(IA32_ENERGY_PERF_BIAS, MOST_PERFORMANCE);
    }
}

/// As fast as it can be, always. That the hardware chooses cannot be taken back before a reset.
fn set_range() -> Option<()> {
    if !has_range() {
        return None;
    }
    write(IA32_PM_ENABLE, HWP_IS_ON)?;
    let highest = registers::try_read_msr(IA32_HWP_CAPABILITIES)?.get_bits(HIGHEST);
    let mut request = registers::try_read_msr(IA32_HWP_REQUEST)?;
    request.set_bits(MINIMUM, highest);
    request.set_bits(MAXIMUM, highest);
    request.set_bits(DESIRED, 0);
    request.set_bits(PREFERENCE, 0);
    write(IA32_HWP_REQUEST, request)
}

fn bias() -> Option<u8> {
    let told = registers::try_read_msr(IA32_ENERGY_PERF_BIAS).filter(|_| has_bias())?;
    Some(told.get_bits(BIAS) as u8)
}

fn range() -> Option<Range> {
    let is_on = has_range() && registers::try_read_msr(IA32_PM_ENABLE)? & HWP_IS_ON != 0;
    let request = is_on.then(|| registers::try_read_msr(IA32_HWP_REQUEST)).flatten()?;
    let part = |bits| request.get_bits(bits) as u8;
    Some(Range { lowest: part(MINIMUM), highest: part(MAXIMUM), preference: part(PREFERENCE) })
}

fn write(register: u32, value: u64) -> Option<()> {
    // SAFETY: How fast a core runs, and how much power it takes for that, reaches no memory.
    unsafe { registers::try_write_msr(register, value) }
}
