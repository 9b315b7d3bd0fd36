//! Our drivers, compiled for the host, on devices that are not theirs: the model of the 82599 in
//! this process, which drivers that others wrote run on too.
//!
//! - `memory` is what processor and devices share, `bus` is how a driver reaches devices, `host` has
//!   both, frames, and what opens a port; `port` is one that was opened.
//! - `card` is the model with a host around it; `bring_up`, `frames`, `queues`, `losses` and `cycles`
//!   are facts about the driver on it.

#![deny(unsafe_code)]

mod bring_up;
mod bus;
mod card;
mod cycles;
mod frames;
mod host;
mod losses;
mod memory;
mod port;
mod queues;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};

/// One fact, and how to find out whether it holds.
pub(crate) type Fact = (&'static str, fn() -> Result<()>);

/// Lists functions of this module as facts, under their own names.
#[macro_export]
macro_rules! facts {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const FACTS: &[$crate::Fact] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let facts =
        [bring_up::FACTS, frames::FACTS, queues::FACTS, losses::FACTS, cycles::FACTS].concat();
    let trials = facts.into_iter().map(|(name, check)| {
        let name = name.trim_start_matches("drivers::");
        // All causes of an error, the outermost first.
        Trial::test(name, move || check().map_err(|error| format!("{error:#}").into()))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
