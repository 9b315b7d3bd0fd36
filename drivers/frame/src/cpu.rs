//! Hints to the processor that change nothing but time.

#![expect(unsafe_code, reason = "the prefetch instruction is an unsafe intrinsic")]

use crate::Frame;

/// Asks for the first cache line of `frame`.
#[inline]
pub fn prefetch(frame: &Frame) {
    ask_for(core::ptr::without_provenance(frame.address()));
}

/// Asks for the cache line that `value` begins in.
#[inline]
pub fn prefetch_value<T>(value: &T) {
    ask_for(core::ptr::from_ref(value).cast());
}

#[inline]
fn ask_for(line: *const i8) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: A prefetch never faults and reads nothing that the program can see.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(line) }
}
