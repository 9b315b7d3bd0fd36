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
    /// Call this function, and have no iteration know of the time that it takes. Frames that are kept are
    /// handed to rings before; those that come wait in theirs.
    StepOut(fn()),
    /// Forget a flow.
    Remove {
        /// Where it is.
        place: u32,
        /// Its name: nothing happens if another is there by now.
        name: u64,
    },
    /// Have one key in so many inserted into the exact-match cache: 1 each, 0 none.
    EmcInsertInvProb(u32),
    /// Allow each port so many upcalls in a second, any number if it is 0.
    UpcallLimit(u32),
    /// Keep house in each iteration until a queue has come that is on its way.
    Expect,
    /// Give a queue back, once all frames that came out of it are gone.
    GiveBack {
        /// The port that it belongs to.
        port: u16,
        /// Its number among the queues of that port.
        queue: u16,
    },
    /// Give back what frames are captured in, if it is about the wish of this number.
    EndCapture(u32),
}
