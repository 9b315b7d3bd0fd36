//! The image on machines that are odd: old and new processors, one core and many, little memory and
//! much, timers that are missing, nodes; and on those that it can only refuse.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use qemu::machine::Machine;
use serde_json::{Value, json};

use crate::rig::{LIMIT, Rig, Session, Setup, Skipped, starting};
use crate::sizes;

crate::facts![
    processors_from_x86_64_v2_up_boot_on_q35_and_pc_and_forward,
    a_machine_without_an_hpet_measures_by_another_clock,
    sixteen_cores_and_64_gib_on_two_nodes_boot,
    queues_rings_and_frames_are_on_the_node_of_their_port,
    a_port_on_a_node_without_cores_is_polled_from_afar_and_that_is_said,
    threads_beside_others_run_no_pmd_unless_that_is_asked_for,
    processors_with_wide_ids_start_by_x2apic,
    a_processor_that_lacks_something_says_so_on_the_line_and_on_the_screen,
    tables_that_are_broken_cost_a_line_each,
];

/// Two lines of the screen: letters and colours.
const SCREEN: usize = 2 * 160;

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
        setup.words(&format!("-machine {board} -cpu {processor}")).boot(forwards)?;
    }
    Ok(())
}

fn a_machine_without_an_hpet_measures_by_another_clock(rig: &Rig) -> Result<()> {
    rig.machine()?.words("-machine q35,hpet=off").boot(|session| {
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
    setup.words(&(memory(0) + &memory(1))).boot(|session| {
        let banner = session.shown().join("\n");
        ensure!(banner.contains(": 16 cores up, 2 with a PMD; 655"), "{banner}");
        forwards(session)
    })
}

/// Two nodes of 512 MiB with two cores each, and a port near each.
fn on_two_nodes(rig: &Rig) -> Result<Setup> {
    let setup = rig.wired()?.append("forward=0:1").with(|machine| {
        (machine.cores, machine.memory) = (4, 1024);
    });
    let node = |node| {
        format!(
            "-object memory-backend-ram,id=m{node},size=512M \
             -numa node,nodeid={node},memdev=m{node},cpus={}-{} ",
            2 * node,
            2 * node + 1
        )
    };
    Ok(setup.words(&(node(0) + &node(1))))
}

fn queues_rings_and_frames_are_on_the_node_of_their_port(rig: &Rig) -> Result<()> {
    on_two_nodes(rig)?.append("numa=1:1").boot(|session| {
        let shown = session.command("dpif-netdev/pmd-rxq-show")?;
        let expected = ["pmd thread numa_id 0 core_id 1:", "pmd thread numa_id 1 core_id 2:"]
            .map(str::to_owned);
        ensure!(starting(&shown, "pmd thread") == expected, "{shown:#?}");
        let (first, second) = (
            shown.iter().position(|line| line.contains("port: 0")),
            shown.iter().position(|line| line.contains("port: 1")),
        );
        ensure!(first.is_some() && first < second, "{shown:#?}");
        forwards(session)?;
        for (card, of_node) in [(0, 0..512_u64 << 20), (1, 512 << 20..1024 << 20)] {
            let (ring, frame) = receive_ring(session, card)?;
            ensure!(of_node.contains(&ring), "the ring of port {card} is at {ring:#x}");
            ensure!(of_node.contains(&frame), "a frame of port {card} is at {frame:#x}");
        }
        Ok(())
    })
}

/// Where the emulator finds the receive ring of network card `number`, and the first frame in it.
fn receive_ring(session: &mut Session, number: usize) -> Result<(u64, u64)> {
    let mut qmp = session.qmp()?;
    let devices = qmp.execute("x-query-virtio", json!({}))?;
    let cards = devices.as_array().context("no list of devices")?;
    let is_card = |device: &&Value| device["name"] == "virtio-net";
    let mut paths: Vec<_> =
        cards.iter().filter(is_card).filter_map(|device| device["path"].as_str()).collect();
    paths.sort_unstable();
    let path = *paths.get(number).context("that card is missing")?;
    let asked = json!({ "path": path, "queue": 0 });
    let status = qmp.execute("x-query-virtio-queue-status", asked)?;
    let ring = status["vring-desc"].as_u64().with_context(|| format!("no ring: {status}"))?;
    let file = session.run().file("descriptor");
    qmp.execute("pmemsave", json!({ "val": ring, "size": 8, "filename": file }))?;
    let frame = fs::read(&file)?.first_chunk().copied().map(u64::from_le_bytes);
    Ok((ring, frame.context("no descriptor")?))
}

fn a_port_on_a_node_without_cores_is_polled_from_afar_and_that_is_said(rig: &Rig) -> Result<()> {
    on_two_nodes(rig)?.append("numa=0:1,1:5 pmd-cpu-mask=2").boot(|session| {
        let shown = session.shown();
        for (port, node) in [(0, 1), (1, 5)] {
            let expected = format!(
                "warning: node {node} has no PMD that may poll queue 0 of port {port}: \
                 core 1 on node 0 does, and waits for memory that is farther away"
            );
            ensure!(shown.contains(&expected), "{shown:#?}");
        }
        forwards(session)
    })
}

/// The threads of the first core are 0 and 1, those of the second 2 and 3.
fn threads_beside_others_run_no_pmd_unless_that_is_asked_for(rig: &Rig) -> Result<()> {
    for (options, cores, is_noted) in
        [("", "2", true), ("smt=use", "1 2", false), ("pmd-cpu-mask=c", "2 3", false)]
    {
        let setup = rig.wired()?.append("forward=0:1").append(options);
        setup.words("-smp 4,sockets=1,cores=2,threads=2").boot(|session| {
            let shown = session.shown();
            let noted = shown.iter().any(|line| line.starts_with("note: 2 of 3 cores are second"));
            ensure!(noted == is_noted, "{shown:#?}");
            let answer = session.command("pmd-rxq-show")?;
            let threads = starting(&answer, "pmd thread");
            let found: Vec<_> = threads
                .iter()
                .filter_map(|line| line.split(' ').next_back()?.strip_suffix(':'))
                .collect();
            ensure!(found.join(" ") == cores, "{options}: {answer:#?}");
            session.exit()
        })?;
    }
    Ok(())
}

fn processors_with_wide_ids_start_by_x2apic(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.with(|machine| machine.cores = 4);
    setup.words("-cpu max,+x2apic").boot(|session| {
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
        setup.words(&format!("-cpu {processor} -vga std")).start(|session| {
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
    // Nodes whose first entry has no length; a console of four bytes.
    let setup = rig.wired()?.append("forward=0:1").table("SRAT", &[0; 64])?;
    setup.table("SPCR", &[0; 4])?.boot(|session| {
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
