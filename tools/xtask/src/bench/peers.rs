//! `cargo xtask bench dataplane --peers`: what a packet costs here and in Open vSwitch with DPDK, and
//! in testpmd, in turn on the same processor in the same run, fed by the same frames.

mod cases;
mod knobs;
mod ovs;
mod page;
mod stage;
mod testpmd;
mod turns;

use std::path::{Path, PathBuf};

use ::hosted::{Path as Way, Setup, callgrind};
use anyhow::{Context as _, Result};

use self::cases::{CASES, Case, rules};
use self::ovs::{Bridges, Ovs};
use self::stage::Stage;
use self::testpmd::Testpmd;
use self::turns::{Contender, Ours, Turn};
use crate::install::{self, Consent, Tool};
use crate::workspace::target;

/// What is needed.
const TOOLS: [Tool; 6] = [
    Tool { program: "dpdk-testpmd", package: "dpdk-dev" },
    Tool { program: "ovs-vsctl", package: "openvswitch-switch" },
    Tool { program: ovs::PROGRAM, package: "openvswitch-switch-dpdk" },
    Tool { program: "cc", package: "gcc" },
    Tool { program: "pkg-config", package: "pkg-config libdpdk-dev" },
    Tool { program: "nsenter", package: "util-linux" },
];
/// Turns of each.
const ROUNDS: usize = 12;

/// What one case took, by whom.
#[derive(Debug)]
struct Outcome {
    name: String,
    ours: f64,
    ovs: f64,
    /// The median, over rounds, of ours for one of theirs.
    ratio: f64,
    testpmd: Option<(f64, f64)>,
    most: f64,
    /// What ours takes if it is built for this processor; and the ratio of that to Open vSwitch's if
    /// that were too, where it is known how much that is.
    native: Option<(f64, Option<f64>)>,
}

/// This project's programs: built for the oldest x86-64, and for this processor.
struct Programs {
    oldest: PathBuf,
    native: PathBuf,
}

/// Measures all cases and writes the page about them.
///
/// # Errors
///
/// Something is missing or does not start.
pub(super) fn measure(consent: Consent) -> Result<()> {
    if !install::is_root() {
        eprintln!(
            "bench dataplane --peers SKIPPED: it takes huge pages, for which it must be root"
        );
        return Ok(());
    }
    install::all(consent, &TOOLS)?;
    let programs = Programs {
        oldest: callgrind::build(&target())?,
        native: callgrind::build_native(&target().join("bench").join("native"))?,
    };
    let stage = Stage::new()?;
    let hertz = Ours::start(&programs.oldest, &Setup::new(Way::InPort, 1), 0)?.hertz;
    let mut outcomes = Vec::new();
    for bridges in [Bridges::Plain, Bridges::Tunnel] {
        let cases = CASES.iter().filter(|case| case.bridges() == bridges);
        let mut ovs = Ovs::start(&stage, bridges, hertz)?;
        let mut testpmd = None;
        if bridges == Bridges::Plain {
            testpmd = Some(Testpmd::start(&stage, hertz)?);
        }
        for case in cases {
            outcomes.push(one(case, &programs, &mut ovs, testpmd.as_mut())?);
        }
        if bridges == Bridges::Plain {
            outcomes.extend(further(&outcomes));
            outcomes.push(upcall(&programs.oldest, &mut ovs)?);
        }
    }
    page::write(&outcomes)
}

/// Measures `case`.
fn one(
    case: &Case,
    programs: &Programs,
    ovs: &mut Ovs,
    testpmd: Option<&mut Testpmd>,
) -> Result<Outcome> {
    let setup = case.setup();
    let traffic = [0, 1].map(|port| setup.traffic(port));
    ovs.set(&[("emc-insert-inv-prob", case.inverse())])?;
    ovs.rules("br0", &rules(&setup))?;
    ovs.polling.is_fed = case.burst > 0;
    ovs.polling.knobs.feed(&traffic, case.burst)?;
    ovs.settle()?;
    ovs.polling.turn()?;
    let mut ours = Ours::start(&programs.oldest, &setup, case.burst)?;
    let mut native = Ours::start(&programs.native, &setup, case.burst)?;
    let mut testpmd = testpmd.filter(|_| case.is_for_testpmd());
    if let Some(testpmd) = &mut testpmd {
        testpmd.polling.is_fed = case.burst > 0;
        testpmd.polling.knobs.feed(&traffic, case.burst)?;
        testpmd.polling.turn()?;
    }
    let [mut here, mut built, mut there, mut forwarder] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        here.push(ours.turn()?);
        built.push(native.turn()?);
        there.push(ovs.polling.turn()?);
        if let Some(testpmd) = &mut testpmd {
            forwarder.push(testpmd.polling.turn()?);
        }
    }
    ovs.polling.signal(rustix::process::Signal::CONT)?;
    let testpmd = testpmd.map(|_| (best(&forwarder), ratio(&here, &forwarder)));
    let outcome = Outcome {
        name: case.name.into(),
        ours: best(&here),
        ovs: best(&there),
        ratio: ratio(&here, &there),
        testpmd,
        most: case.most,
        native: Some((best(&built), case.native.map(|factor| ratio(&built, &there) / factor))),
    };
    eprintln!(
        "{}: {:.1} here, {:.1} in OVS, {:.2}",
        case.name, outcome.ours, outcome.ovs, outcome.ratio
    );
    Ok(outcome)
}

/// What a further subtable costs, from the two cases that differ in that: packets are spread evenly, so
/// of 8 each looks at 4.5, 3.5 more than of 1.
fn further(outcomes: &[Outcome]) -> Option<Outcome> {
    let case = |name: &str| outcomes.iter().find(|outcome| outcome.name == name);
    let (one, eight) = (case(cases::ONE)?, case(cases::EIGHT)?);
    let (ours, ovs) = ((eight.ours - one.ours) / 3.5, (eight.ovs - one.ovs) / 3.5);
    let name = "megaflow, each further subtable".into();
    Some(Outcome { name, ours, ovs, ratio: ours / ovs, testpmd: None, most: 0.40, native: None })
}

/// What an upcall costs that makes a flow: Open vSwitch says so itself.
fn upcall(program: &Path, ovs: &mut Ovs) -> Result<Outcome> {
    let setup = Setup::new(Way::Upcall, 1 << 15);
    ovs.polling.knobs.quiet()?;
    ovs.set(&[("emc-insert-inv-prob", "0"), ("pmd-perf-metrics", "true")])?;
    // Registers that take what differs have Open vSwitch look at all of it.
    let rule = |from: u16, to: u16| {
        format!(
            "in_port={from},udp,actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG1[],\
             move:NXM_OF_UDP_SRC[]->NXM_NX_REG0[0..15],output:{to}"
        )
    };
    ovs.rules("br0", &[rule(1, 2), rule(2, 1)])?;
    ovs.appctl(&["revalidator/purge"])?;
    ovs.settle()?;
    ovs.polling.knobs.feed(&[0, 1].map(|port| setup.traffic(port)), 32)?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    let said = ovs.appctl(&["dpif-netdev/pmd-perf-show", "-nh"])?;
    ovs.polling.knobs.quiet()?;
    let micros = said.lines().find_map(|line| {
        let (before, _) = line.split_once(" us/upcall")?;
        before.rsplit(['(', ' ']).next()?.parse::<f64>().ok()
    });
    let theirs = micros.context("Open vSwitch had no upcall")? * ovs.polling.hertz / 1e6;
    let ours = super::perf::upcall(program)?;
    let name = "upcall with flow set-up".into();
    Ok(Outcome {
        name,
        ours,
        ovs: theirs,
        ratio: ours / theirs,
        testpmd: None,
        most: 0.25,
        native: None,
    })
}

/// The tenth of all windows that is best.
fn best(turns: &[Turn]) -> f64 {
    let mut all = turns.concat();
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 10).copied().unwrap_or(f64::NAN)
}

/// The median, over rounds, of `these` for one of `those`.
fn ratio(these: &[Turn], those: &[Turn]) -> f64 {
    let mut ratios: Vec<f64> =
        these.iter().zip(those).map(|(this, that)| median(this) / median(that)).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

fn median(turn: &Turn) -> f64 {
    let mut sorted = turn.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_slow_windows_change_neither_figure() {
        let turn = |cycles: f64| vec![cycles, cycles, cycles, 1e9];
        let (these, those) = ([turn(50.0), turn(75.0)], [turn(100.0), turn(150.0)]);
        assert_eq!((best(&these), ratio(&these, &those)), (50.0, 0.5));
    }
}
