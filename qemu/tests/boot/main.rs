//! Boot tests: the image in QEMU, judged by what it says on its console, on its wires and by
//! its status.
//!
//! The image's path comes by the environment variable `BARECORE_IMAGE`; `cargo xtask test`
//! builds the image and sets it. Without it, or without QEMU, every test is skipped and says
//! so. Where a test compares a transcript, `BARECORE_BLESS=1` writes it anew.

mod asked;
mod bonds;
mod captures;
mod carry;
mod checksums;
mod config;
mod console;
mod cost;
mod crash;
mod documents;
mod dpdk;
mod e1000e;
mod endings;
mod flapping;
mod flood;
mod flows;
mod forward;
mod garbage;
#[path = "../hostile/mod.rs"]
mod hostile;
mod hw_watchdog;
mod igb;
mod isolation;
mod ixgbe;
mod json;
mod liar;
mod liars;
mod links;
mod listeners;
mod loaders;
mod logs;
mod machines;
mod management;
mod namespaces;
mod nictest;
mod operator;
mod packed;
mod peer;
mod ports;
mod pxe;
mod report;
mod resets;
mod rig;
mod rings;
mod rxqs;
mod sizes;
#[path = "../skipping/mod.rs"]
mod skipping;
mod strange;
mod stream;
mod stuck;
mod supervision;
mod testpmd;
mod transcript;
mod vxlan;
mod windows;

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Completion, Conclusion, Trial};
use rig::Rig;
use skipping::completion;

/// Tests that run at the same time, unless the command line says otherwise. Each keeps up to
/// two processors of the host busy.
const TESTS_AT_ONCE: usize = 2;

/// One fact about the image, and how to find out whether it holds.
#[derive(Clone, Copy)]
pub(crate) struct Fact {
    name: &'static str,
    check: fn(&Rig) -> Result<()>,
}

/// Lists functions of this module as facts, under their own names: as `FACTS`, or as the list that is named.
#[macro_export]
macro_rules! facts {
    ($list:ident: $($name:ident),+ $(,)?) => {
        pub(crate) const $list: &[$crate::Fact] = &[
            $($crate::Fact { name: concat!(module_path!(), "::", stringify!($name)), check: $name }),+
        ];
    };
    ($($name:ident),+ $(,)?) => {
        $crate::facts![FACTS: $($name),+];
    };
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(TESTS_AT_ONCE);
    let rig = Rig::from_environment();
    if let Err(reason) = &rig
        && !arguments.list
    {
        eprintln!("\nSKIPPED: all boot tests: {reason:#}");
    }
    let alone = Arguments { test_threads: Some(1), ..arguments.clone() };
    let runs = [
        libtest_mimic::run(&alone, alone_facts().map(|fact| trial(fact, &rig)).collect()),
        libtest_mimic::run(&arguments, facts().map(|fact| trial(fact, &rig)).collect()),
    ];
    let failed = runs.iter().find(|run| run.has_failed());
    failed.map_or(ExitCode::SUCCESS, Conclusion::exit_code)
}

/// Those that measure what is worth nothing where the emulator has to wait for a processor: they run before all
/// others, one at a time.
fn alone_facts() -> impl Iterator<Item = Fact> {
    [cost::ALONE, operator::ALONE].into_iter().flatten().copied()
}

/// All that may run beside others, the slowest first, so that no slow one is left over at the end.
fn facts() -> impl Iterator<Item = Fact> {
    [
        cost::FACTS,
        garbage::FACTS,
        namespaces::FACTS,
        forward::FACTS,
        e1000e::FACTS,
        packed::FACTS,
        dpdk::FACTS,
        liars::FACTS,
        flapping::FACTS,
        ixgbe::FACTS,
        igb::FACTS,
        flood::FACTS,
        flows::FACTS,
        rxqs::FACTS,
        asked::FACTS,
        stream::FACTS,
        stuck::FACTS,
        supervision::FACTS,
        operator::FACTS,
        loaders::FACTS,
        pxe::FACTS,
        vxlan::FACTS,
        checksums::FACTS,
        windows::FACTS,
        machines::FACTS,
        strange::FACTS,
        management::FACTS,
        config::FACTS,
        documents::FACTS,
        ports::FACTS,
        links::FACTS,
        listeners::FACTS,
        resets::FACTS,
        nictest::FACTS,
        captures::FACTS,
        bonds::FACTS,
        isolation::FACTS,
        hw_watchdog::FACTS,
        sizes::FACTS,
        rings::FACTS,
        report::FACTS,
        json::FACTS,
        console::FACTS,
        crash::FACTS,
        endings::FACTS,
        logs::FACTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn trial(fact: Fact, rig: &Result<Rig>) -> Trial {
    let name = fact.name.trim_start_matches("boot::");
    match rig {
        Ok(rig) => {
            let rig = rig.clone();
            Trial::ignorable_test(name, move || completion((fact.check)(&rig)))
        }
        Err(_) => {
            Trial::ignorable_test(name, || Ok(Completion::ignored_with("SKIPPED, see above")))
        }
    }
}
