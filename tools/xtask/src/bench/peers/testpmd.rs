//! DPDK's own forwarder.

use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;

use super::knobs::Knobs;
use super::stage::Stage;
use super::turns::{Polling, thread};

/// How long it may take to start.
const LIMIT: Duration = Duration::from_secs(60);

/// It, forwarding between two ports with other addresses on Ethernet.
#[derive(Debug)]
pub(super) struct Testpmd {
    child: Child,
    pub(super) polling: Polling,
}

impl Testpmd {
    /// Starts it, stopped.
    pub(super) fn start(stage: &Stage, hertz: f64) -> Result<Self> {
        let knobs = Knobs::new(stage.folder.join("testpmd.knobs"))?;
        let log = stage.folder.join("testpmd.log");
        let cores = format!("{},{}", stage.rest, stage.polls);
        let mut command = stage.fed("dpdk-testpmd", knobs.path());
        command.args(["-l", &cores, "-n", "1", "--no-pci", "-m", "192", "--file-prefix", "tp"]);
        command.arg("--huge-dir").arg(stage.huge());
        for port in 0..2 {
            command.args(["--vdev", &format!("net_null{port},size=64,copy=0")]);
        }
        command.args(["--", "--nb-cores=1", "--forward-mode=mac", "--burst=32", "-i"]);
        command.arg("--total-num-mbufs=16384");
        command
            .stdin(Stdio::piped())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?);
        let mut child = command.spawn()?;
        let deadline = Instant::now() + LIMIT;
        while !std::fs::read_to_string(&log)?.contains("testpmd>") {
            ensure!(
                child.try_wait()?.is_none() && Instant::now() < deadline,
                "see {}",
                log.display()
            );
            sleep(Duration::from_millis(100));
        }
        if let Some(input) = &mut child.stdin {
            writeln!(input, "start")?;
        }
        sleep(Duration::from_millis(500));
        let process = child.id();
        let name = format!("rte-worker-{}", stage.polls);
        let thread = thread(process, &name).or_else(|_| thread(process, "lcore-worker"))?;
        let polling = Polling { process, thread, hertz, knobs, is_fed: true };
        polling.first()?;
        polling.signal(Signal::STOP)?;
        Ok(Self { child, polling })
    }
}

impl Drop for Testpmd {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
