//! Real traffic: two network namespaces of the Linux host talk through the image.
//!
//! Each has nothing but a tap, which leads to one of the image's ports. The image negotiates no
//! offloads, so the host's kernel hands over what would go over a wire: segments of at most 1514
//! bytes with checksums of their own.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use qemu::namespace::{self, Counters, Namespaces};
use qemu::traffic::Count;
use serde_json::Value;

use crate::rig::{self, NOTHING, Rig, Session, Skipped};

/// How long TCP runs.
const SECONDS: &str = "10";

/// How long frames may be under way after the last was sent.
const DRAIN: Duration = Duration::from_secs(1);

/// How often counters are read until two readings agree. Hosts may ask for each other's address
/// at any time.
const READINGS: usize = 20;

/// How often the client is started until the server listens, and when.
const ATTEMPTS: usize = 100;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Programs that are needed, and the Debian package of each.
const PROGRAMS: [(&str, &str); 3] =
    [("ip", "iproute2"), ("ping", "iputils-ping"), ("iperf3", "iperf3")];

crate::facts![
    two_hosts_ping_and_run_tcp_through_it_and_the_ledger_agrees_with_their_counters,
    connections_are_spread_over_queues_and_pmds_and_the_ledger_agrees,
    frames_may_be_steered_to_transmit_queues_by_their_connections,
];

/// Connections at a time, each way, that are spread over queues.
const CONNECTIONS: &str = "8";

fn two_hosts_ping_and_run_tcp_through_it_and_the_ledger_agrees_with_their_counters(
    rig: &Rig,
) -> Result<()> {
    rig::need(&PROGRAMS)?;
    namespace::available().map_err(|error| Skipped(format!("{error:#}")))?;
    let hosts = Namespaces::create()?;
    let setup = rig.machine()?.nic(hosts.netdev(0)).nic(hosts.netdev(1));
    setup.append(NOTHING).append("ports=all forward=0:1").boot(|session| {
        hosts.plug_in()?;
        ping(&hosts, 0)?;
        ping(&hosts, 1)?;
        run_tcp(&hosts, "1")?;
        let counters = settled(&hosts)?;
        agree(session, counters)
    })
}

fn connections_are_spread_over_queues_and_pmds_and_the_ledger_agrees(rig: &Rig) -> Result<()> {
    with_queues(rig, "")
}

fn frames_may_be_steered_to_transmit_queues_by_their_connections(rig: &Rig) -> Result<()> {
    with_queues(rig, "tx-steering=hash")
}

/// Runs several connections each way through ports with two pairs of queues and two PMDs.
fn with_queues(rig: &Rig, more: &str) -> Result<()> {
    rig::need(&PROGRAMS)?;
    namespace::available().map_err(|error| Skipped(format!("{error:#}")))?;
    let hosts = Namespaces::with_pairs(2)?;
    let setup = rig.machine()?.nic(hosts.netdev(0)).nic(hosts.netdev(1));
    let setup = setup.append(NOTHING).append("ports=all forward=0:1 n_rxq=2").append(more);
    setup.with(|machine| machine.cores = 3).boot(|session| {
        let ports = session.ports()?;
        let are_two = |line: &String| line.ends_with(", core 1+2, rxq 2 of 2");
        ensure!(ports.len() == 2 && ports.iter().all(are_two), "{ports:#?}");
        hosts.plug_in()?;
        ping(&hosts, 0)?;
        run_tcp(&hosts, CONNECTIONS)?;
        let counters = settled(&hosts)?;
        agree(session, counters)?;
        (0..2).try_for_each(|port| expect_both_queues(session, port))
    })
}

/// Has both queues of `port` have brought frames, and all frames of the port together.
pub(crate) fn expect_both_queues(session: &mut Session, port: usize) -> Result<()> {
    let lines = session.command(&format!("show port {port} queues"))?;
    let number = |line: &str| -> Option<u64> {
        let (_, number) = line.split_once("rx frames=")?;
        number.split(' ').next()?.parse().ok()
    };
    let frames: Vec<u64> = lines.iter().filter_map(|line| number(line)).collect();
    let [all, queues @ ..] = frames.as_slice() else { bail!("no figures: {lines:#?}") };
    let all_have_some = queues.len() == 2 && queues.iter().all(|frames| *frames > 0);
    ensure!(all_have_some && queues.iter().sum::<u64>() == *all, "{lines:#?}");
    Ok(())
}

/// Has the host on `side` reach the other.
fn ping(hosts: &Namespaces, side: usize) -> Result<()> {
    let other = hosts.address(side ^ 1);
    let mut ping = hosts.command(side, "ping");
    let text = output(ping.args(["-c", "5", "-i", "0.2", "-w", "60", other]))?;
    ensure!(text.contains("5 received"), "{text}");
    Ok(())
}

/// Runs TCP in both directions at once, over so many connections, which must last to the end.
fn run_tcp(hosts: &Namespaces, connections: &str) -> Result<()> {
    let mut server = hosts
        .command(1, "iperf3")
        .args(["--server", "--one-off", "--bind", hosts.address(1)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run iperf3")?;
    let result = run_client(hosts, connections);
    // It ends by itself after one client; where there was none, it must not stay.
    let _ = server.kill();
    let _ = server.wait();
    result
}

fn run_client(hosts: &Namespaces, connections: &str) -> Result<()> {
    let report = report(hosts, connections)?;
    for sum in ["sum_received", "sum_received_bidir_reverse"] {
        let bytes = report.pointer(&format!("/end/{sum}/bytes")).and_then(Value::as_u64);
        ensure!(bytes.is_some_and(|bytes| bytes > 0), "nothing arrived ({sum}): {report}");
    }
    Ok(())
}

/// What iperf3's client reports, which is run again where the server does not listen yet.
fn report(hosts: &Namespaces, connections: &str) -> Result<Value> {
    for _ in 0..ATTEMPTS {
        let mut client = hosts.command(0, "iperf3");
        client.args(["--client", hosts.address(1), "--time", SECONDS, "--bidir", "--json"]);
        client.args(["--parallel", connections]);
        let output = client.output().context("cannot run iperf3")?;
        let report: Value =
            serde_json::from_slice(&output.stdout).context("iperf3 printed no JSON")?;
        // It fails with the status of success (iperf 3.12).
        let Some(error) = report.get("error").and_then(Value::as_str) else { return Ok(report) };
        ensure!(error.contains("Connection refused"), "the connection was lost: {error}");
        thread::sleep(LOOK_AGAIN);
    }
    bail!("iperf3's server does not listen")
}

/// The counters of both taps, once they have not changed for the time of a drain.
fn settled(hosts: &Namespaces) -> Result<[Counters; 2]> {
    let read = || Ok::<_, anyhow::Error>([hosts.counters(0)?, hosts.counters(1)?]);
    let mut last = read()?;
    for _ in 0..READINGS {
        thread::sleep(DRAIN);
        let now = read()?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
    bail!("the hosts do not stop talking: {last:?}")
}

/// Has the image's ledger agree with `counters` to the frame.
fn agree(session: &mut Session, [first, second]: [Counters; 2]) -> Result<()> {
    let count = |offered: Counters, delivered: Counters| Count {
        offered: offered.into_guest,
        delivered: delivered.from_guest,
        ..Count::default()
    };
    let ledger = session.expect_ledger([count(first, second), count(second, first)])?;
    // TCP finds out how much a way can carry by filling its rings.
    let only_full = ledger.drops.iter().all(|row| row.reason == "tx_ring_full");
    ensure!(only_full, "frames were dropped: {:?}", ledger.drops);
    let total = ledger.image.total;
    ensure!(total.received > 1000, "hardly anything went through: {total:?}");
    Ok(())
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{command:?} failed: {text}");
    Ok(text)
}
