//! The image on machines that are odd: old and new processors, one core and many, little memory and
//! much, timers that are missing, nodes; and on those that it can only refuse.

use std::fs;

use anyhow::{Result, ensure};
use qemu::machine::Machine;
use serde_json::json;

use crate::rig::{LIMIT, Rig, Session, Setup, Skipped, starting};
use crate::sizes;

crate::facts![
    processors_from_x86_64_v2_up_boot_on_q35_and_pc_and_forward,
    a_machine_without_an_hpet_measures_by_another_clock,
    sixteen_cores_and_64_gib_on_two_nodes_boot,
    processors_with_wide_ids_start_by_x2apic,
    a_processor_that_lacks_something_says_so_on_the_line_and_on_the_screen,
    tables_that_are_broken_cost_a_line_each,
];

/// Two lines of the screen: letters and colours.
const SCREEN: usize = 2 * 160;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn with_words(setup: Setup, line: &str) -> Setup {
    setup.with(|machine| machine.extra.extend(words(line)))
}

fn forwards(session: &mut Session) -> Result<()> {
    sizes::forwards(session, &sizes::frame(60, None))
}

/// Nehalem has what x86-64-v2 asks for and no more, Haswell x86-64-v3.
fn processors_from_x86_64_v2_up_boot_on_q35_and_pc_and_forward(rig: &Rig) -> Result<()> {
    for (board, processor, cores, memory) in
        [("q35", "Nehalem", 3, 128), ("pc", "Nehalem", 2, 1024), ("pc", "Haswell", 4, 3072)]
    {
        let setup = rig.wired()?.append("forward=0:1").with(|machine: &mut Machine| {
            (machine.cores, machine.memory) = (cores, memory);
        });
        with_words(setup, &format!("-machine {board} -cpu {processor}")).boot(forwards)?;
    }
    Ok(())
}

fn a_machine_without_an_hpet_measures_by_another_clock(rig: &Rig) -> Result<()> {
    with_words(rig.machine()?, "-machine q35,hpet=off").boot(|session| {
        let banner = session.shown().join("\n");
        ensure!(banner.contains(" by PM timer,"), "{banner}");
        ensure!(!banner.contains("warning"), "{banner}");
        session.exit()
    })
}

/// None of that memory is the host's before it is written to.
fn sixteen_cores_and_64_gib_on_two_nodes_boot(rig: &Rig) -> Result<()> {
    let memory = |node| {
        let cores = if node == 0 { "0-7" } else { "8-15" };
        format!(
            "-object memory-backend-ram,id=m{node},size=32G,reserve=off \
             -numa node,nodeid={node},memdev=m{node},cpus={cores} "
        )
    };
    let setup = rig.wired()?.append("forward=0:1").with(|machine| {
        (machine.cores, machine.memory) = (16, 65536);
    });
    with_words(setup, &(memory(0) + &memory(1))).boot(|session| {
        let banner = session.shown().join("\n");
        ensure!(banner.contains(": 16 cores up, 2 with a PMD; 655"), "{banner}");
        forwards(session)
    })
}

fn processors_with_wide_ids_start_by_x2apic(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.with(|machine| machine.cores = 4);
    with_words(setup, "-cpu max,+x2apic").boot(|session| {
        if session.remarks().contains("doesn't support requested feature") {
            return Err(Skipped("this QEMU emulates no x2APIC".into()).into());
        }
        let banner = session.shown().join("\n");
        ensure!(banner.contains(": 4 cores up"), "{banner}");
        session.exit()
    })
}

fn a_processor_that_lacks_something_says_so_on_the_line_and_on_the_screen(rig: &Rig) -> Result<()> {
    for (processor, text) in [
        ("qemu32", "barecore: this processor has no 64-bit mode, nothing runs"),
        ("qemu64,nx=off", "barecore: this processor cannot protect pages from execution"),
    ] {
        let setup = rig.machine()?;
        with_words(setup, &format!("-cpu {processor} -vga std")).start(|session| {
            // A letter is on the screen before it is on the line.
            session.expect("nothing runs", LIMIT)?;
            let screen = screen(session)?;
            ensure!(screen.starts_with(text), "on the screen is {screen:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// The letters in the first lines of the screen.
fn screen(session: &mut Session) -> Result<String> {
    let file = session.run().file("screen");
    let arguments = json!({ "val": 0xb8000, "size": SCREEN, "filename": file });
    session.qmp()?.execute("pmemsave", arguments)?;
    let bytes = fs::read(&file)?;
    Ok(bytes.iter().step_by(2).map(|byte| char::from(*byte)).collect())
}

/// QEMU puts a right checksum into what it is given, so that lists are broken, and one table is absent.
fn tables_that_are_broken_cost_a_line_each(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1");
    // Nodes whose first entry has no length; a console of four bytes.
    let files = [("SRAT", vec![0; 64]), ("SPCR", vec![0; 4])].map(|(signature, body)| {
        let file = setup.run.file(signature);
        fs::write(&file, body)
            .map(|()| format!("-acpitable sig={signature},data={}", file.display()))
    });
    let [nodes, console] = files;
    with_words(setup, &format!("{} {}", nodes?, console?)).boot(|session| {
        let shown = session.shown();
        let warnings = starting(&shown, "warning: the ACPI table ");
        ensure!(warnings.len() == 2, "{shown:#?}");
        ensure!(
            warnings.iter().any(|line| line.contains("SRAT: its entry at byte 48 is broken")),
            "{shown:#?}"
        );
        forwards(session)
    })
}
