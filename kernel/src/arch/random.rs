//! Numbers that nobody outside can guess, for hashes. Not for secrets.
#![expect(unsafe_code, reason = "the instruction that draws numbers is an intrinsic")]

use core::arch::x86_64::_rdrand64_step;

use raw_cpuid::CpuId;

use super::tsc;

/// Draws that are tried before the instruction is given up (Intel SDM, volume 1, 7.3.17.1).
const TRIES: usize = 10;

/// A number drawn by the processor, mixed with the time; where it cannot draw, the time alone.
pub(crate) fn number() -> u64 {
    let drawn = CpuId::new().get_feature_info().filter(|it| it.has_rdrand()).and_then(|_| {
        // SAFETY: The processor says that it has the instruction.
        (0..TRIES).find_map(|_| unsafe { draw() })
    });
    // Fibonacci hashing spreads what little the time knows over all bits.
    drawn.unwrap_or(0) ^ tsc::now().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[target_feature(enable = "rdrand")]
fn draw() -> Option<u64> {
    let mut number = 0;
    (_rdrand64_step(&mut number) == 1).then_some(number)
}
