//! The image boots on machines of all kinds, and its banner says what it found.

use anyhow::{Result, ensure};

use crate::rig::{NOTHING, Rig, Session, starting};
use crate::transcript;

/// Lines that the banner has at most.
const BANNER: usize = 5;

crate::facts![
    the_banner_has_five_lines_at_most_and_a_prompt,
    a_machine_of_one_core_says_that_it_has_no_pmd_and_takes_commands,
    every_core_but_the_first_runs_a_pmd,
    an_old_machine_without_ecam_boots_and_forwards,
    a_machine_with_little_memory_boots,
    a_machine_with_much_memory_boots,
    a_processor_without_avx_boots,
];

fn the_banner_has_five_lines_at_most_and_a_prompt(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let banner = session.shown();
        let lines = banner.iter().filter(|line| !line.is_empty()).count();
        ensure!(lines <= BANNER, "the banner has {lines} lines: {banner:#?}");
        let text = banner.join("\n");
        for fact in ["metrics on", "supervision on", "TSC", " by ", "invariant", "cores"] {
            ensure!(text.contains(fact), "the banner does not say {fact:?}: {banner:#?}");
        }
        transcript::compare("banner", &banner)
    })
}

fn a_machine_of_one_core_says_that_it_has_no_pmd_and_takes_commands(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").with(|machine| machine.cores = 1).boot(|session| {
        let banner = session.shown();
        let warned = banner.iter().any(|line| line.contains("no PMD") || line.contains("one core"));
        ensure!(warned, "nothing is said of the missing core: {banner:#?}");
        transcript::compare("one-core", &banner)?;
        let line = session.one_line("stall 1 10")?;
        ensure!(line.starts_with("error: no PMD on core 1"), "{line:?}");
        session.command("show ledger")?;
        session.exit()
    })
}

fn every_core_but_the_first_runs_a_pmd(rig: &Rig) -> Result<()> {
    for cores in [2, 4, 8] {
        let setup = rig.machine()?.wires(cores - 1)?.append("ports=all").append(NOTHING);
        setup.with(|machine| machine.cores = cores as u32).boot(|session| {
            let ports = session.ports()?;
            ensure!(ports.len() == cores - 1, "{ports:#?}");
            for (line, core) in ports.iter().zip(1..) {
                ensure!(line.ends_with(&format!("core {core}")), "{ports:#?}");
            }
            has_blocks(session, cores - 1)
        })?;
    }
    Ok(())
}

fn has_blocks(session: &mut Session, pmds: usize) -> Result<()> {
    let answer = session.command("pmd-perf-show -nh")?;
    let blocks = starting(&answer, "pmd thread numa_id 0 core_id ").len();
    ensure!(blocks == pmds, "{blocks} PMDs instead of {pmds}: {answer:#?}");
    Ok(())
}

fn an_old_machine_without_ecam_boots_and_forwards(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1");
    setup.with(|machine| machine.extra = vec!["-machine".into(), "pc".into()]).boot(|session| {
        let frame = crate::sizes::frame(60, None);
        crate::sizes::forwards(session, &frame)
    })
}

fn a_machine_with_little_memory_boots(rig: &Rig) -> Result<()> {
    boots_with_memory(rig, 128)
}

fn a_machine_with_much_memory_boots(rig: &Rig) -> Result<()> {
    boots_with_memory(rig, 4096)
}

fn boots_with_memory(rig: &Rig, mebibytes: u32) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1");
    setup.with(|machine| machine.memory = mebibytes).boot(|session| {
        let frame = crate::sizes::frame(60, None);
        crate::sizes::forwards(session, &frame)
    })
}

fn a_processor_without_avx_boots(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1");
    setup.with(|machine| machine.cpu = qemu::machine::Cpu::Qemu64).boot(|session| {
        let frame = crate::sizes::frame(60, None);
        crate::sizes::forwards(session, &frame)
    })
}
