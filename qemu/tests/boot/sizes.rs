//! Frames of every length that matters: forwarded byte for byte, or dropped for the right reason.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use qemu::{reading, wire};

use crate::rig::{LIMIT, Rig, Session};

/// EtherType of a customer's VLAN tag (IEEE 802.1Q, 9.5).
const VLAN: [u8; 2] = [0x81, 0x00];
/// EtherType for experiments (IEEE 802, 9.2.3).
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

/// More than any frame.
const BUFFER: usize = 1 << 16;

crate::facts![
    frames_of_every_length_are_forwarded_or_dropped_for_the_right_reason,
    a_frame_that_is_dropped_reaches_no_wire,
    jumbo_frames_pass_where_both_ports_carry_them,
    a_jumbo_frame_is_dropped_where_only_one_port_carries_it,
];

/// What ports are told that carry jumbo frames.
pub(crate) const JUMBO: &str = "mtu_request=9000";

/// A frame of `length` bytes, with the EtherType `kind` if it is long enough.
pub(crate) fn frame(length: usize, kind: Option<[u8; 2]>) -> Vec<u8> {
    let [high, low] = kind.unwrap_or(EXPERIMENT);
    let header = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, high, low];
    let pattern = (0..).map(|position: usize| (position ^ length) as u8);
    header.into_iter().chain(pattern).take(length).collect()
}

/// Sends `frame` into port 0 and has it come out of port 1, unchanged.
pub(crate) fn forwards(session: &mut Session, frame: &[u8]) -> Result<()> {
    wire::pass([&session.wires[0], &session.wires[1]], frame, LIMIT)
}

/// Frames around the borders of an MTU of 9000 come out as they went in.
pub(crate) fn forwards_jumbo(session: &mut Session) -> Result<()> {
    for length in [60, 1514, 1515, 2048, 4097, 9013, 9014] {
        forwards(session, &frame(length, None))?;
    }
    forwards(session, &frame(9018, Some(VLAN)))
}

/// Sends `frame` into port 0, and has it be the frame number `count` that is dropped for `reason`.
fn drops(session: &mut Session, frame: &[u8], reason: &str, count: u64) -> Result<()> {
    let length = frame.len();
    session.wires[0].send(frame, LIMIT).with_context(|| format!("{length} bytes are not taken"))?;
    let is_counted = |lines: &[String]| {
        let (rows, _) = reading::drops(lines).ok()?;
        let row = rows.iter().find(|row| row.port == "0" && row.reason == reason)?;
        (row.frames == count).then_some(())
    };
    session
        .ask_until("show drops", is_counted)
        .with_context(|| format!("a frame of {length} bytes is not dropped as {reason}"))
}

fn frames_of_every_length_are_forwarded_or_dropped_for_the_right_reason(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        for (length, count) in [(1, 1), (13, 2)] {
            drops(session, &frame(length, None), "rx_invalid_packet", count)?;
        }
        for length in [14, 59, 60, 1514] {
            forwards(session, &frame(length, None))?;
        }
        for (length, count) in [(1515, 1), (1518, 2)] {
            drops(session, &frame(length, None), "oversize", count)?;
        }
        for length in [60, 1514, 1518] {
            forwards(session, &frame(length, Some(VLAN)))?;
        }
        drops(session, &frame(1519, Some(VLAN)), "oversize", 3)?;
        session.ask_until("show ledger", |lines| {
            let ledger = reading::ledger(lines).ok()?;
            let port = ledger.ports.first()?;
            let buckets = (port.received, port.forwarded, port.dropped, port.in_flight);
            (ledger.is_exact && buckets == (12, 7, 5, 0)).then_some(())
        })
    })
}

fn a_frame_that_is_dropped_reaches_no_wire(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        for length in [1, 13, 1515, 1518] {
            session.wires[0].send(&frame(length, None), LIMIT)?;
        }
        // Frames keep their order: what came before this one would come out before it.
        forwards(session, &frame(60, None))?;
        let mut buffer = vec![0; BUFFER];
        for wire in &session.wires {
            ensure!(wire.receive(&mut buffer, Duration::ZERO)?.is_none(), "a frame came out");
        }
        Ok(())
    })
}

fn jumbo_frames_pass_where_both_ports_carry_them(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").append(JUMBO).boot(|session| {
        let ports = session.ports()?;
        ensure!(ports.iter().all(|line| line.contains(", mtu 9000")), "{ports:#?}");
        forwards_jumbo(session)?;
        drops(session, &frame(9015, None), "oversize", 1)?;
        drops(session, &frame(9019, Some(VLAN)), "oversize", 2)
    })
}

fn a_jumbo_frame_is_dropped_where_only_one_port_carries_it(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").append("mtu_request=0:9000").boot(|session| {
        drops(session, &frame(9014, None), "tx_mtu_exceeded", 1)?;
        drops(session, &frame(1515, None), "tx_mtu_exceeded", 2)?;
        forwards(session, &frame(1514, None))?;
        forwards(session, &frame(1518, Some(VLAN)))
    })
}
