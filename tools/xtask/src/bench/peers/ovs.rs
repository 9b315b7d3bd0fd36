//! Open vSwitch with DPDK: a database, a switch and bridges of its own, in a network namespace of its
//! own.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;

use super::knobs::Knobs;
use super::stage::Stage;
use super::turns::{Polling, thread};

/// The program, as Debian packages it.
pub(super) const PROGRAM: &str = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk";
const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";
/// How long anything may take to start.
const LIMIT: Duration = Duration::from_secs(60);

/// It, while it runs.
#[derive(Debug)]
pub(super) struct Ovs {
    folder: PathBuf,
    programs: Vec<Child>,
    pub(super) polling: Polling,
}

/// What its bridges look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bridges {
    /// One over both ports, 1 and 2.
    Plain,
    /// One over port 2 and a tunnel, 10, that ends at another over port 1.
    Tunnel,
}

impl Ovs {
    /// Starts it with these bridges.
    pub(super) fn start(stage: &Stage, bridges: Bridges, hertz: f64) -> Result<Self> {
        let folder = stage.folder.join(format!("{bridges:?}"));
        fs::create_dir_all(&folder)?;
        let knobs = Knobs::new(folder.join("knobs"))?;
        let polling = Polling { process: 0, thread: 0, hertz, knobs, is_fed: true };
        let mut ovs = Self { folder, programs: Vec::new(), polling };
        ovs.start_database()?;
        ovs.configure(stage)?;
        ovs.start_switch(stage)?;
        match bridges {
            Bridges::Plain => ovs.bridge("br0", &[(0, 1), (1, 2)])?,
            Bridges::Tunnel => ovs.tunnel()?,
        }
        ovs.polling.thread =
            ovs.until(|ovs| thread(ovs.polling.process, &format!("pmd-c{:02}", stage.polls)).ok())?;
        ovs.polling.first()?;
        Ok(ovs)
    }

    fn start_database(&mut self) -> Result<()> {
        self.tool("ovsdb-tool", &["create", &self.file("conf.db"), SCHEMA])?;
        let mut server = self.command("ovsdb-server");
        server.arg(self.file("conf.db")).arg(format!("--remote=punix:{}", self.file("db.sock")));
        server.arg(format!("--unixctl={}", self.file("db.ctl"))).arg("-vconsole:off");
        self.programs.push(server.spawn().context("cannot run ovsdb-server")?);
        self.until(|ovs| fs::exists(ovs.file("db.sock")).ok()?.then_some(()))?;
        self.vsctl(&["--no-wait", "init"])
    }

    fn configure(&self, stage: &Stage) -> Result<()> {
        let extra = format!(
            "--no-pci --huge-dir {} --file-prefix {:x} -n 1",
            stage.huge().display(),
            std::process::id()
        );
        self.set(&[
            ("dpdk-init", "true"),
            ("pmd-cpu-mask", &format!("{:#x}", 1_u128 << stage.polls)),
            ("dpdk-lcore-mask", &format!("{:#x}", 1_u128 << stage.rest)),
            ("dpdk-alloc-mem", "512"),
            ("dpdk-extra", &extra),
            ("pmd-perf-metrics", "false"),
            ("smc-enable", "false"),
        ])
    }

    fn start_switch(&mut self, stage: &Stage) -> Result<()> {
        let mut switch = stage.fed(PROGRAM, self.polling.knobs.path());
        switch.arg(format!("unix:{}", self.file("db.sock")));
        switch.arg(format!("--unixctl={}", self.file("switch.ctl")));
        switch.arg(format!("--pidfile={}", self.file("switch.pid")));
        switch.arg(format!("--log-file={}", self.file("switch.log")));
        switch.args(["-vconsole:off"]).env("OVS_RUNDIR", &self.folder);
        switch.stderr(File::create(self.file("switch.err"))?);
        self.programs.push(switch.spawn().context("cannot run ovs-vswitchd")?);
        self.polling.process = self.until(|ovs| {
            let number = fs::read_to_string(ovs.file("switch.pid")).ok()?;
            fs::exists(ovs.file("switch.ctl")).ok()?.then_some(())?;
            number.trim().parse().ok()
        })?;
        Ok(())
    }

    /// A bridge over null ports, each with its number in rules.
    fn bridge(&self, name: &str, ports: &[(u16, u16)]) -> Result<()> {
        let bridge = ["--", "set", "bridge", name, "datapath_type=netdev", "fail-mode=secure"];
        self.vsctl(&[&["add-br", name], &bridge[..]].concat())?;
        for (null, number) in ports {
            let (port, request) = (format!("p{null}"), format!("ofport_request={number}"));
            let device = format!("options:dpdk-devargs=net_null{null},size=64,copy=0");
            let interface = ["--", "set", "Interface", &port, "type=dpdk", &device, &request];
            self.vsctl(&[&["add-port", name, &port], &interface[..]].concat())?;
        }
        Ok(())
    }

    /// Both bridges of a tunnel, with the ends that [`::hosted::Setup`] has.
    fn tunnel(&self) -> Result<()> {
        self.bridge("br-phy", &[(0, 1)])?;
        self.vsctl(&["set", "bridge", "br-phy", "other-config:hwaddr=02:00:00:00:00:0a"])?;
        self.rules(
            "br-phy",
            &["in_port=1,actions=LOCAL".into(), "in_port=LOCAL,actions=1".into()],
        )?;
        let process = self.polling.process.to_string();
        for words in ["addr add 172.16.1.1/24 dev br-phy", "link set br-phy up"] {
            let inside = ["-t", &process, "-n", "ip"];
            self.tool("nsenter", &[&inside[..], &words.split(' ').collect::<Vec<_>>()].concat())?;
        }
        self.bridge("br0", &[(1, 2)])?;
        let options = ["options:remote_ip=172.16.1.2", "options:key=100", "ofport_request=10"];
        let port = ["add-port", "br0", "vx", "--", "set", "Interface", "vx", "type=vxlan"];
        self.vsctl(&[&port[..], &options[..]].concat())?;
        sleep(Duration::from_secs(1));
        self.appctl(&["tnl/neigh/set", "br-phy", "172.16.1.2", "02:00:00:00:00:0b"]).map(drop)
    }

    /// Sets keys of `other_config`.
    pub(super) fn set(&self, settings: &[(&str, &str)]) -> Result<()> {
        let words: Vec<String> =
            settings.iter().map(|(key, value)| format!("other_config:{key}=\"{value}\"")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.vsctl(&[&["--no-wait", "set", "Open_vSwitch", "."], &words[..]].concat())
    }

    /// Puts `rules` in the place of all that `bridge` has, and forgets all megaflows.
    pub(super) fn rules(&self, bridge: &str, rules: &[String]) -> Result<()> {
        let file = self.file("rules");
        fs::write(&file, rules.join("\n") + "\n")?;
        self.tool("ovs-ofctl", &["-O", "OpenFlow13", "replace-flows", bridge, &file])
    }

    /// Waits until it does what it is to do by now: megaflows are ranked each second.
    pub(super) fn settle(&self) -> Result<()> {
        sleep(Duration::from_millis(2500));
        self.appctl(&["dpif-netdev/pmd-stats-clear"])?;
        sleep(Duration::from_secs(1));
        Ok(())
    }

    /// What a command of ovs-appctl answers.
    pub(super) fn appctl(&self, words: &[&str]) -> Result<String> {
        self.ask("ovs-appctl", &[&["-t", &self.file("switch.ctl")], words].concat())
    }

    fn vsctl(&self, words: &[&str]) -> Result<()> {
        let database = format!("--db=unix:{}", self.file("db.sock"));
        self.tool("ovs-vsctl", &[&["--timeout=60", &database], words].concat())
    }

    fn tool(&self, program: &str, words: &[&str]) -> Result<()> {
        self.ask(program, words).map(drop)
    }

    fn ask(&self, program: &str, words: &[&str]) -> Result<String> {
        let output = self.command(program).args(words).output();
        let output = output.with_context(|| format!("cannot run {program}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {}: {said}", words.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for key in ["OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"] {
            command.env(key, &self.folder);
        }
        command
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Waits until `found` finds something.
    fn until<T>(&mut self, found: impl Fn(&Self) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(found) = found(self) {
                return Ok(found);
            }
            let is_gone = self.programs.iter_mut().any(|it| !matches!(it.try_wait(), Ok(None)));
            ensure!(!is_gone && Instant::now() < deadline, "see {}", self.folder.display());
            sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ovs {
    fn drop(&mut self) {
        let _may_be_gone = self.polling.signal(Signal::CONT);
        for program in self.programs.iter_mut().rev() {
            let _gone = program.kill();
            let _gone = program.wait();
        }
    }
}
