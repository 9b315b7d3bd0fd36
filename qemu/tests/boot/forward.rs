//! Frames of port 0 leave by port 1 and back, and every one is accounted for.

use anyhow::{Context as _, Result, ensure};
use qemu::frames::Frames;
use qemu::reading;

use crate::carry::{carry_all, carry_both_ways};
use crate::rig::{LIMIT, NOTHING, Rig, Session};
use crate::sizes::frame;

/// Frames into each port.
const FRAMES: usize = 20_000;

crate::facts![
    frames_go_both_ways_unchanged_in_order_and_counted,
    frames_of_odd_kinds_are_carried_unread,
    three_ports_of_which_two_are_joined_share_a_ledger,
    without_a_rule_every_frame_is_dropped_and_counted,
];

fn frames_go_both_ways_unchanged_in_order_and_counted(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        carry_both_ways(session, FRAMES)?;
        let frames = |side| Frames::mixed(side).take(FRAMES);
        let bytes = [0, 1].map(|side| frames(side).map(|frame| frame.len() as u64).sum::<u64>());
        expect_ports(session, FRAMES as u64, bytes)
    })
}

/// Has each port show that it received and sent so many frames, and that its ring is empty.
fn expect_ports(session: &mut Session, frames: u64, bytes: [u64; 2]) -> Result<()> {
    let figures = |port: usize| {
        let (rx, tx) = (bytes[port], bytes[port ^ 1]);
        format!(
            "  rx frames={frames} bytes={rx} lies=0 missed=n/a  \
             tx frames={frames} bytes={tx} ring-pending=0"
        )
    };
    let wanted = [figures(0), figures(1)];
    session.ask_until("show ports", |lines| {
        wanted.iter().all(|line| lines.contains(line)).then_some(())
    })
}

fn frames_of_odd_kinds_are_carried_unread(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let kinds = [[0x08, 0x00], [0x86, 0xdd], [0x08, 0x06], [0x00, 0x26], [0xff, 0xff]];
        let frames = kinds.into_iter().cycle().zip(14..=1514);
        let frames = frames.map(|(kind, length)| frame(length, Some(kind)));
        carry_all(session, [Some(Box::new(frames)), None])
    })
}

fn three_ports_of_which_two_are_joined_share_a_ledger(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(3)?.append("ports=all forward=0:2").append(NOTHING);
    setup.boot(|session| {
        let sent = frame(60, None);
        session.wires[0].send(&sent, LIMIT)?;
        session.wires[1].send(&sent, LIMIT)?;
        let mut buffer = [0; 2048];
        let came = session.wires[2].receive(&mut buffer, LIMIT)?.context("nothing came out")?;
        ensure!(buffer[..came] == sent, "something else came out");
        session.ask_until("show ledger", |lines| {
            let ledger = reading::ledger(lines).ok()?;
            let ports: Vec<_> = ledger
                .ports
                .iter()
                .map(|it| (it.received, it.forwarded, it.dropped, it.in_flight))
                .collect();
            let wanted = [(1, 1, 0, 0), (1, 0, 1, 0), (0, 0, 0, 0)];
            (ledger.is_exact && ports == wanted).then_some(())
        })
    })
}

fn without_a_rule_every_frame_is_dropped_and_counted(rig: &Rig) -> Result<()> {
    const DROPPED: usize = 500;
    rig.wired()?.boot(|session| {
        for sent in Frames::mixed(0).take(DROPPED) {
            session.wires[0].send(&sent, LIMIT)?;
        }
        session.ask_until("show drops", |lines| {
            let (rows, total) = reading::drops(lines).ok()?;
            let only = rows.iter().all(|it| it.reason == "no_rule" && it.port == "0");
            (only && total == DROPPED as u64).then_some(())
        })?;
        let ledger = session.exact_ledger()?;
        ensure!(ledger.total.forwarded == 0, "{ledger:?}");
        Ok(())
    })
}
