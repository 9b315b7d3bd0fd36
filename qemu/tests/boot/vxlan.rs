//! The image as the end of a tunnel, with Linux's own VXLAN device as the other end: a namespace
//! with the tunnel at port 0, a namespace with a plain interface at port 1.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use qemu::namespace::{self, Namespaces};
use qemu::reading;
use serde_json::Value;

use crate::rig::{self, LIMIT, NOTHING, Rig, Session, Setup, Skipped};

crate::facts![
    hosts_ping_and_run_tcp_and_udp_through_a_tunnel_over_ipv4,
    hosts_ping_through_a_tunnel_over_ipv6,
    what_is_too_long_for_the_tunnel_s_wire_is_dropped_and_counted_and_nothing_else,
];

/// Programs that are needed, and the Debian package of each.
const PROGRAMS: [(&str, &str); 3] =
    [("ip", "iproute2"), ("ping", "iputils-ping"), ("iperf3", "iperf3")];
/// Addresses inside of the tunnel: of the host that has it, and of the plain one.
pub(crate) const INNER: [&str; 2] = ["10.42.0.1", "10.42.0.2"];
pub(crate) const INNER6: [&str; 2] = ["fd42::1", "fd42::2"];
/// How often something is tried until the other side is ready, and when.
const ATTEMPTS: usize = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is around the inner frames.
pub(crate) struct Outer {
    /// Address of Linux's end, that of the image, and the option that the two are given by.
    linux: &'static str,
    image: &'static str,
    length: u8,
    /// Bytes of an inner packet at most.
    mtu: u32,
}

pub(crate) const V4: Outer =
    Outer { linux: "198.18.0.1", image: "198.18.0.254", length: 24, mtu: 1450 };
pub(crate) const V6: Outer = Outer { linux: "fd18::1", image: "fd18::254", length: 64, mtu: 1430 };

fn hosts_ping_and_run_tcp_and_udp_through_a_tunnel_over_ipv4(rig: &Rig) -> Result<()> {
    through_a_tunnel(rig, &V4, |session, hosts| {
        ping(hosts, &["-c", "5", "-i", "0.2"], INNER[1])?;
        ping(hosts, &["-c", "3", "-i", "0.2"], INNER6[1])?;
        // As large as fits the tunnel: 28 bytes are headers of IPv4 and ICMP.
        ping(hosts, &["-c", "3", "-i", "0.2", "-M", "do", "-s", "1422"], INNER[1])?;
        // And fragments of what does not.
        ping(hosts, &["-c", "3", "-i", "0.2", "-s", "4000"], INNER[1])?;
        iperf(hosts, &["--bidir"], "sum_received")?;
        iperf(hosts, &["--udp", "--bitrate", "5M", "--length", "1400"], "sum")?;
        passes_are_two_for_what_came_out(session)?;
        the_endpoint_answers(hosts)
    })
}

fn hosts_ping_through_a_tunnel_over_ipv6(rig: &Rig) -> Result<()> {
    through_a_tunnel(rig, &V6, |_, hosts| {
        ping(hosts, &["-c", "5", "-i", "0.2"], INNER[1])?;
        ping(hosts, &["-c", "3", "-i", "0.2", "-M", "do", "-s", "1402"], INNER[1])?;
        iperf(hosts, &[], "sum_received")?;
        let mut ping = hosts.command(0, "ping");
        output(ping.args(["-c", "3", "-i", "0.2", "-w", "60", V6.image])).map(drop)
    })
}

/// A frame of the plain host that the tunnel's headers make longer than the wire allows is lost, each
/// one counted; the longest that fits is not.
fn what_is_too_long_for_the_tunnel_s_wire_is_dropped_and_counted_and_nothing_else(
    rig: &Rig,
) -> Result<()> {
    through_a_tunnel(rig, &V4, |session, hosts| {
        ping(hosts, &["-c", "3", "-i", "0.2"], INNER[1])?;
        ip(hosts, 1, &format!("ip link set {} mtu 1500", hosts.name(1)))?;
        let before = session.ask_until("show drops", |lines| reading::drops(lines).ok())?;
        for size in ["1472", "1423"] {
            let mut ping = hosts.command(1, "ping");
            let lost =
                ping.args(["-c", "1", "-W", "1", "-M", "do", "-s", size, INNER[0]]).output()?;
            ensure!(!lost.status.success(), "{size} bytes came through");
        }
        let mut ping = hosts.command(1, "ping");
        let fits = ["-c", "1", "-W", "60", "-M", "do", "-s", "1422", INNER[0]];
        output(ping.args(fits))?;
        let (rows, total) = session.ask_until("show drops", |lines| reading::drops(lines).ok())?;
        let lost = rows.iter().find(|row| row.reason == "tx_mtu_exceeded");
        ensure!(lost.is_some_and(|row| row.port == "1" && row.frames == 2), "{rows:#?}");
        ensure!(total == before.1 + 2, "{rows:#?}, {before:#?} before");
        Ok(())
    })
}

pub(crate) fn through_a_tunnel(
    rig: &Rig,
    outer: &Outer,
    check: impl FnOnce(&mut Session, &Namespaces) -> Result<()>,
) -> Result<()> {
    rig::need(&PROGRAMS)?;
    namespace::available().map_err(|error| Skipped(format!("{error:#}")))?;
    let hosts = Namespaces::create()?;
    can_have_tunnels(&hosts)?;
    let setup = rig.machine()?.nic(hosts.netdev(0)).nic(hosts.netdev(1));
    tunnel_options(setup, outer).boot(|session| {
        hosts.plug_in()?;
        equip(&hosts, outer)?;
        for rule in ["in_port=1,actions=output:32", "in_port=32,actions=output:1"] {
            let said =
                session.ask_until(&format!("add-flow {rule}"), |lines| Some(lines.to_vec()))?;
            ensure!(said.is_empty(), "{said:?}");
        }
        check(session, &hosts)?;
        session.exact_ledger().map(drop)
    })
}

/// Whether this host's kernel knows VXLAN.
fn can_have_tunnels(hosts: &Namespaces) -> Result<()> {
    let mut add = hosts.command(0, "ip");
    add.args(["link", "add", "probe", "type", "vxlan", "id", "1", "dstport", "4789"]);
    output(&mut add).map_err(|error| Skipped(format!("no VXLAN on this host: {error:#}")))?;
    output(hosts.command(0, "ip").args(["link", "del", "probe"])).map(drop)
}

fn tunnel_options(setup: Setup, outer: &Outer) -> Setup {
    let Outer { linux, image, length, .. } = outer;
    setup
        .append(NOTHING)
        .append(&format!("ports=all vtep=0,{image}/{length} vxlan=32,remote_ip={linux},key=42"))
}

/// Gives the first host a tunnel to the image over its tap, and both their inner addresses.
fn equip(hosts: &Namespaces, outer: &Outer) -> Result<()> {
    let Outer { linux, image, length, mtu } = outer;
    for side in [0, 1] {
        let sysctl = ["-qw", "net.ipv6.conf.all.disable_ipv6=0"];
        output(hosts.command(side, "sysctl").args(sysctl))?;
        let sysctl = ["-qw", "net.ipv6.conf.default.disable_ipv6=0"];
        output(hosts.command(side, "sysctl").args(sysctl))?;
    }
    let tap = hosts.name(0);
    let own = format!("sysctl -qw net.ipv6.conf.{tap}.disable_ipv6=0");
    ip(hosts, 0, &own)?;
    if linux.contains(':') {
        ip(hosts, 0, &format!("ip address add {linux}/{length} dev {tap} nodad"))?;
    }
    ip(
        hosts,
        0,
        &format!("ip link add vx type vxlan id 42 remote {image} dstport 4789 dev {tap}"),
    )?;
    ip(hosts, 0, &format!("ip link set vx mtu {mtu} up"))?;
    let plain = hosts.name(1);
    let own = format!("sysctl -qw net.ipv6.conf.{plain}.disable_ipv6=0");
    ip(hosts, 1, &own)?;
    ip(hosts, 1, &format!("ip link set {plain} mtu {mtu}"))?;
    for (side, device) in [(0, "vx"), (1, plain)] {
        ip(hosts, side, &format!("ip address add {}/24 dev {device}", INNER[side]))?;
        ip(hosts, side, &format!("ip address add {}/64 dev {device} nodad", INNER6[side]))?;
    }
    Ok(())
}

/// Runs the words of `line` as a command of the host on `side`.
pub(crate) fn ip(hosts: &Namespaces, side: usize, line: &str) -> Result<()> {
    let mut words = line.split(' ');
    let program = words.next().context("no program")?;
    output(hosts.command(side, program).args(words)).map(drop)
}

/// Has the host with the tunnel reach the other by every question but those that taught the way.
pub(crate) fn ping(hosts: &Namespaces, options: &[&str], address: &str) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        let mut ping = hosts.command(0, "ping");
        let done = ping.args(options).args(["-W", "2", address]).output()?;
        let text = String::from_utf8_lossy(&done.stdout);
        if done.status.success() && text.contains(" 0% packet loss") {
            return Ok(());
        }
        thread::sleep(LOOK_AGAIN);
    }
    bail!("{address} is not reached with {options:?}")
}

pub(crate) fn iperf(hosts: &Namespaces, options: &[&str], sum: &str) -> Result<()> {
    let mut server = hosts
        .command(1, "iperf3")
        .args(["--server", "--one-off", "--bind", INNER[1]])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run iperf3")?;
    let report = client(hosts, options);
    // It ends by itself after one client; where there was none, it must not stay.
    let _ = server.kill();
    let _ = server.wait();
    let report = report?;
    let bytes = report.pointer(&format!("/end/{sum}/bytes")).and_then(Value::as_u64);
    ensure!(bytes.is_some_and(|bytes| bytes > 0), "nothing arrived ({sum}): {report}");
    Ok(())
}

/// What iperf3's client reports, which is run again where the server does not listen yet.
fn client(hosts: &Namespaces, options: &[&str]) -> Result<Value> {
    for _ in 0..ATTEMPTS {
        let mut client = hosts.command(0, "iperf3");
        client.args(["--client", INNER[1], "--time", "5", "--json"]).args(options);
        let done = client.output().context("cannot run iperf3")?;
        let report: Value =
            serde_json::from_slice(&done.stdout).context("iperf3 printed no JSON")?;
        let Some(error) = report.get("error").and_then(Value::as_str) else { return Ok(report) };
        ensure!(error.contains("Connection refused"), "the connection was lost: {error}");
        thread::sleep(LOOK_AGAIN);
    }
    bail!("iperf3's server does not listen")
}

/// What came out of the tunnel was looked up twice, what went in once.
fn passes_are_two_for_what_came_out(session: &mut Session) -> Result<()> {
    let lines = session.ask_until("pmd-perf-show -nh", |lines| Some(lines.to_vec()))?;
    let passes = lines.iter().find_map(|line| line.trim().strip_prefix("Datapath passes:"));
    let passes = passes.with_context(|| format!("no passes: {lines:#?}"))?;
    let each = passes.split(['(', ' ']).filter_map(|word| word.parse::<f64>().ok()).nth(1);
    ensure!(each.is_some_and(|each| (1.2..1.8).contains(&each)), "{passes}");
    let flows = session.ask_until("dpctl/dump-flows", |lines| Some(lines.to_vec()))?;
    for words in ["actions:tnl_pop", "tun_id=0x2a", "actions:tnl_push(0)"] {
        ensure!(flows.iter().any(|line| line.contains(words)), "no {words}: {flows:#?}");
    }
    Ok(())
}

/// The image's own address answers ping, beside the tunnel.
fn the_endpoint_answers(hosts: &Namespaces) -> Result<()> {
    let mut ping = hosts.command(0, "ping");
    let text = output(ping.args(["-c", "5", "-i", "0.2", "-w", "60", V4.image]))?;
    ensure!(text.contains(" 0% packet loss"), "{text}");
    Ok(())
}

pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {text}{said}");
    Ok(text)
}
