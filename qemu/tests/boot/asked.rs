//! What `pmdstat` does at a console: commands, files, events that are kept.

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use qemu::guest::Exit;
use qemu::machine::Serial;

use crate::rig::{BOOT_LIMIT, LIMIT, Rig};

crate::facts![programs_ask_send_files_and_fetch_events_by_a_shared_line];

/// A console, and the program.
struct Desk {
    pmdstat: PathBuf,
    line: PathBuf,
}

impl Desk {
    fn run(&self, words: &[&str]) -> Result<Output> {
        let (verb, rest) = words.split_first().context("there is no verb")?;
        let mut command = Command::new(&self.pmdstat);
        command.arg(verb).arg(&self.line).args(rest).output().context("cannot run pmdstat")
    }

    /// What it prints, which must end well.
    fn good(&self, words: &[&str]) -> Result<String> {
        let output = self.run(words)?;
        ensure!(output.status.success(), "{words:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The answer to `words` at the console, once `judge` is content with it.
    fn ask_until(&self, words: &[&str], judge: impl Fn(&Output) -> bool) -> Result<()> {
        let end = Instant::now() + BOOT_LIMIT;
        loop {
            let output = self.run(&[&["exec", "--"], words].concat())?;
            if judge(&output) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "{words:?}: {output:?}");
        }
    }
}

/// Has whoever connects to `path` be at the other end of `guest`, which speaks all the time.
fn offer(mut guest: UnixStream, path: &Path) -> Result<()> {
    let server = UnixListener::bind(path).context("no socket for the line")?;
    let client: Arc<Mutex<Option<UnixStream>>> = Arc::default();
    let (shared, mut typed) = (Arc::clone(&client), guest.try_clone()?);
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = guest.read(&mut bytes) {
            if let Some(client) = &mut *shared.lock().expect("nobody panics") {
                // One that has left hears no more.
                let _ = client.write_all(&bytes[..count]);
            }
        }
    });
    thread::spawn(move || {
        for mut stream in server.incoming().map_while(Result::ok) {
            *client.lock().expect("nobody panics") = stream.try_clone().ok();
            let _ = std::io::copy(&mut stream, &mut typed);
        }
    });
    Ok(())
}

fn programs_ask_send_files_and_fetch_events_by_a_shared_line(rig: &Rig) -> Result<()> {
    let pmdstat = env::var_os("BARECORE_PMDSTAT").map(PathBuf::from);
    let pmdstat = pmdstat.context("no BARECORE_PMDSTAT; run: cargo xtask test")?;
    let setup =
        rig.wired()?.append("forward=0:1 console=ttyS1 stream=shared pmd-perf-log-us=1500000");
    let com2 = Serial::Socket(setup.run.file("com2"));
    setup.with(|machine| machine.com2 = com2).start(|session| {
        let desk = Desk { pmdstat, line: session.run().file("line") };
        offer(session.take_com2().context("no second port")?, &desk.line)?;
        desk.ask_until(&["show", "ports"], |output| output.status.success())?;
        commands(&desk)?;
        events(&desk, &session.run().file("pulled.pmd"))?;
        files(&desk, &session.run().file("rules"))?;
        desk.good(&["exec", "--", "exit"])?;
        let exit = session.wait_exit(LIMIT)?;
        ensure!(exit == Exit::Passed, "{exit:?}");
        Ok(())
    })
}

fn commands(desk: &Desk) -> Result<()> {
    let ledger = desk.good(&["exec", "--", "show", "ledger"])?;
    ensure!(ledger.lines().last().is_some_and(|line| line.contains("exact=")), "{ledger}");
    let wrong = desk.run(&["exec", "--", "show", "event", "999"])?;
    ensure!(wrong.status.code() == Some(1), "{wrong:?}");
    ensure!(wrong.stdout.starts_with(b"error: no event 999 "), "{wrong:?}");
    Ok(())
}

fn events(desk: &Desk, file: &Path) -> Result<()> {
    desk.good(&["exec", "--", "stall", "1", "2000000"])?;
    let has_injected =
        |output: &Output| String::from_utf8_lossy(&output.stdout).contains("injected");
    desk.ask_until(&["show", "events"], has_injected)?;
    let name = file.to_str().context("no name")?;
    desk.good(&["pull", "-o", name])?;
    let own = |verb: &str| Command::new(&desk.pmdstat).arg(verb).arg(file).output();
    let (checked, shown) = (own("check")?, own("show")?);
    ensure!(checked.status.success(), "{checked:?}");
    let shown = String::from_utf8(shown.stdout)?;
    ensure!(shown.contains("build id ") && shown.contains(" injected"), "{shown}");
    Ok(())
}

fn files(desk: &Desk, file: &Path) -> Result<()> {
    let name = file.to_str().context("no name")?;
    let flows = || desk.good(&["exec", "--", "dump-flows"]);
    let before = flows()?;
    fs::write(file, "pmd-perf-log-q=7\nin_port=0,actions=fly\n")?;
    let wrong = desk.run(&["put", name])?;
    ensure!(wrong.status.code() == Some(1), "{wrong:?}");
    ensure!(wrong.stdout.starts_with(b"error: line 2, column 19: "), "{wrong:?}");
    ensure!(flows()?.lines().count() == before.lines().count(), "rules are changed");
    let rules: String = (1..=99).map(|port| format!("tcp,tp_dst={port},actions=drop\n")).collect();
    fs::write(file, format!("pmd-perf-log-q=7\n{rules}"))?;
    desk.good(&["put", name])?;
    let (rules, set) = (flows()?, desk.good(&["exec", "--", "pmd-perf-log-set"])?);
    ensure!(rules.lines().count() == 99 && set.contains("queue 7"), "{rules}{set}");
    Ok(())
}
