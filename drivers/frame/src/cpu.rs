//! Hints to the processor that change nothing but time.

#![expect(unsafe_code, reason = "the prefetch instruction is an unsafe intrinsic")]

use crate::Frame;

/// Asks for the first cache line of `frame`.
#[inline]
pub fn prefetch(frame: &Frame) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    let line = core::ptr::without_provenance::<i8>(frame.address());
    // SAFETY: A prefetch never faults and reads nothing that the program can see.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line) }
}
