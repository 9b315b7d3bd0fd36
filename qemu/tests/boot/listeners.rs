//! The stream by TCP, at the port that core 0 has for itself: to whoever connects to it, on networks that
//! need no rights on the host.

use std::io::{ErrorKind, Read as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use qemu::frames::Frames;
use qemu::machine::{Model, Netdev, Nic};
use qemu::reading::{self, number};
use qemu::traffic::{Pace, Source, Traffic};
use smoltcp::wire::{IpAddress, IpCidr};

use crate::peer::Peer;
use crate::rig::{LIMIT, LOOK_AGAIN, NOTHING, Rig, Session, starting};
use crate::stream::Heard;

crate::facts![
    two_who_connect_hear_greeting_events_and_statistics_and_a_third_is_refused,
    who_hangs_up_may_connect_again_and_is_greeted,
    a_machine_whose_only_port_is_that_of_core_0_is_heard,
    who_reads_nothing_stops_no_packet_and_is_told_what_was_not_sent,
    a_stream_for_the_network_without_a_port_for_it_is_one_line,
];

/// The TCP port of the stream.
const STREAM: u16 = 7878;
/// Where the image is in the network inside QEMU.
const IMAGE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 2, 15), STREAM);
/// The longest wait for bytes before it is looked whether that is enough.
const WAIT: Duration = Duration::from_millis(20);

/// Events, of which the store and what is on its way to a listener hold fewer.
const MANY: u64 = 4000;

static NEXT: AtomicU8 = AtomicU8::new(1);

/// An address of this host that no other test has.
fn address() -> SocketAddrV4 {
    let [_, _, high, low] = process::id().to_be_bytes();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    SocketAddrV4::new(Ipv4Addr::new(127, high.max(1), low, number), STREAM)
}

/// Somebody of this host who listens.
struct Listener {
    connection: TcpStream,
    heard: Vec<u8>,
}

impl Listener {
    fn connect(host: SocketAddrV4) -> Result<Self> {
        let connection = TcpStream::connect(host).context("QEMU does not listen")?;
        connection.set_read_timeout(Some(WAIT))?;
        Ok(Self { connection, heard: Vec::new() })
    }

    /// Hears a little more. False if the connection has ended.
    fn hear(&mut self) -> Result<bool> {
        let mut bytes = [0; 65536];
        match self.connection.read(&mut bytes) {
            Ok(count) => {
                self.heard.extend(&bytes[..count]);
                Ok(count > 0)
            }
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Hears until `judge` is content. It must be in order, from a greeting on.
    fn hear_until(&mut self, judge: impl Fn(&Heard) -> bool) -> Result<Heard> {
        let end = Instant::now() + LIMIT;
        loop {
            ensure!(self.hear()?, "the connection ended");
            let heard = Heard::midway(&self.heard);
            ensure!(heard.damages == 0 && heard.gaps == 0, "{heard:?}");
            ensure!(heard.greetings > 0 || heard.frames == 0, "no greeting first: {heard:?}");
            if judge(&heard) {
                return Ok(heard);
            }
            ensure!(Instant::now() < end, "{heard:?}");
        }
    }
}

/// A machine with two ports on wires and one for core 0 in QEMU's network, which `host` leads to.
fn with_listeners(
    rig: &Rig,
    more: &str,
    check: impl FnOnce(&mut Session, SocketAddrV4) -> Result<()>,
) -> Result<()> {
    let host = address();
    let setup = rig.machine()?.wires(2)?.nic(Netdev::User { host, guest: IMAGE });
    let own = "ports=all forward=0:1 stream=net mgmt=2,10.0.2.15/24,10.0.2.2";
    setup.append(NOTHING).append(own).append(more).boot(|session| check(session, host))
}

/// Waits until so many listen.
fn expect_listeners(session: &mut Session, count: usize) -> Result<()> {
    let words = format!(" listeners={count} ");
    let is_so = |lines: &[String]| lines.iter().any(|line| line.contains(&words)).then_some(());
    session.ask_until("show ports", is_so)
}

fn two_who_connect_hear_greeting_events_and_statistics_and_a_third_is_refused(
    rig: &Rig,
) -> Result<()> {
    with_listeners(rig, "pmd-perf-log-us=900000", |session, host| {
        let mut both = [Listener::connect(host)?, Listener::connect(host)?];
        expect_listeners(session, 2)?;
        let mut third = Listener::connect(host)?;
        let end = Instant::now() + LIMIT;
        while third.hear()? {
            ensure!(Instant::now() < end, "a third is not refused");
        }
        ensure!(third.heard.is_empty(), "a third hears something");
        // On a busy host it may fall into the window of another one. Then there is that.
        session.command("stall 1 1000000")?;
        let [first, second] = &mut both;
        let heard = first.hear_until(|heard| !heard.wholes.is_empty() && heard.amounts > 20)?;
        let event = heard.wholes[0].event;
        let other = second.hear_until(|heard| heard.has(event) && heard.amounts > 20)?;
        let shown = reading::iterations(&session.command(&format!("show event {event}"))?);
        let numbers: Vec<u64> = shown.iter().rev().map(|row| row.number).collect();
        ensure!(numbers.len() >= 11, "{shown:#?}");
        ensure!(
            heard.rows(event) == numbers && other.rows(event) == numbers,
            "{numbers:?} {heard:?}"
        );
        session.exit()
    })
}

fn who_hangs_up_may_connect_again_and_is_greeted(rig: &Rig) -> Result<()> {
    with_listeners(rig, "", |session, host| {
        for _ in 0..4 {
            let mut listener = Listener::connect(host)?;
            listener.hear_until(|heard| heard.greetings > 0 && heard.amounts > 0)?;
            expect_listeners(session, 1)?;
            drop(listener);
            expect_listeners(session, 0)?;
        }
        session.exit()
    })
}

fn a_machine_whose_only_port_is_that_of_core_0_is_heard(rig: &Rig) -> Result<()> {
    for model in [Model::Virtio, Model::E1000e] {
        let host = address();
        let nic = Nic { model, ..Nic::new(Netdev::User { host, guest: IMAGE }) };
        let setup =
            rig.machine()?.append("ports=all stream=net mgmt=52:54:00:ba:5e:00,10.0.2.15/24");
        setup.with(|machine| machine.nics.push(nic)).boot(|session| {
            Listener::connect(host)?.hear_until(|heard| heard.greetings > 1)?;
            session.exit()
        })?;
    }
    Ok(())
}

/// It is alive and answers, but its window is closed: nothing waits for it but a few frames.
fn who_reads_nothing_stops_no_packet_and_is_told_what_was_not_sent(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(3)?.append(NOTHING);
    let own = "ports=all forward=0:1 stream=net mgmt=2,10.0.2.15/24 event-store=1";
    setup.append(own).boot(|session| {
        let wire = session.wires.pop().context("no third wire")?;
        let own = IpCidr::new(IpAddress::v4(10, 0, 2, 2), 24);
        let peer = Peer::connect(wire, own, (IpAddress::v4(10, 0, 2, 15), STREAM).into());
        peer.hear_until(|bytes| (Heard::midway(bytes).amounts > 0).then_some(()))?;
        peer.set_deaf(true);
        flood(session)?;
        carry(session)?;
        peer.set_deaf(false);
        let events = number(&session.one_line("mark the end")?, "event")?;
        let heard = peer.hear_until(|bytes| {
            let heard = Heard::midway(bytes);
            let ended = heard.wholes.len() as u64 + heard.notes + heard.unsent;
            (ended == events).then_some(heard)
        })?;
        ensure!(heard.unsent > 0 && heard.damages == 0 && heard.gaps == 0, "{heard:?}");
        session.exit()
    })
}

/// Has every iteration be suspicious for a while, and again until there were more events than can wait.
fn flood(session: &mut Session) -> Result<()> {
    let end = Instant::now() + LIMIT;
    loop {
        session.command("pmd-perf-log-set -us 0")?;
        session.command("pmd-perf-log-set -us 4294967295")?;
        let sums = session.ask_until("show events", |lines| {
            let sums = starting(lines, "triggers=").pop()?.to_owned();
            (number(&sums, "pending").ok()? == 0).then_some(sums)
        })?;
        if number(&sums, "dumped")? > MANY {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{sums}");
    }
}

/// Has frames go both ways, none of which may be lost but for want of room in a ring.
fn carry(session: &mut Session) -> Result<()> {
    let wires = session.take_wires()?;
    let sources = [0, 1].map(|side| Some(Box::new(Frames::mixed(side)) as Source));
    let mut traffic = Traffic::start(wires, sources, Pace::per_second(1000));
    let end = Instant::now() + LIMIT;
    while traffic.counts().iter().any(|count| count.delivered < 1000) {
        ensure!(Instant::now() < end, "{:?}", traffic.counts());
        thread::sleep(LOOK_AGAIN);
    }
    traffic.halt()?;
    traffic.drain(LIMIT);
    let counts = traffic.finish()?;
    let ledger = session.expect_ledger(counts)?;
    // A busy host may be slow to take frames from the wire.
    ensure!(ledger.drops.iter().all(|row| row.reason == "tx_ring_full"), "{ledger}");
    Ok(())
}

fn a_stream_for_the_network_without_a_port_for_it_is_one_line(rig: &Rig) -> Result<()> {
    let lines = ["", "mgmt=9,10.0.0.1/8"].map(|more| {
        rig.wired()?.append("stream=net").append(more).boot(|session| {
            let told = session.shown().into_iter().filter(|line| line.contains("mgmt"));
            let told: Vec<String> = told.collect();
            session.exit()?;
            let [.., last] = &told[..] else { bail!("nothing is told") };
            let words = "error: stream=net: there is no port of mgmt=, so nobody hears the stream";
            ensure!(last == words, "{told:?}");
            let expected = if more.is_empty() { 1 } else { 2 };
            ensure!(told.len() == expected, "{told:?}");
            Ok(())
        })
    });
    lines.into_iter().collect()
}
