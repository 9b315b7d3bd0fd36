//! One boot, from the first byte on the console to the end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ::qemu::accel::Accelerator;
use ::qemu::guest::{Exit, Guest};
use ::qemu::machine::Machine;
use ::qemu::run_directory::RunDirectory;
use anyhow::{Result, bail, ensure};
use pmdstat::raw_input::{RawInput, is_interactive};

use super::capture::Capture;
use super::feed::{Feed, Plugs};
use super::options::Options;
use super::recorded::{self, Recorded};
use super::verdict::{self, STALL};
use crate::log;
use crate::terminal::{self, Display};

/// How long the image may take to its first prompt. An emulator on a busy host is slow.
const BOOT_LIMIT: Duration = Duration::from_secs(60);

/// How long somebody with a debugger may take.
const DEBUG_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the image may take to end.
const EXIT_LIMIT: Duration = Duration::from_secs(20);

/// How long the answer to a line of a pipe or a file may take: hwlat measures for as long as it is told.
const ANSWER_LIMIT: Duration = Duration::from_secs(60 * 60);

/// How often a running guest is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long traffic runs before the stall, where nobody says how long it runs in all.
const BEFORE_STALL: Duration = Duration::from_secs(1);

/// A guest with its display.
pub(super) struct Session {
    options: Options,
    guest: Guest,
    display: Display,
    /// Ends when the guest has.
    logs: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts QEMU; console and logs are shown from here on.
    ///
    /// # Errors
    ///
    /// QEMU does not start.
    pub(super) fn start(
        options: Options,
        program: &Path,
        machine: Machine,
        run: RunDirectory,
    ) -> Result<Self> {
        let is_raw = options.seconds().is_none() && is_interactive();
        let display = if is_raw { Display::raw() } else { Display::lines() };
        if machine.accelerator == Accelerator::Tcg {
            display.remark("emulated (tcg): all times are the emulator's, not a processor's");
        }
        let console = display.clone();
        let image = machine.image.clone();
        let Recorded { stream, console: mut file } = Recorded::begin()?;
        let listener = Box::new(move |bytes: &[u8]| {
            recorded::keep(&mut file, bytes);
            console.console(bytes);
        });
        let mut guest = Guest::start(program, machine, run, Some(listener))?;
        let logs = read_stream(&mut guest, &image, display.clone(), stream);
        Ok(Self { options, guest, display, logs })
    }

    /// Boots, feeds and shows the guest until its time is over or the user leaves.
    ///
    /// # Errors
    ///
    /// The image does not boot, ends early, or the verdict is bad.
    pub(super) fn run(mut self, plugs: Plugs, capture: Option<&Capture>) -> Result<()> {
        let limit = if self.options.waits_for_debugger() { DEBUG_LIMIT } else { BOOT_LIMIT };
        self.guest.boot(limit)?;
        let feed = plugs.start(self.options.traffic(), capture, self.options.rate())?;
        match self.options.seconds() {
            Some(seconds) => self.unattended(feed, capture, Duration::from_secs(seconds)),
            None => self.attended(&feed),
        }
    }

    fn unattended(
        mut self,
        mut feed: Feed,
        capture: Option<&Capture>,
        time: Duration,
    ) -> Result<()> {
        self.stay(time / 2)?;
        self.guest.command(STALL)?;
        self.stay(time / 2)?;
        feed.drain()?;
        let verdict = verdict::ask(&mut self.guest, feed.counts()?);
        let replay = capture.map_or(Ok(()), |capture| feed.check_replay(capture));
        let end = self.end_guest();
        verdict?.conclude()?;
        end?;
        replay
    }

    /// Shows the console until the user leaves or the guest ends.
    fn attended(mut self, feed: &Feed) -> Result<()> {
        self.stay(BEFORE_STALL)?;
        self.guest.command(STALL)?;
        let exit = self.hand_over()?;
        let [there, back] = feed.counts()?;
        eprintln!(
            "\nframes from port 0 to 1: {} offered, {} delivered; from 1 to 0: {} offered, {} delivered",
            there.offered, there.delivered, back.offered, back.delivered
        );
        match exit {
            None | Some(Exit::Passed | Exit::PoweredOff) => Ok(()),
            Some(exit) => bail!("the guest ended badly: {exit:?}{}", self.guest.remarks()),
        }
    }

    fn hand_over(&mut self) -> Result<Option<Exit>> {
        if !is_interactive() {
            return self.type_lines(&terminal::lines(io::stdin()));
        }
        self.display.remark("the keyboard is yours; Ctrl-] leaves");
        let _raw = RawInput::new()?;
        let leaves = terminal::pass_input(self.guest.console().keyboard()?);
        loop {
            if let Some(exit) = self.exited()? {
                return Ok(Some(exit));
            }
            if leaves.try_recv() != Err(TryRecvError::Empty) {
                return Ok(None);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Types the lines of a pipe or a file. Their end is the guest's, if there were any.
    fn type_lines(&mut self, lines: &Receiver<String>) -> Result<Option<Exit>> {
        let mut are_none = true;
        loop {
            if let Some(exit) = self.exited()? {
                return Ok(Some(exit));
            }
            match lines.recv_timeout(LOOK_AGAIN) {
                Ok(line) => {
                    are_none = false;
                    self.type_line(&line)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if are_none => thread::sleep(LOOK_AGAIN),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Types a line, and waits for its answer or the guest's end.
    fn type_line(&mut self, line: &str) -> Result<()> {
        let Err(error) = self.guest.console().command_within(line, ANSWER_LIMIT) else {
            return Ok(());
        };
        self.guest.wait_exit(EXIT_LIMIT).map(drop).map_err(|_| error)
    }

    /// Lets `time` pass while the guest runs.
    fn stay(&mut self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            if let Some(exit) = self.exited()? {
                bail!("the guest ended before its time: {exit:?}{}", self.guest.remarks());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(LOOK_AGAIN));
        }
    }

    /// How the guest ended, if it has; its last log is shown by then.
    fn exited(&mut self) -> Result<Option<Exit>> {
        let exit = self.guest.exited()?;
        let logs = if exit.is_some() { self.logs.take() } else { None };
        if let Some(Err(_)) = logs.map(JoinHandle::join) {
            self.display.remark("log: the reader failed");
        }
        Ok(exit)
    }

    fn end_guest(&mut self) -> Result<()> {
        self.guest.console().send(b"exit\r")?;
        let exit = self.guest.wait_exit(EXIT_LIMIT)?;
        self.exited()?;
        ensure!(exit == Exit::Passed, "the guest ended badly: {exit:?}{}", self.guest.remarks());
        Ok(())
    }
}

/// Reads the stream to its end, whatever is in it, into `file`; shows its logs.
fn read_stream(
    guest: &mut Guest,
    image: &Path,
    display: Display,
    mut file: File,
) -> Option<JoinHandle<()>> {
    let mut stream = guest.take_com2()?;
    let mut reader = log::Reader::new(image)
        .inspect_err(|error| display.remark(&format!("log: not shown: {error:#}")))
        .ok();
    Some(thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            recorded::keep(&mut file, &buffer[..length]);
            let lines = reader.iter_mut().flat_map(|reader| reader.read(&buffer[..length]));
            lines.for_each(|line| display.remark(&line));
        }
    }))
}
