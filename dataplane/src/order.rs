//! What the control core asks a PMD to do. A PMD looks at its orders in housekeeping.

use perf::Limits;

/// A request to one PMD.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Compare iterations with these limits from now on.
    Limits(Limits),
    /// Do nothing for `cycles`, in each of the next `times` iterations. For demonstrations and
    /// tests; the records say so.
    Stall {
        /// Cycles of the time-stamp counter.
        cycles: u64,
        /// Iterations in a row.
        times: u32,
    },
    /// Call this function on the PMD's core. For the command `crash`, whose functions do not
    /// return.
    Call(fn()),
}
