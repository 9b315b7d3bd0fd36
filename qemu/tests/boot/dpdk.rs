//! virtio as DPDK implements it: the image's cards have their queues in `dpdk-testpmd`, which hands
//! on the frames of one to the other.
//!
//! ```text
//! wire 0 - port 0 - port 2 - testpmd - port 3 - port 1 - wire 1
//! ```

use std::thread;

use anyhow::{Result, anyhow, ensure};
use etherparse::PacketBuilder;
use qemu::frames::{ip, mac};
use qemu::machine::Netdev;
use qemu::traffic::Count;
use qemu::wire::Wire;

use crate::namespaces::expect_both_queues;
use crate::packed::agreed;
use crate::rig::{LIMIT, Rig, Session};
use crate::testpmd::Testpmd;

crate::facts![
    frames_go_both_ways_through_packed_queues_of_dpdk_and_none_is_lost,
    frames_go_both_ways_through_split_queues_of_dpdk_and_none_is_lost,
];

/// Connections each way, and frames of each that are under way at once: all fit into one ring.
const CONNECTIONS: u16 = 32;
const AT_ONCE: u16 = 3;
/// How often: the rings of a queue wrap ten times.
const ROUNDS: u16 = 60;
/// Sizes of frames that follow each other; those of the longest are what an Ethernet carries.
const SIZES: [usize; 5] = [64, 65, 512, 1514, 128];
/// From the port number of one connection to that of the next: they differ in many bits, so that
/// hashes of some are for either queue, whatever they begin with.
const STEP: u16 = 2039;
/// Bytes of a frame before its payload, and where in a frame the sender's port number is.
const HEADERS: usize = 14 + 20 + 8;
const PORT: usize = 14 + 20;

/// Ports that testpmd has the queues of.
const OUTSIDE: [usize; 2] = [2, 3];
const PAIRS: u8 = 2;

fn frames_go_both_ways_through_packed_queues_of_dpdk_and_none_is_lost(rig: &Rig) -> Result<()> {
    go_both_ways(rig, true)
}

fn frames_go_both_ways_through_split_queues_of_dpdk_and_none_is_lost(rig: &Rig) -> Result<()> {
    go_both_ways(rig, false)
}

fn go_both_ways(rig: &Rig, is_packed: bool) -> Result<()> {
    let mut testpmd = Testpmd::start(PAIRS)?;
    let socket = |port| Netdev::VhostUser { socket: testpmd.socket(port), pairs: PAIRS };
    let setup = rig.wired()?.append("forward=0:2,3:1 n_rxq=2 tx-steering=hash");
    let setup = setup.nic(socket(0)).nic(socket(1)).with(|machine| {
        machine.cores = 3;
        let rings = if is_packed { "packed=on" } else { "packed=off" };
        machine.nics[2..].iter_mut().for_each(|nic| nic.properties.push(rings.into()));
    });
    setup.boot(|session| {
        for port in OUTSIDE {
            let agreed = agreed(session, port)?;
            ensure!(agreed.contains("VIRTIO_F_RING_PACKED") == is_packed, "{port}: {agreed}");
        }
        testpmd.wait_ready()?;
        let counts = exchange(&session.take_wires()?)?;
        session.expect_ledger(counts)?;
        OUTSIDE.iter().try_for_each(|port| expect_port(session, *port, counts[0].offered))?;
        testpmd.expect_forwarded(counts.map(|count| count.offered))
    })
}

/// Has `port` show that both its queues brought frames, so many together, that it sent as many, and
/// that its device told the truth.
fn expect_port(session: &mut Session, port: usize, frames: u64) -> Result<()> {
    expect_both_queues(session, port)?;
    session.ask_until("show ports", |lines| {
        let at = lines.iter().position(|line| line.starts_with(&format!("port {port}: ")))?;
        let figures = lines.get(at + 1)?;
        let words = ["rx", "tx"].map(|way| format!(" {way} frames={frames} bytes="));
        let is_all = words.iter().all(|word| figures.contains(word));
        (is_all && figures.contains(" lies=0 ")).then_some(())
    })
}

/// Sends frames of all connections into both wires, and has them come out of the other, again and again.
fn exchange(wires: &[Wire; 2]) -> Result<[Count; 2]> {
    let mut counts = [Count::default(); 2];
    for round in 0..ROUNDS {
        let sent = [frames(0, round)?, frames(1, round)?];
        for (count, (sent, came)) in counts.iter_mut().zip(sent.iter().zip(pass(wires, &sent)?)) {
            expect_alike(sent, &came)?;
            count.offered += sent.len() as u64;
            count.delivered += came.len() as u64;
        }
    }
    Ok(counts)
}

/// Sends frames into both wires, and returns what comes out of the other of each. It is received
/// meanwhile: QEMU spins while it has a frame that its wire does not take.
fn pass(wires: &[Wire; 2], sent: &[Vec<Vec<u8>>; 2]) -> Result<[Vec<Vec<u8>>; 2]> {
    thread::scope(|scope| {
        let came = [0, 1].map(|side| {
            let (wire, count) = (&wires[side ^ 1], sent[side].len());
            scope.spawn(move || receive(wire, count))
        });
        for (wire, frames) in wires.iter().zip(sent) {
            frames.iter().try_for_each(|frame| wire.send(frame, LIMIT))?;
        }
        let [there, back] = came.map(|came| came.join().map_err(|_| anyhow!("a thread panicked")));
        Ok([there??, back??])
    })
}

/// Waits for so many frames.
fn receive(wire: &Wire, count: usize) -> Result<Vec<Vec<u8>>> {
    let mut buffer = vec![0; 1 << 16];
    let mut frames = Vec::new();
    while frames.len() < count {
        let Some(length) = wire.receive(&mut buffer, LIMIT)? else { break };
        frames.push(buffer[..length].to_vec());
    }
    Ok(frames)
}

/// Has all frames come unchanged, those of one connection in order.
fn expect_alike(sent: &[Vec<u8>], came: &[Vec<u8>]) -> Result<()> {
    let of = |frames: &[Vec<u8>], connection: u16| -> Vec<Vec<u8>> {
        let port = (connection * STEP).to_be_bytes();
        let is_of = |frame: &&Vec<u8>| frame.get(PORT..PORT + 2) == Some(&port);
        frames.iter().filter(is_of).cloned().collect()
    };
    ensure!(sent.len() == came.len(), "{} frames of {} came out", came.len(), sent.len());
    for connection in 0..CONNECTIONS {
        let is_alike = of(sent, connection) == of(came, connection);
        ensure!(is_alike, "frames of connection {connection} came out otherwise");
    }
    Ok(())
}

/// The frames of a round from `side`: some of each connection in turn.
fn frames(side: u8, round: u16) -> Result<Vec<Vec<u8>>> {
    let numbers = (0..AT_ONCE).flat_map(|number| (0..CONNECTIONS).map(move |it| (number, it)));
    numbers.map(|(number, connection)| frame(side, connection, round * AT_ONCE + number)).collect()
}

fn frame(side: u8, connection: u16, number: u16) -> Result<Vec<u8>> {
    let size = SIZES[usize::from(number + connection) % SIZES.len()];
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(size - HEADERS, side);
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(mac(side), mac(side ^ 1))
        .ipv4(ip(side), ip(side ^ 1), 64)
        .udp(connection * STEP, 4000)
        .write(&mut frame, &payload)?;
    Ok(frame)
}
