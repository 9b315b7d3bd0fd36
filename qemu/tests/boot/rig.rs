//! What every boot test begins with: a machine of its own in a run directory of its own.

use std::env;
use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use qemu::accel::Accelerator;
use qemu::find;
use qemu::guest::{Exit, Guest};
use qemu::machine::{Machine, Netdev, Nic, Serial};
use qemu::run_directory::RunDirectory;
use qemu::wire::Wire;

pub(crate) use qemu::asking::LIMIT;
pub(crate) use qemu::loaders::NOTHING;
pub(crate) use qemu::missing::need;

pub(crate) use crate::skipping::Skipped;

/// The longest that a boot may take. An emulator on a busy host is slow.
pub(crate) const BOOT_LIMIT: Duration = Duration::from_secs(120);

/// How often the console is looked at.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// What stands before the console's lines in the messages of [`Guest`].
const SHOWN: &str = "the console's last lines";

/// The image and the emulator.
#[derive(Clone, Debug)]
pub(crate) struct Rig {
    program: PathBuf,
    image: PathBuf,
}

impl Rig {
    /// The emulator.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn from_environment() -> Result<Self> {
        let image = env::var_os("BARECORE_IMAGE")
            .context("no image is named in BARECORE_IMAGE; run: cargo xtask test")?;
        let image = PathBuf::from(image);
        ensure!(image.is_file(), "there is no image {}", image.display());
        let program = find::program(find::QEMU).with_context(|| {
            format!("{} is missing; on Debian: apt-get install qemu-system-x86", find::QEMU)
        })?;
        Ok(Self { program, image })
    }

    /// The same with a QEMU that has the 82576.
    pub(crate) fn with_igb(&self) -> Result<Self> {
        let missing =
            || format!("no QEMU of version 8 or newer, with igb; {} may name one", find::NEWER);
        let program = find::qemu_with_igb()?.ok_or_else(|| Skipped(missing()))?;
        Ok(Self { program, image: self.image.clone() })
    }

    /// A machine with two cores and no network card, emulated, since transcripts are those of
    /// the emulator on any host.
    pub(crate) fn machine(&self) -> Result<Setup> {
        let run = RunDirectory::new()?;
        let mut machine = Machine::new(&self.image);
        machine.accelerator = Accelerator::Tcg;
        machine.com2 = Serial::File(run.file("com2"));
        Ok(Setup { program: self.program.clone(), run, machine, wires: Vec::new() })
    }

    /// The same with two network cards on wires, both taken, and [`NOTHING`] noticed.
    pub(crate) fn wired(&self) -> Result<Setup> {
        Ok(self.machine()?.wires(2)?.append("ports=all").append(NOTHING))
    }

    /// The image's path.
    pub(crate) fn image(&self) -> &PathBuf {
        &self.image
    }
}

/// A machine that does not run yet.
pub(crate) struct Setup {
    program: PathBuf,
    pub(crate) run: RunDirectory,
    pub(crate) machine: Machine,
    wires: Vec<Wire>,
}

impl Setup {
    /// Adds so many network cards with a wire each.
    pub(crate) fn wires(mut self, count: usize) -> Result<Self> {
        for _ in 0..count {
            let wire = Wire::open(&self.run, &format!("wire{}", self.wires.len()))?;
            self.machine.nics.push(Nic::new(wire.netdev()));
            self.wires.push(wire);
        }
        Ok(self)
    }

    /// Adds a network card on `netdev`.
    pub(crate) fn nic(mut self, netdev: Netdev) -> Self {
        self.machine.nics.push(Nic::new(netdev));
        self
    }

    /// Adds words to the image's command line.
    pub(crate) fn append(mut self, words: &str) -> Self {
        self.machine.append.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// Adds words to QEMU's own command line.
    pub(crate) fn words(self, line: &str) -> Self {
        self.with(|machine| machine.extra.extend(line.split_whitespace().map(str::to_owned)))
    }

    /// Adds an ACPI table of this `signature`, to whose `body` QEMU makes a right head.
    pub(crate) fn table(self, signature: &str, body: &[u8]) -> Result<Self> {
        let file = self.run.file(signature);
        fs::write(&file, body).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(self.words(&format!("-acpitable sig={signature},data={}", file.display())))
    }

    /// Changes the machine.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Machine)) -> Self {
        change(&mut self.machine);
        self
    }

    /// Starts QEMU, waits for the first prompt, and does `check`.
    pub(crate) fn boot(self, check: impl FnOnce(&mut Session) -> Result<()>) -> Result<()> {
        self.start(|session| {
            session.guest.boot(BOOT_LIMIT)?;
            check(session)
        })
    }

    /// Starts QEMU and does `check`, whose failure tells what the console showed.
    pub(crate) fn start(self, check: impl FnOnce(&mut Session) -> Result<()>) -> Result<()> {
        let Self { program, run, machine, wires } = self;
        let line = machine.command_line(&program).to_string();
        let guest = Guest::start(&program, machine, run, None)?;
        let mut session = Session { guest, wires };
        check(&mut session).map_err(|error| {
            let Session { guest, .. } = &mut session;
            // A wait that has expired has shown the console already.
            let has_shown = format!("{error:#}").contains(SHOWN);
            let tail = if has_shown { String::new() } else { guest.console().tail() };
            error.context(format!("{line}{}\n{tail}", guest.remarks()))
        })
    }
}

/// A machine that runs.
pub(crate) struct Session {
    guest: Guest,
    pub(crate) wires: Vec<Wire>,
}

impl Deref for Session {
    type Target = Guest;

    fn deref(&self) -> &Guest {
        &self.guest
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Guest {
        &mut self.guest
    }
}

impl Session {
    /// Both wires, for a session with two.
    pub(crate) fn take_wires(&mut self) -> Result<[Wire; 2]> {
        let wires = std::mem::take(&mut self.wires);
        wires.try_into().ok().context("this machine has not two wires")
    }

    /// What the console showed up to now, without the line that is not finished.
    pub(crate) fn shown(&mut self) -> Vec<String> {
        let mut lines = self.guest.console().lines();
        lines.pop();
        lines
    }

    /// Waits until `judge` finds in the finished lines of the console what it looks for.
    pub(crate) fn look_until<T>(&mut self, judge: impl Fn(&[String]) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(found) = judge(&self.shown()) {
                return Ok(found);
            }
            ensure!(Instant::now() < deadline, "not on the console after {LIMIT:?}");
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Types `command` and returns the one line of its answer.
    pub(crate) fn one_line(&mut self, command: &str) -> Result<String> {
        let answer = self.guest.command(command)?;
        match <[String; 1]>::try_from(answer) {
            Ok([line]) => Ok(line),
            Err(answer) => bail!("{command:?} is answered by {} lines: {answer:#?}", answer.len()),
        }
    }

    /// The first lines of all ports in `show ports`, which has none to show where the ledger
    /// cannot be read.
    pub(crate) fn ports(&mut self) -> Result<Vec<String>> {
        self.ask_until("show ports", |lines| {
            let ports: Vec<_> = starting(lines, "port ").into_iter().map(str::to_owned).collect();
            (!ports.is_empty()).then_some(ports)
        })
    }

    /// Types `exit` and waits for the end that it is to lead to.
    pub(crate) fn exit(&mut self) -> Result<()> {
        self.guest.console().send(b"exit\r")?;
        let exit = self.guest.wait_exit(LIMIT)?;
        ensure!(exit == Exit::Passed, "exit led to {exit:?}");
        Ok(())
    }
}

/// The lines of `lines` that begin with `start`.
pub(crate) fn starting<'a>(lines: &'a [String], start: &str) -> Vec<&'a str> {
    lines.iter().map(String::as_str).filter(|line| line.starts_with(start)).collect()
}
