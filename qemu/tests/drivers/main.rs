//! Our drivers, compiled for the host, on devices that are not theirs: the model of the 82599 in
//! this process, which drivers that others wrote run on too, and QEMU's own devices over its qtest
//! socket.
//!
//! - `memory` is what processor and devices share, `bus` is how a driver reaches devices, `host` has
//!   both, frames, and what opens a port; `port` is one that was opened, `flows` makes frames for it.
//! - `card` is the model with a host around it; `bring_up`, `frames`, `queues`, `losses`, `cycles` and
//!   `modules` are facts about the driver on it; `difference` has what `other`, a driver that others wrote, does
//!   otherwise.
//! - `emulator` is a QEMU without a guest, `emulated` a card of it with a host around it; `siblings`
//!   are facts about all of Intel's cards there, `e1000e`, `igb` and `virtio` about each.
//! - `hostile` is a virtio card whose queues are in this process, and `lies` has what the driver makes of
//!   what they say; `pairs` is about one with several pairs of queues.
//!
//! What a device cannot be had for here is skipped, and says so.

#![deny(unsafe_code)]

mod bring_up;
mod bus;
mod card;
mod cycles;
mod difference;
mod e1000e;
mod emulated;
mod emulator;
mod flows;
mod frames;
mod host;
#[path = "../hostile/mod.rs"]
mod hostile;
mod igb;
mod lies;
mod losses;
mod memory;
mod modules;
mod other;
mod pairs;
mod port;
mod queues;
mod siblings;
#[path = "../skipping/mod.rs"]
mod skipping;
mod virtio;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use skipping::completion;

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

/// All facts.
const FACTS: [&[Fact]; 12] = [
    bring_up::FACTS,
    frames::FACTS,
    queues::FACTS,
    losses::FACTS,
    cycles::FACTS,
    modules::FACTS,
    difference::FACTS,
    e1000e::FACTS,
    igb::FACTS,
    virtio::FACTS,
    lies::FACTS,
    pairs::FACTS,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = FACTS.concat().into_iter().map(|(name, check)| {
        let name = name.trim_start_matches("drivers::");
        Trial::ignorable_test(name, move || completion(check()))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
