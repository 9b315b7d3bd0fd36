//! Frames of every length that matters: forwarded byte for byte, or dropped for the right reason.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use qemu::reading;

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
];

/// A frame of `length` bytes, with the EtherType `kind` if it is long enough.
pub(crate) fn frame(length: usize, kind: Option<[u8; 2]>) -> Vec<u8> {
    let [high, low] = kind.unwrap_or(EXPERIMENT);
    let header = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, high, low];
    let pattern = (0..).map(|position: usize| (position ^ length) as u8);
    header.into_iter().chain(pattern).take(length).collect()
}

/// Sends `frame` into port 0 and has it come out of port 1, unchanged.
pub(crate) fn forwards(session: &mut Session, frame: &[u8]) -> Result<()> {
    let length = frame.len();
    session.wires[0].send(frame, LIMIT).with_context(|| format!("{length} bytes are not taken"))?;
    let mut buffer = vec![0; BUFFER];
    let came = session.wires[1].receive(&mut buffer, LIMIT)?;
    let came = came.with_context(|| format!("a frame of {length} bytes did not come out"))?;
    ensure!(&buffer[..came] == frame, "a frame of {length} bytes came out as {came} others");
    Ok(())
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
