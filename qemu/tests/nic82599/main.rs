//! The model of the 82599, judged by drivers that others wrote for the real card: Linux, iPXE
//! and DPDK, each as Debian has it.
//!
//! The packages are brought once by `apt-get download` and only unpacked. What cannot be had is
//! skipped, and says so.

mod dpdk;
mod faults;
mod ipxe;
mod linux;
mod responder;
mod rig;
#[path = "../skipping/mod.rs"]
mod skipping;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use skipping::{Skipped, completion};

/// Skips the test, since `reason`.
pub(crate) fn skip<T>(reason: String) -> Result<T> {
    Err(Skipped(reason).into())
}

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
    let mut arguments = Arguments::from_args();
    // Each keeps a processor of the host busy, and is judged by time limits of others.
    arguments.test_threads.get_or_insert(1);
    let facts =
        [linux::FACTS, ipxe::FACTS, dpdk::FACTS, faults::FACTS].into_iter().flatten().copied();
    let trials = facts.map(|(name, check)| {
        let name = name.trim_start_matches("nic82599::");
        Trial::ignorable_test(name, move || completion(check()))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
