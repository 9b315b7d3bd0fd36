//! Bonds: one port of a switch, of several cards.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use qemu::reading;
use qemu::wire::Wire;

use crate::rig::{LIMIT, NOTHING, Rig};
use crate::sizes::frame;

crate::facts![a_bond_goes_on_by_its_backup_when_a_link_fails];

/// How long a frame may take before another is sent.
const PATIENCE: Duration = Duration::from_millis(50);

/// Sends frames by `from` until one arrives by `to`, and says how many were sent.
fn send_until_one_arrives(from: &Wire, to: &Wire) -> Result<u32> {
    let deadline = Instant::now() + LIMIT;
    let mut sent = 0;
    loop {
        from.send(&frame(60, None), LIMIT)?;
        sent += 1;
        if to.receive(&mut [0; 2048], PATIENCE)?.is_some() {
            return Ok(sent);
        }
        ensure!(Instant::now() < deadline, "of {sent} frames none arrived");
    }
}

fn a_bond_goes_on_by_its_backup_when_a_link_fails(rig: &Rig) -> Result<()> {
    let options = ["ports=all", "bond=64,active-backup,1,2", NOTHING];
    let setup = rig.machine()?.wires(3)?;
    options.into_iter().fold(setup, |setup, words| setup.append(words)).boot(|session| {
        let wires = std::mem::take(&mut session.wires);
        session.command("add-flow actions=normal")?;
        let mut sent = send_until_one_arrives(&wires[0], &wires[1])?;
        session.qmp()?.set_link(1, false)?;
        session.expect("port 1: link down", LIMIT)?;
        session.ask_until("bond/show", |lines| {
            lines.iter().any(|line| line == "active member: port 2").then_some(())
        })?;
        sent += send_until_one_arrives(&wires[0], &wires[2])?;
        session.qmp()?.set_link(1, true)?;
        session.expect("port 1: link up", LIMIT)?;
        session.ask_until("bond/show", |lines| {
            lines.iter().any(|line| line == "member port 1: enabled").then_some(())
        })?;
        sent += send_until_one_arrives(&wires[0], &wires[2])?;
        // A frame is on its wire before the iteration that sent it has ended and is counted.
        let ledger = session.ask_until("show ledger", |lines| {
            let ledger = reading::ledger(lines).ok()?;
            let is_over = ledger.total.received == u64::from(sent) && ledger.total.in_flight == 0;
            (ledger.is_exact && is_over).then_some(ledger)
        })?;
        let total = ledger.total;
        let (drops, _) = session.ask_until("show drops", |lines| reading::drops(lines).ok())?;
        // What a flow sends by the member that failed until that flow is another.
        let lost = drops.iter().filter(|row| row.reason == "tx_link_down");
        let ended = total.forwarded + lost.map(|row| row.frames).sum::<u64>();
        ensure!(total.received == u64::from(sent) && ended == total.received, "{total:?}");
        Ok(())
    })
}
