//! What the `show` commands and `pmd-perf-show` write.
//!
//! Answers that have an end in sight are written at once; `pmd-perf-show` goes step by step, so
//! that it never needs more room than one step.

mod ledger;
mod perf_show;
mod ports;
mod settings;

pub use ledger::{drops, ledger};
pub use perf_show::PerfShowJob;
pub use ports::ports;
pub use settings::{Told, settings};

/// Bytes that one step, or an answer that is written at once, takes at most.
pub const STEP: usize = 8 * 1024;
