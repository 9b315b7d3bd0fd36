//! Programs that take turns on one processor: one runs, the others are stopped.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ::hosted::Setup;
use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process, setpriority_process};

use super::knobs::Knobs;

/// Windows of a turn, how long each lasts, and how long a program runs before the first.
const WINDOWS: usize = 8;
const WINDOW: Duration = Duration::from_millis(5);
const SETTLE: Duration = Duration::from_millis(10);
/// The best nice value.
const FIRST: i32 = -20;

/// Cycles of a packet, or of an iteration that brings none, in each window of a turn.
pub(super) type Turn = Vec<f64>;

/// Who takes turns.
pub(super) trait Contender {
    /// Runs for a little, and says what it took.
    fn turn(&mut self) -> Result<Turn>;
}

/// This project's dataplane.
#[derive(Debug)]
pub(super) struct Ours {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// How often the time-stamp counter counts in a second.
    pub(super) hertz: f64,
}

impl Ours {
    /// Starts `program`, set up so, whose polls bring `burst` frames.
    pub(super) fn start(program: &Path, setup: &Setup, burst: u32) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["peer", "--path", setup.path.name(), "--burst", &burst.to_string()])
            .args(["--flows", &setup.flows.to_string(), "--masks", &setup.masks.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run hosted")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (input, output) = input.zip(output).context("hosted has no pipes")?;
        let mut ours = Self { child, input, output: BufReader::new(output), hertz: 0.0 };
        ours.hertz = ours.numbers()?.first().copied().context("hosted says no frequency")?;
        Ok(ours)
    }

    /// The numbers of the next line.
    fn numbers(&mut self) -> Result<Turn> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let numbers = line.split_whitespace().map(str::parse);
        numbers.collect::<Result<_, _>>().with_context(|| format!("not numbers: {line:?}"))
    }
}

impl Contender for Ours {
    fn turn(&mut self) -> Result<Turn> {
        writeln!(self.input, "go")?;
        self.numbers()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A program that uses DPDK, by the thread that polls.
#[derive(Debug)]
pub(super) struct Polling {
    pub(super) process: u32,
    pub(super) thread: u32,
    pub(super) hertz: f64,
    pub(super) knobs: Knobs,
    /// Whether packets are counted, or iterations over both ports.
    pub(super) is_fed: bool,
}

impl Polling {
    /// Has it run on, or stop.
    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        let process = Pid::from_raw(self.process.cast_signed()).context("no process")?;
        Ok(kill_process(process, signal)?)
    }

    /// Has the thread come before all others.
    pub(super) fn first(&self) -> Result<()> {
        let _permitted = fs::write(format!("/proc/{}/autogroup", self.process), "-20");
        let thread = Pid::from_raw(self.thread.cast_signed());
        Ok(setpriority_process(thread, FIRST)?)
    }

    fn window(&self) -> Result<f64> {
        let (counts, waited, start) = (self.knobs.counts()?, self.waited()?, Instant::now());
        sleep(WINDOW);
        let (after, elapsed) = (self.knobs.counts()?, start.elapsed());
        let ran = elapsed.saturating_sub(self.waited()?.saturating_sub(waited));
        let units = match self.is_fed {
            true => after.received - counts.received,
            false => (after.polls - counts.polls) / 2,
        };
        ensure!(units > 0, "a program that is measured does nothing");
        Ok(ran.as_secs_f64() * self.hertz / units as f64)
    }

    /// How long the thread could have run and had no processor (proc(5), schedstat).
    fn waited(&self) -> Result<Duration> {
        let path = format!("/proc/{}/task/{}/schedstat", self.process, self.thread);
        let text = fs::read_to_string(path)?;
        let nanos = text.split_whitespace().nth(1).and_then(|nanos| nanos.parse().ok());
        Ok(Duration::from_nanos(nanos.context("no schedstat")?))
    }
}

impl Contender for Polling {
    fn turn(&mut self) -> Result<Turn> {
        self.signal(Signal::CONT)?;
        sleep(SETTLE);
        let turn = (0..WINDOWS).map(|_| self.window()).collect();
        self.signal(Signal::STOP)?;
        turn
    }
}

/// The thread of `process` whose name begins with `name`.
pub(super) fn thread(process: u32, name: &str) -> Result<u32> {
    for entry in fs::read_dir(format!("/proc/{process}/task"))? {
        let path = entry?.path();
        if fs::read_to_string(path.join("comm"))?.starts_with(name) {
            let number = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            return number.context("no number");
        }
    }
    anyhow::bail!("no thread {name}")
}
