//! Rules, megaflows and what becomes of packets by them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use etherparse::{Ethernet2Slice, PacketBuilder, SlicedPacket, TransportSlice};
use qemu::run_directory::RunDirectory;
use qemu::wire::Wire;

use crate::rig::{LIMIT, Rig, Session};

crate::facts![
    rules_at_the_console_switch_packets_and_new_ones_hold_for_cached_flows,
    a_switch_learns_where_stations_are,
    a_wrong_rule_is_told_with_its_column_and_changes_nothing,
    a_pmd_with_little_to_do_sleeps_as_long_as_it_may,
    rules_come_from_the_file_that_the_loader_brings,
    a_file_with_a_wrong_rule_is_told_with_its_line_and_none_of_it_holds,
];

/// How long something is waited for that must not come.
const SILENCE: Duration = Duration::from_millis(300);

/// A datagram from one host to another.
pub(crate) fn udp(from: u8, to: u8, port: u16) -> Result<Vec<u8>> {
    let mac = |host| [2, 0, 0, 0, 0, host];
    let built = PacketBuilder::ethernet2(mac(from), mac(to))
        .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
        .udp(1000, port);
    let mut bytes = Vec::new();
    built.write(&mut bytes, b"hello").context("no packet")?;
    // Ethernet's least length, which devices pad to.
    bytes.resize(bytes.len().max(60), 0);
    Ok(bytes)
}

pub(crate) fn receive(wire: &Wire) -> Result<Vec<u8>> {
    let mut buffer = [0; 2048];
    let len = wire.receive(&mut buffer, LIMIT)?.context("nothing came")?;
    Ok(buffer[..len].to_vec())
}

fn is_silent(wire: &Wire) -> Result<bool> {
    Ok(wire.receive(&mut [0; 2048], SILENCE)?.is_none())
}

fn port(frame: &[u8]) -> Result<u16> {
    match SlicedPacket::from_ethernet(frame)?.transport {
        Some(TransportSlice::Udp(udp)) => Ok(udp.destination_port()),
        other => anyhow::bail!("not a datagram: {other:?}"),
    }
}

/// Types `command`, which says nothing if all is well.
pub(crate) fn type_silently(session: &mut Session, command: &str) -> Result<()> {
    let lines = session.ask_until(command, |lines| Some(lines.to_vec()))?;
    ensure!(lines.is_empty(), "{command}: {lines:?}");
    Ok(())
}

/// The rules, none of which was met.
fn rules(session: &mut Session) -> Result<Vec<String>> {
    let lines = session.ask_until("dump-flows", |lines| Some(lines.to_vec()))?;
    let rule = |line: &String| line.strip_prefix("n_packets=0,n_bytes=0,").map(str::to_owned);
    lines.iter().map(rule).collect::<Option<_>>().with_context(|| format!("{lines:?}"))
}

/// Waits until a line of `dpctl/dump-flows` has all of `words`.
fn until_flow(session: &mut Session, words: &[&str]) -> Result<String> {
    session.ask_until("dpctl/dump-flows", |lines| {
        lines.iter().find(|line| words.iter().all(|word| line.contains(word))).cloned()
    })
}

fn rules_at_the_console_switch_packets_and_new_ones_hold_for_cached_flows(rig: &Rig) -> Result<()> {
    rig.wired()?.boot(|session| {
        let wires = session.take_wires()?;
        type_silently(session, "add-flow udp,in_port=0,tp_dst=53,actions=mod_tp_dst:54,output:1")?;
        for _ in 0..3 {
            wires[0].send(&udp(1, 2, 53)?, LIMIT)?;
            let frame = receive(&wires[1])?;
            ensure!(port(&frame)? == 54, "{frame:?}");
            let ethernet = Ethernet2Slice::from_slice_without_fcs(&frame)?;
            ensure!(ethernet.source() == [2, 0, 0, 0, 0, 1], "{ethernet:?}");
        }
        let words = ["core 1: udp,in_port=0,tp_dst=53, packets:3, bytes:180, used:"];
        let flow = until_flow(session, &words)?;
        ensure!(flow.ends_with(", actions:set_field:54->tp_dst,1"), "{flow}");
        wires[0].send(&udp(1, 2, 99)?, LIMIT)?;
        ensure!(is_silent(&wires[1])?, "a packet that no rule fits came through");
        until_flow(session, &["actions:drop(no_rule)"])?;
        type_silently(session, "replace-flows in_port=0,actions=output:1;in_port=1,actions=0")?;
        // Both flows look at more than rules do now, but only one of them does the wrong thing.
        session.ask_until("dpctl/dump-flows", |lines| lines.is_empty().then_some(()))?;
        for number in [53, 99] {
            wires[0].send(&udp(1, 2, number)?, LIMIT)?;
            ensure!(port(&receive(&wires[1])?)? == number);
        }
        until_flow(session, &["core 1: in_port=0, packets:2, "])?;
        let ledger = session.exact_ledger()?;
        ensure!((ledger.total.received, ledger.total.dropped) == (6, 1), "{ledger:?}");
        Ok(())
    })
}

fn a_switch_learns_where_stations_are(rig: &Rig) -> Result<()> {
    rig.wired()?.append("max-idle=500").boot(|session| {
        let wires = session.take_wires()?;
        type_silently(session, "add-flow actions=normal")?;
        wires[0].send(&udp(1, 2, 5)?, LIMIT)?;
        ensure!(port(&receive(&wires[1])?)? == 5);
        session.ask_until(
            "ofproto/trace in_port=1,dl_src=02:00:00:00:00:02,dl_dst=02:00:00:00:00:01",
            |lines| lines.iter().any(|line| line == "Datapath actions: 0").then_some(()),
        )?;
        // Station 1 answers nobody behind its own port.
        wires[0].send(&udp(3, 1, 6)?, LIMIT)?;
        ensure!(is_silent(&wires[1])?, "what is for port 0 left by port 1");
        // And moves.
        wires[1].send(&udp(1, 9, 7)?, LIMIT)?;
        ensure!(port(&receive(&wires[0])?)? == 7);
        session.ask_until("ofproto/trace in_port=0,dl_dst=02:00:00:00:00:01", |lines| {
            lines.iter().any(|line| line == "Datapath actions: 1").then_some(())
        })?;
        // Without packets all flows go.
        session.ask_until("dpctl/dump-flows", |lines| lines.is_empty().then_some(()))
    })
}

fn a_wrong_rule_is_told_with_its_column_and_changes_nothing(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let fault =
            session.one_line("add-flow in_port=0,actions=drop;in_port=1,tp_dst=80,actions=0")?;
        ensure!(fault == "error: column 34: expected tcp, udp or sctp before tp_dst", "{fault}");
        let rules = rules(session)?;
        let own = ["table=0,in_port=0 actions=output:1", "table=0,in_port=1 actions=output:0"];
        ensure!(rules == own, "{rules:?}");
        Ok(())
    })
}

/// Boots with a file of these rules, in a folder of its own, and `forward=0:1`.
fn boot_with_file(
    rig: &Rig,
    text: &str,
    check: impl FnOnce(&mut Session) -> Result<()>,
) -> Result<()> {
    let run = RunDirectory::new()?;
    let file = run.file("rules");
    std::fs::write(&file, text)?;
    let setup = rig.wired()?.append("forward=0:1").with(|machine| machine.module = Some(file));
    setup.boot(check)
}

fn rules_come_from_the_file_that_the_loader_brings(rig: &Rig) -> Result<()> {
    let text = "# what the lab wants\n\ntable=1,actions=output:1\nin_port=0,actions=goto_table:1\n";
    boot_with_file(rig, text, |session| {
        let rules = rules(session)?;
        let expected = [
            "table=0,in_port=0 actions=goto_table:1",
            "table=0,in_port=1 actions=output:0",
            "table=1 actions=output:1",
        ];
        ensure!(rules == expected, "{rules:?}");
        let wires = session.take_wires()?;
        wires[0].send(&udp(1, 2, 5)?, LIMIT)?;
        ensure!(port(&receive(&wires[1])?)? == 5);
        session.ask_until("dump-flows table=1", |lines| {
            lines.iter().any(|line| line.starts_with("n_packets=1,n_bytes=60,")).then_some(())
        })
    })
}

fn a_file_with_a_wrong_rule_is_told_with_its_line_and_none_of_it_holds(rig: &Rig) -> Result<()> {
    boot_with_file(rig, "in_port=0,actions=drop\nin_port=1,acts=drop\n", |session| {
        for told in [
            "error: configuration file: line 2, column 11: expected the name of a field, or actions=",
            "error: configuration file: none of it holds, only the command line does (faults: 1)",
        ] {
            session.look_until(|lines| lines.iter().any(|line| line == told).then_some(()))?;
        }
        let rules = rules(session)?;
        let own = ["table=0,in_port=0 actions=output:1", "table=0,in_port=1 actions=output:0"];
        ensure!(rules == own, "{rules:?}");
        Ok(())
    })
}

fn a_pmd_with_little_to_do_sleeps_as_long_as_it_may(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1 pmd-sleep-max=100").boot(|session| {
        let wires = session.take_wires()?;
        wires[0].send(&udp(1, 2, 5)?, LIMIT)?;
        ensure!(port(&receive(&wires[1])?)? == 5);
        let shown = session.ask_until("pmd-sleep-show", |lines| Some(lines.to_vec()))?;
        ensure!(shown.last().is_some_and(|line| line == "  max sleep:  100 us"), "{shown:?}");
        // Nearly all iterations sleep.
        session.ask_until("pmd-perf-show -nh", |lines| {
            let sleeping = lines.iter().find(|line| line.contains("- sleep iterations:"))?;
            let share = sleeping.split(['(', '%']).nth(1)?.trim().parse::<f64>().ok()?;
            (share > 50.0).then_some(())
        })
    })
}
