//! DPDK's own forwarder, as Debian has it, with two virtio devices that QEMU is connected to.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use qemu::run_directory::RunDirectory;

use crate::rig::{self, BOOT_LIMIT, LIMIT, Skipped};

/// The program, and the Debian package that has it.
const PROGRAM: (&str, &str) = ("dpdk-testpmd", "dpdk-dev");

/// How often its words are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// It runs on ordinary pages, by any processors, and looks at no hardware.
const ENVIRONMENT: &str = "--no-huge --no-shconf --no-pci --no-telemetry -m 256";
const FORWARDING: &str =
    "--nb-cores=1 --forward-mode=io --total-num-mbufs=8192 --auto-start --disable-link-check";

/// What it says when it forwards, and when it has ended in order.
const STARTED: &str = "Press enter to exit";
const ENDED: &str = "Bye...";

/// It, forwarding frames of each device to the other as they are.
pub(crate) struct Testpmd {
    child: Child,
    input: ChildStdin,
    folder: RunDirectory,
    pairs: u8,
}

impl Testpmd {
    /// Starts it with devices of so many pairs of queues. Skips the test where it cannot be.
    pub(crate) fn start(pairs: u8) -> Result<Self> {
        rig::need(&[PROGRAM])?;
        let folder = RunDirectory::new()?;
        let log = File::create(folder.file("log"))?;
        // Else its words stay in a buffer while it runs.
        let mut command = Command::new("stdbuf");
        command.args(["-oL", PROGRAM.0]).args(ENVIRONMENT.split(' '));
        command.arg(format!("--lcores=(0,1)@({})", processors()?));
        for device in 0..2 {
            let socket = folder.file(&format!("device{device}"));
            let device = format!("net_vhost{device},iface={},queues={pairs}", socket.display());
            command.args(["--vdev", &device]);
        }
        command.arg("--").args(FORWARDING.split(' '));
        command.args([format!("--rxq={pairs}"), format!("--txq={pairs}")]);
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        let mut child = command.spawn().context("cannot run dpdk-testpmd")?;
        let input = child.stdin.take().context("testpmd has no standard input")?;
        let mut testpmd = Self { child, input, folder, pairs };
        let started = testpmd.wait(BOOT_LIMIT, |said| said.contains(STARTED));
        match started {
            Err(_) if testpmd.has_ended()? => bail!(Skipped(testpmd.why())),
            result => result.map(|()| testpmd),
        }
    }

    /// Where `device` waits for QEMU.
    pub(crate) fn socket(&self, device: u8) -> PathBuf {
        self.folder.file(&format!("device{device}"))
    }

    /// Waits until all queues of both devices are in use: what comes for others is dropped.
    pub(crate) fn wait_ready(&mut self) -> Result<()> {
        let queues = (0..2 * self.pairs).flat_map(|queue| (0..2).map(move |it| (it, queue)));
        let enabled: Vec<_> = queues
            .map(|(device, queue)| {
                let socket = self.socket(device);
                format!("({}) set queue enable: 1 to qp idx: {queue}", socket.display())
            })
            .collect();
        self.wait(LIMIT, |said| enabled.iter().all(|line| said.contains(line)))
    }

    /// Ends it, and has it have forwarded so many frames of each device, and dropped none.
    pub(crate) fn expect_forwarded(&mut self, frames: [u64; 2]) -> Result<()> {
        writeln!(self.input)?;
        self.wait(LIMIT, |said| said.contains(ENDED))?;
        let said = self.said()?;
        for (device, [came, left]) in [frames, [frames[1], frames[0]]].into_iter().enumerate() {
            let title = format!("Forward statistics for port {device} ");
            let (_, figures) = said.split_once(&title).context("no statistics")?;
            let figures: Vec<_> = figures.split_whitespace().skip(1).take(12).collect();
            let wanted = [("RX", came), ("TX", left)].map(|(way, count)| {
                format!("{way}-packets: {count} {way}-dropped: 0 {way}-total: {count}")
            });
            ensure!(figures.join(" ") == wanted.join(" "), "{figures:?} and not {wanted:?}");
        }
        Ok(())
    }

    /// Waits until `judge` is content with what it said.
    fn wait(&mut self, limit: Duration, judge: impl Fn(&str) -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let has_ended = self.has_ended()?;
            let said = self.said()?;
            if judge(&said) {
                return Ok(());
            }
            let may_go_on = !has_ended && Instant::now() < deadline;
            ensure!(may_go_on, "testpmd said only:\n{said}");
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    fn said(&self) -> Result<String> {
        let bytes = fs::read(self.folder.file("log")).context("no log of testpmd")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Why it did not start.
    fn why(&self) -> String {
        let said = self.said().unwrap_or_default();
        let is_reason = |line: &&str| line.contains("rror") || line.contains("ause");
        let reason = said.lines().find(is_reason).unwrap_or("it says nothing");
        format!("dpdk-testpmd does not start: {reason}")
    }
}

impl Drop for Testpmd {
    fn drop(&mut self) {
        // It has ended, or a check has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processors that this process may run on, as Linux lists them (proc(5)).
fn processors() -> Result<String> {
    let status = fs::read_to_string("/proc/self/status").context("no /proc")?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(list.context("/proc/self/status lists no processors")?.trim().to_owned())
}
