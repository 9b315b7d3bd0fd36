//! How quiet is this machine? Cores are tested before traffic and between, and told of.

use anyhow::{Result, ensure};

use crate::rig::{LIMIT, Rig, Session, starting};
use crate::sizes::frame;

/// Frames that wait while cores are tested.
const FRAMES: usize = 5;
/// An iteration that had all of a test of two seconds in it would be suspicious.
const LIMITS: &str = "pmd-perf-log-us=1900000 pmd-perf-log-q=4294967295 pmd-watchdog=off";

crate::facts![
    cores_are_tested_while_frames_wait_and_nothing_of_it_is_suspicious,
    a_machine_without_ports_is_judged_at_boot,
];

fn cores_are_tested_while_frames_wait_and_nothing_of_it_is_suspicious(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(2)?.append("ports=all forward=0:1 pmd-cpu-mask=2");
    setup.append(LIMITS).with(|machine| machine.cores = 3).boot(|session| {
        session.console().send(b"hwlat 3600\r")?;
        session.expect("anything for 3600 s", LIMIT)?;
        session.console().send(b"\x03")?;
        session.console().wait_prompt(LIMIT)?;
        session.console().send(b"hwlat 2 --yes\r")?;
        session.expect("anything for 2 s", LIMIT)?;
        for number in 0..FRAMES {
            session.wires[0].send(&frame(60 + number, None), LIMIT)?;
        }
        let verdict =
            session.look_until(|shown| starting(shown, "machine: ").pop().map(str::to_owned))?;
        ensure!(verdict.ends_with(" (virtual: its host is judged with it)"), "{verdict}");
        for number in 0..FRAMES {
            let mut buffer = [0; 2048];
            let came = session.wires[1].receive(&mut buffer, LIMIT)?;
            ensure!(came == Some(60 + number), "frame {number}: {came:?}");
        }
        let list = session.command("show events")?;
        ensure!(starting(&list, "triggers=0 ").len() == 1, "{list:#?}");
        is_told(session)?;
        let ledger = session.exact_ledger()?;
        ensure!(ledger.total.forwarded == FRAMES as u64, "{ledger:#?}");
        session.exit()
    })
}

/// Both cores were tested for two seconds, and no interrupt came to them.
fn is_told(session: &mut Session) -> Result<()> {
    let told = session.command("show isolation")?;
    for start in ["core 1: PMD, interrupts 0, NMIs 0, ", "core 2: spare, interrupts 0, "] {
        ensure!(starting(&told, start).len() == 1, "no {start}: {told:#?}");
    }
    let tested = starting(&told, "  hwlat ");
    let seconds = |line: &&str| line.split_whitespace().nth(1)?.parse::<f64>().ok();
    // A busy host may hold a core up for longer.
    let long = tested.iter().filter_map(seconds).filter(|seconds| *seconds >= 2.0);
    ensure!(long.count() == 2, "{told:#?}");
    let house = starting(&told, "core 0: control core, interrupts ").concat();
    ensure!(!house.contains("interrupts 0,"), "{house}");
    Ok(())
}

fn a_machine_without_ports_is_judged_at_boot(rig: &Rig) -> Result<()> {
    rig.machine()?.append("test=hwlat:1 stream=none").boot(|session| {
        let told = session.look_until(|shown| {
            let is_last = |line: &String| line.starts_with("machine: ");
            shown.iter().any(is_last).then(|| shown.to_vec())
        })?;
        for start in ["hwlat: 1 cores look for gaps for 1 s", "core 1: spare, ", "  hwlat "] {
            ensure!(starting(&told, start).len() == 1, "no {start}: {told:#?}");
        }
        session.exit()
    })
}
