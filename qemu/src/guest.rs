//! A running QEMU with its console.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::console::{Console, Listener};
use crate::machine::{Machine, Serial};
use crate::qmp::Qmp;
use crate::run_directory::RunDirectory;
use crate::sockets;

/// QEMU's status after the image's command `exit`: the debug exit device turns the byte v that
/// is written to it into (v << 1) | 1, and the image writes 0x10.
pub const PASSED: i32 = 0x10 << 1 | 1;

/// QEMU's status after a crash or panic of the image, which writes 0x11.
pub const CRASHED: i32 = 0x11 << 1 | 1;

/// How long QEMU may take to open its sockets.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(30);

/// How long our own reader may take to read the last words of a QEMU that has ended.
const CLOSE_LIMIT: Duration = Duration::from_secs(20);

/// How often a QEMU that is ending is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// How QEMU ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The image ended by `exit`.
    Passed,
    /// The image reported a crash or panic.
    Crashed,
    /// The machine was reset or switched off: status 0.
    PoweredOff,
    /// QEMU itself failed, with this status.
    Failed(i32),
    /// QEMU was ended by this signal.
    Killed(i32),
}

impl Exit {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(PASSED), _) => Self::Passed,
            (Some(CRASHED), _) => Self::Crashed,
            (Some(0), _) => Self::PoweredOff,
            (Some(code), _) => Self::Failed(code),
            (None, signal) => Self::Killed(signal.unwrap_or(0)),
        }
    }
}

/// A running QEMU. Ended when dropped, and its run directory removed.
#[derive(Debug)]
pub struct Guest {
    child: Child,
    console: Console,
    com2: Option<UnixStream>,
    qmp: Option<PathBuf>,
    complaints: PathBuf,
    run: RunDirectory,
}

impl Guest {
    /// Starts `machine` with the QEMU at `program` and connects to its console.
    ///
    /// COM1 is led to a socket in `run`; so are COM2 and the control protocol, unless the
    /// description leads them elsewhere. `listener` hears the console's bytes.
    ///
    /// # Errors
    ///
    /// QEMU does not start; the message holds what QEMU said.
    pub fn start(
        program: &Path,
        mut machine: Machine,
        run: RunDirectory,
        listener: Option<Listener>,
    ) -> Result<Self> {
        lead_into(&mut machine, &run);
        let complaints = run.file("qemu.stderr");
        let mut child = spawn(program, &machine, &complaints)?;
        let Ok((com1, com2)) = connect(&mut child, &machine) else {
            end(&mut child);
            bail!("QEMU does not start{}\n{}", said(&complaints), machine.command_line(program));
        };
        let console = Console::new(com1, listener)?;
        Ok(Self { child, console, com2, qmp: machine.qmp, complaints, run })
    }

    /// The session on COM1.
    pub fn console(&mut self) -> &mut Console {
        &mut self.console
    }

    /// Waits for the first prompt.
    ///
    /// # Errors
    ///
    /// It did not come within `limit`.
    pub fn boot(&mut self, limit: Duration) -> Result<()> {
        self.console.wait_prompt(limit).with_context(|| format!("no boot{}", self.remarks()))
    }

    /// Types `line` at the prompt and returns the lines of its answer.
    ///
    /// # Errors
    ///
    /// See [`Console::command`].
    pub fn command(&mut self, line: &str) -> Result<Vec<String>> {
        self.console.command(line)
    }

    /// Waits for a console line that holds `text`.
    ///
    /// # Errors
    ///
    /// See [`Console::expect`].
    pub fn expect(&mut self, text: &str, limit: Duration) -> Result<String> {
        self.console.expect(text, limit)
    }

    /// The log stream, once, if it leads to a socket. Whoever takes it must read it.
    pub fn take_com2(&mut self) -> Option<UnixStream> {
        self.com2.take()
    }

    /// A session with QEMU itself, which opens the socket for it last of all.
    ///
    /// # Errors
    ///
    /// QEMU does not answer.
    pub fn qmp(&self) -> Result<Qmp> {
        let socket = self.qmp.as_deref().context("this machine has no control socket")?;
        Qmp::connect(socket)
    }

    /// How QEMU ended, if it has. All that it wrote before is read by then.
    ///
    /// # Errors
    ///
    /// The system does not know the process.
    pub fn exited(&mut self) -> Result<Option<Exit>> {
        let status = self.child.try_wait().context("cannot ask for QEMU's status")?;
        if status.is_some() {
            self.console.wait_closed(CLOSE_LIMIT)?;
        }
        Ok(status.map(Exit::of))
    }

    /// Waits for QEMU to end.
    ///
    /// # Errors
    ///
    /// It is still running after `limit`.
    pub fn wait_exit(&mut self, limit: Duration) -> Result<Exit> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(exit) = self.exited()? {
                return Ok(exit);
            }
            if Instant::now() >= deadline {
                bail!("QEMU is still running after {limit:?}\n{}", self.console.tail());
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// The run directory.
    #[must_use]
    pub fn run(&self) -> &RunDirectory {
        &self.run
    }

    /// What QEMU complained about on its standard error, for a message; empty if nothing.
    #[must_use]
    pub fn remarks(&self) -> String {
        said(&self.complaints)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Leads the ports of `machine` that lead nowhere to sockets in `run`.
pub fn lead_into(machine: &mut Machine, run: &RunDirectory) {
    machine.com1 = Serial::Socket(run.file("com1"));
    if machine.com2 == Serial::Nowhere {
        machine.com2 = Serial::Socket(run.file("com2"));
    }
    machine.qmp.get_or_insert_with(|| run.file("qmp"));
}

fn spawn(program: &Path, machine: &Machine, complaints: &Path) -> Result<Child> {
    let line = machine.command_line(program);
    line.command()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(complaints).context("cannot write into the run directory")?)
        .spawn()
        .with_context(|| format!("cannot run {line}"))
}

fn connect(child: &mut Child, machine: &Machine) -> Result<(UnixStream, Option<UnixStream>)> {
    let Serial::Socket(com1) = &machine.com1 else { bail!("the console needs a socket") };
    let mut connect = |socket: &Path| {
        sockets::connect(socket, START_LIMIT, || !matches!(child.try_wait(), Ok(None)))
    };
    let com1 = connect(com1)?;
    let com2 = match &machine.com2 {
        Serial::Socket(path) => Some(connect(path)?),
        _ => None,
    };
    Ok((com1, com2))
}

/// What QEMU wrote to its standard error, apart from its remarks on sockets that wait.
fn said(complaints: &Path) -> String {
    let text = fs::read_to_string(complaints).unwrap_or_default();
    let lines: Vec<_> = text.lines().filter(|line| !line.contains(": info: ")).collect();
    if lines.is_empty() { String::new() } else { format!("; QEMU says: {}", lines.join("; ")) }
}

fn end(child: &mut Child) {
    // A process that has ended by itself cannot be killed, but is still to be waited for.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qemu_that_does_not_start_says_why() {
        let run = RunDirectory::new().unwrap();
        let machine = Machine::new(Path::new("/nonexistent"));
        let error = Guest::start(Path::new("/bin/false"), machine, run, None).unwrap_err();
        assert!(error.to_string().contains("QEMU does not start"), "{error}");
    }

    #[test]
    fn the_status_tells_a_passed_image_from_a_crashed_one_and_from_qemus_own_failure() {
        let exit = |code| Exit::of(ExitStatus::from_raw(code << 8));
        assert_eq!(exit(33), Exit::Passed);
        assert_eq!(exit(35), Exit::Crashed);
        assert_eq!(exit(1), Exit::Failed(1));
        assert_eq!(Exit::of(ExitStatus::from_raw(9)), Exit::Killed(9));
    }
}
