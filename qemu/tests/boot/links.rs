//! Links that go down while frames come for them.

use std::time::Instant;

use anyhow::{Result, ensure};
use qemu::reading;

use crate::rig::{LIMIT, Rig, Session};
use crate::sizes::frame;

crate::facts![frames_for_a_link_that_is_down_are_dropped_for_that_reason];

/// Frames that come while the link is known to be down.
const FRAMES: u64 = 100;
/// Lengths of frames that are told apart.
const SHORT: usize = 60;
const LONG: usize = 200;
/// What drops of such frames are counted as.
const REASON: &str = "tx_link_down";

fn frames_for_a_link_that_is_down_are_dropped_for_that_reason(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let mut qmp = session.qmp()?;
        drops_while_down(session, &mut |is_up| qmp.set_link(1, is_up))
    })
}

/// Has `plug` pull out the cable of port 1 and plug it in again: meanwhile frames for it are dropped,
/// each is accounted for, and afterwards they leave by it as before.
pub(crate) fn drops_while_down(
    session: &mut Session,
    plug: &mut dyn FnMut(bool) -> Result<()>,
) -> Result<()> {
    plug(false)?;
    session.expect("port 1: link down", LIMIT)?;
    let mut sent = send_until(session, 0, |before, now| now > before)?;
    let before = dropped(session)?;
    send(session, FRAMES, SHORT)?;
    sent += FRAMES;
    settle(session, sent)?;
    let now = dropped(session)?;
    ensure!(now == before + FRAMES, "{before} drops before {FRAMES} frames came, then {now}");
    plug(true)?;
    session.expect("port 1: link up", LIMIT)?;
    sent = send_until(session, sent, |before, now| now == before)?;
    let before = dropped(session)?;
    send(session, FRAMES, LONG)?;
    settle(session, sent + FRAMES)?;
    ensure!(dropped(session)? == before, "frames are dropped though the link is up");
    let (mut buffer, deadline) = ([0; 2048], Instant::now() + LIMIT);
    for number in 0..FRAMES {
        // What was in the ring when the cable went comes before.
        while session.wires[1].receive(&mut buffer, LIMIT)? != Some(LONG) {
            ensure!(Instant::now() < deadline, "{number} of {FRAMES} frames came out");
        }
    }
    Ok(())
}

/// Sends frames one by one, beyond `sent`, until drops before and after one are as `is_so` wants. PMDs
/// hear of a link a moment later than the console. Returns how many frames were sent by then.
fn send_until(
    session: &mut Session,
    mut sent: u64,
    is_so: impl Fn(u64, u64) -> bool,
) -> Result<u64> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let before = dropped(session)?;
        send(session, 1, SHORT)?;
        sent += 1;
        settle(session, sent)?;
        let now = dropped(session)?;
        if is_so(before, now) {
            return Ok(sent);
        }
        ensure!(Instant::now() < deadline, "of {sent} frames {now} were dropped");
    }
}

fn send(session: &Session, frames: u64, length: usize) -> Result<()> {
    (0..frames).try_for_each(|_| Ok(session.wires[0].send(&frame(length, None), LIMIT)?))
}

/// Frames that were dropped because the link that they were for is down.
fn dropped(session: &mut Session) -> Result<u64> {
    session.ask_until("show drops", |lines| {
        let (rows, _) = reading::drops(lines).ok()?;
        let own = rows.iter().filter(|row| row.port == "0" && row.reason == REASON);
        Some(own.map(|row| row.frames).sum())
    })
}

/// Waits until each of `sent` frames has ended: forwarded or dropped, and none twice.
fn settle(session: &mut Session, sent: u64) -> Result<()> {
    session.ask_until("show ledger", |lines| {
        let ledger = reading::ledger(lines).ok()?;
        let total = ledger.total;
        let is_whole = total.received == sent && total.forwarded + total.dropped == sent;
        (ledger.is_exact && total.in_flight == 0 && is_whole).then_some(())
    })
}
