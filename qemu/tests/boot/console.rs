//! The console: commands, errors in one line, and the keys of a line editor.

use std::time::Instant;
use std::{fs, thread};

use anyhow::{Result, ensure};

use crate::rig::{LIMIT, LOOK_AGAIN, Rig, Session, Setup, starting};
use crate::transcript;

const UP: &[u8] = b"\x1b[A";
const LEFT: &[u8] = b"\x1b[D";
const CTRL_U: &[u8] = b"\x15";
const CTRL_C: &[u8] = b"\x03";

crate::facts![
    help_tells_every_command_and_every_option,
    a_command_that_is_not_known_gets_one_line_with_the_nearest,
    an_option_that_is_wrong_gets_one_line_with_the_usage,
    the_arrow_up_brings_the_last_command_back,
    tab_completes_and_offers,
    a_line_is_edited_before_it_is_obeyed,
    a_line_that_is_too_long_is_one_error,
    an_event_does_not_tear_the_line_that_is_being_typed,
    the_console_moves_to_the_second_port_where_that_is_asked_for,
    the_console_is_where_the_firmware_has_its_own,
    what_is_said_before_the_console_is_known_is_said_there_too,
    a_console_that_is_asked_for_beats_the_firmwares,
];

fn help_tells_every_command_and_every_option(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        let mut told = Vec::new();
        for line in ["help", "help options", "help stall", "help pmd-perf-log-set", "list-commands"]
        {
            told.push(format!("> {line}"));
            told.extend(session.command(line)?);
        }
        transcript::compare_exactly("help", &told)
    })
}

/// Types each of `lines` and compares the one-line errors.
fn one_error_each(session: &mut Session, name: &str, lines: &[&str]) -> Result<()> {
    let mut told = Vec::new();
    for line in lines {
        let answer = session.one_line(line)?;
        ensure!(answer.starts_with("error: "), "{line:?} is answered by {answer:?}");
        told.extend([format!("> {line}"), answer]);
    }
    transcript::compare_exactly(name, &told)
}

fn a_command_that_is_not_known_gets_one_line_with_the_nearest(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        let lines =
            ["shwo ports", "pmd-pref-show", "exti now", "dpif-netdev/pmd-stat-clear", "zzzz"];
        one_error_each(session, "unknown-commands", &lines)
    })
}

fn an_option_that_is_wrong_gets_one_line_with_the_usage(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        let lines = [
            "pmd-perf-show -x",
            "pmd-perf-show -it",
            "pmd-perf-show -it many",
            "pmd-perf-log-set maybe",
            "pmd-perf-log-set -us -1",
            "show event",
            "show event x",
            "stall",
            "stall 1",
            "stall 1 0",
            "stall 1 99999999999",
            "crash softly",
            "help nothing",
        ];
        one_error_each(session, "wrong-options", &lines)
    })
}

/// Types `keys` and waits for an answer that holds `text`.
fn keys_lead_to(session: &mut Session, keys: &[&[u8]], text: &str) -> Result<()> {
    session.console().send(&keys.concat())?;
    session.expect(text, LIMIT)?;
    session.console().wait_prompt(LIMIT)
}

fn the_arrow_up_brings_the_last_command_back(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        session.command("show ledger")?;
        session.command("show drops")?;
        keys_lead_to(session, &[UP, b"\r"], "total 0")?;
        keys_lead_to(session, &[UP, UP, b"\r"], "ledger total ")
    })
}

fn tab_completes_and_offers(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        keys_lead_to(session, &[b"show led\t\r"], "ledger total ")?;
        keys_lead_to(session, &[b"pmd-perf-log-se\t\r"], "pmd-perf-log-set: on")?;
        session.console().send(b"show e\t\t")?;
        session.expect("show events  show event", LIMIT)?;
        session.console().send(CTRL_U)?;
        session.command("show drops").map(drop)
    })
}

fn a_line_is_edited_before_it_is_obeyed(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        keys_lead_to(session, &[b"exit", CTRL_U, b"show drops\r"], "total 0")?;
        keys_lead_to(session, &[b"exit", CTRL_C, b"show ledger\r"], "ledger total ")?;
        keys_lead_to(session, &[b"show drxx\x7f\x08ops\r"], "total 0")?;
        keys_lead_to(session, &[b"how drops", &LEFT.repeat(9), b"s\r"], "total 0")
    })
}

fn a_line_that_is_too_long_is_one_error(rig: &Rig) -> Result<()> {
    rig.machine()?.boot(|session| {
        session.console().send(&[b'x'; 600])?;
        keys_lead_to(session, &[b"\r"], "error: the line has more than ")?;
        let line = session.one_line("show ledger")?;
        ensure!(line.ends_with("exact=yes"), "{line:?}");
        Ok(())
    })
}

fn an_event_does_not_tear_the_line_that_is_being_typed(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        session.command("pmd-perf-log-set -us 200000")?;
        session.command("stall 1 300000")?;
        session.console().send(b"show led")?;
        session.expect(" injected", LIMIT)?;
        session.expect("barecore> show led", LIMIT)?;
        session.console().send(b"ger\r")?;
        session.expect("exact=yes", LIMIT)?;
        let torn = session
            .shown()
            .into_iter()
            .find(|line| line.contains("show led") && !line.starts_with("barecore> show led"));
        ensure!(torn.is_none(), "{torn:?}");
        Ok(())
    })
}

fn the_console_moves_to_the_second_port_where_that_is_asked_for(rig: &Rig) -> Result<()> {
    is_on_the_second_port(rig.machine()?.append("console=ttyS1,9600"))
}

fn the_console_is_where_the_firmware_has_its_own(rig: &Rig) -> Result<()> {
    is_on_the_second_port(with_firmware_console(rig)?)
}

/// A table whose list is broken is told of before the command line is read.
fn what_is_said_before_the_console_is_known_is_said_there_too(rig: &Rig) -> Result<()> {
    rig.machine()?.append("console=ttyS1").table("SRAT", &[0; 64])?.start(|session| {
        let second = second_port(session)?;
        let warning = "warning: the ACPI table SRAT: ";
        let [first, second] = [session.shown(), second.lines().map(str::to_owned).collect()];
        ensure!(starting(&first, warning).len() == 1, "{first:#?}");
        ensure!(starting(&second, warning).len() == 1, "{second:#?}");
        Ok(())
    })
}

fn a_console_that_is_asked_for_beats_the_firmwares(rig: &Rig) -> Result<()> {
    with_firmware_console(rig)?.append("console=ttyS0").boot(Session::exit)
}

/// A machine whose firmware says that its console is on COM2, at 57,600 baud.
fn with_firmware_console(rig: &Rig) -> Result<Setup> {
    let mut table = b"SPCR\x50\0\0\0\x02\0QEMU  BARECORE".to_vec();
    table.resize(36, 0);
    // A 16550 at I/O port 0x2f8, registers of a byte.
    table.extend([0, 0, 0, 0, 1, 8, 0, 1, 0xf8, 2, 0, 0, 0, 0, 0, 0]);
    table.resize(58, 0);
    table.push(6);
    table.resize(80, 0);
    let setup = rig.machine()?;
    let file = setup.run.file("spcr");
    fs::write(&file, table)?;
    Ok(setup.words(&format!("-acpitable file={}", file.display())))
}

fn is_on_the_second_port(setup: Setup) -> Result<()> {
    setup.start(|session| {
        second_port(session)?;
        let shown = session.shown();
        ensure!(shown.iter().all(|line| !line.contains("Barecore")), "on both: {shown:#?}");
        Ok(())
    })
}

/// What came out of COM2 up to the first prompt.
fn second_port(session: &Session) -> Result<String> {
    let deadline = Instant::now() + LIMIT;
    let com2 = session.run().file("com2");
    loop {
        let text = fs::read_to_string(&com2).unwrap_or_default();
        if text.ends_with("barecore> ") {
            return Ok(text);
        }
        ensure!(Instant::now() < deadline, "no prompt on the second port");
        thread::sleep(LOOK_AGAIN);
    }
}
