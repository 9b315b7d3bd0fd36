//! The configuration: what runs is shown as a file that boots so.

use anyhow::{Result, ensure};
use qemu::run_directory::RunDirectory;

use crate::rig::{NOTHING, Rig, Session, starting};

crate::facts![
    what_runs_boots_back_from_the_text_that_it_is_shown_as,
    the_nic_that_booted_the_machine_is_left_alone_and_others_are_ports,
    the_nic_that_booted_the_machine_is_taken_where_that_is_said,
];

/// What the machine is told on its command line, and at the console.
const LINE: &str = "hostname=lab7 ports=wan@00:03.0,00:02.0 forward=0:1 max-idle=700";
const COMMANDS: [&str; 4] = [
    "set pmd-perf-log-us=4294967295",
    "vlog/set links:dbg",
    "add-meter meter=7,pktps,band=type=drop,rate=1000",
    "add-flow priority=7,in_port=0,tcp,tp_dst=80,actions=meter:7,output:1",
];

fn what_runs_boots_back_from_the_text_that_it_is_shown_as(rig: &Rig) -> Result<()> {
    let (mut shown, mut ports) = (Vec::new(), Vec::new());
    rig.machine()?.wires(2)?.append(LINE).boot(|session| {
        for command in COMMANDS {
            session.command(command)?;
        }
        ensure!(session.command("show config diff")?.len() == 4, "a change is not told");
        (shown, ports) = (session.command("show config")?, places(session)?);
        ensure!(shown.len() == 9, "{shown:#?}");
        session.exit()
    })?;
    let run = RunDirectory::new()?;
    let file = run.file("lab7.conf");
    std::fs::write(&file, shown.join("\n"))?;
    let setup = rig.machine()?.wires(2)?.append("BOOT_IMAGE=barecore initrd=lab7.conf");
    setup.with(|machine| machine.module = Some(file)).boot(|session| {
        let (again, ports_again) = (session.command("show config")?, places(session)?);
        ensure!((&again, &ports_again) == (&shown, &ports), "{again:#?}\n{shown:#?}");
        let diff = session.command("show config diff")?;
        ensure!(starting(&diff, "nothing is unsaved").len() == 1, "{diff:#?}");
        session.exit()
    })
}

/// What each port is.
fn places(session: &mut Session) -> Result<Vec<String>> {
    let ports = session.ports()?;
    Ok(ports.iter().map(|line| line.split(" link").next().unwrap_or_default().into()).collect())
}

/// What a machine with two cards says, of which the first booted it.
const BOOTIF: &str = "BOOTIF=01-52-54-00-ba-5e-00";

fn the_nic_that_booted_the_machine_is_left_alone_and_others_are_ports(rig: &Rig) -> Result<()> {
    for (key, begin) in [("ports=all", "ports=all"), ("ports=00:03.0,00:02.0", "error: ports")] {
        rig.machine()?.wires(2)?.append(key).append(BOOTIF).append(NOTHING).boot(|session| {
            let told = format!(
                "{begin}: 00:02.0 booted the machine and is left alone (boot-nic=take takes it)"
            );
            session.look_until(|lines| lines.contains(&told).then_some(()))?;
            let ports = places(session)?;
            ensure!(ports == ["port 0: 00:03.0 virtio-net 52:54:00:ba:5e:01"], "{ports:#?}");
            session.exit()
        })?;
    }
    Ok(())
}

fn the_nic_that_booted_the_machine_is_taken_where_that_is_said(rig: &Rig) -> Result<()> {
    rig.machine()?.wires(2)?.append("ports=all boot-nic=take").append(BOOTIF).append(NOTHING).boot(
        |session| {
            let ports = places(session)?;
            ensure!(ports.len() == 2 && ports[0].starts_with("port 0: 00:02.0 "), "{ports:#?}");
            session.exit()
        },
    )
}
