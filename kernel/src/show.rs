//! What the `show` commands and `pmd-perf-show` write.
//!
//! Answers that have an end in sight are written at once; those about each PMD go step by step, so
//! that they never need more room than one step.

mod bonds;
mod capture;
mod config;
mod flows;
mod isolation;
pub mod json;
mod ledger;
mod meters;
mod nictest;
mod perf_show;
mod port;
mod ports;
mod rxqs;
mod settings;
mod sleep;
mod tunnels;

pub use bonds::bonds;
pub use capture::CaptureJob;
pub use config::{ConfigDiffJob, ConfigJob, Running};
pub use flows::{FlowsJob, RulesJob, TraceJob, packet};
pub use isolation::{IsolationJob, Known as IsolationKnown, Role};
pub(crate) use isolation::{Machines, Tested, Worst, gaps};
pub(crate) use ledger::unreadable;
pub use ledger::{drops, ledger};
pub use meters::MetersJob;
pub use nictest::NicTestJob;
pub use perf_show::PerfShowJob;
pub use port::{Inside, PortJob};
pub use ports::{port, ports};
pub use rxqs::RxqsJob;
pub use settings::{SettingsJob, Told};
pub use sleep::sleep;
pub use tunnels::{neighbors, tunnels};

/// Bytes that one step, or an answer that is written at once, takes at most.
pub const STEP: usize = perf::json::STEP;
