//! Frames that are captured, and the text that they are handed out in.

use anyhow::{Context as _, Result, ensure};
use perf::capture::{End, Head, Row, Title};

use crate::flows::{receive, type_silently, udp};
use crate::rig::{LIMIT, Rig, Session};
use crate::sizes::{JUMBO, forwards, frame};

crate::facts![
    the_next_frames_that_fit_are_handed_out_as_they_came,
    a_jumbo_frame_is_handed_out_to_its_last_byte,
];

/// Frames that are captured.
const FRAMES: u16 = 5;

/// A frame and what was kept of it.
struct Shown {
    head: Head,
    bytes: Vec<u8>,
}

fn the_next_frames_that_fit_are_handed_out_as_they_came(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let wires = session.take_wires()?;
        let refused = session.one_line("capture 7 1")?;
        ensure!(refused == "error: there is no port 7 that frames come in by", "{refused}");
        type_silently(session, "capture 0 udp,tp_dst=0/1 5 -s 50")?;
        // Nobody tells when the PMD begins, so frames are sent until it has had enough.
        let is_full = |line: &String| line.contains("capture 1: ended: port=0 frames=5");
        for number in 0..=u16::MAX {
            wires[0].send(&udp(1, 2, number)?, LIMIT)?;
            ensure!(receive(&wires[1])? == udp(1, 2, number)?, "{number} was changed");
            if session.shown().iter().any(is_full) {
                break;
            }
        }
        let frames = shown(session, FRAMES)?;
        let first = frames.first().context("no frame")?;
        let number = u16::from_be_bytes([first.bytes[36], first.bytes[37]]);
        let expected = (number..).step_by(2);
        for (shown, number) in frames.iter().zip(expected) {
            ensure!(shown.bytes == udp(1, 2, number)?[..50], "{number}: {:x?}", shown.bytes);
            ensure!((shown.head.length, shown.head.captured) == (60, 50), "{:?}", shown.head);
        }
        ensure!(frames.is_sorted_by_key(|shown| shown.head.nanos), "not in order of time");
        session.exact_ledger().map(drop)
    })
}

fn a_jumbo_frame_is_handed_out_to_its_last_byte(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").append(JUMBO).boot(|session| {
        type_silently(session, "capture 0 1 -s 0")?;
        let jumbo = frame(9014, None);
        // As above.
        while !session.shown().iter().any(|line| line.contains("capture 1: ended: ")) {
            forwards(session, &jumbo)?;
        }
        let frames = shown(session, 1)?;
        ensure!((frames[0].head.length, frames[0].head.captured) == (9014, 9014));
        ensure!(frames[0].bytes == jumbo, "other bytes were kept");
        session.exact_ledger().map(drop)
    })
}

/// What `capture show` tells, so many frames with their bytes as they were kept.
fn shown(session: &mut Session, count: u16) -> Result<Vec<Shown>> {
    let lines = session.ask_until("capture show", |lines| Some(lines.to_vec()))?;
    let not = |what: &str| format!("no {what}: {lines:#?}");
    let title: Title =
        lines.first().and_then(|line| line.parse().ok()).with_context(|| not("title"))?;
    ensure!((title.number, title.port, title.frames) == (1, 0, count), "{title:?}");
    ensure!(lines.last().is_some_and(|line| line.parse() == Ok(End { number: 1 })), not("end"));
    let mut frames: Vec<Shown> = Vec::new();
    for line in &lines[1..lines.len() - 1] {
        if let Ok(head) = line.parse() {
            frames.push(Shown { head, bytes: Vec::new() });
            continue;
        }
        let row: Row = line.parse().ok().with_context(|| not("row"))?;
        frames.last_mut().with_context(|| not("frame"))?.bytes.extend(row.bytes);
    }
    ensure!(frames.len() == usize::from(count), not("all frames"));
    ensure!(frames.iter().all(|shown| shown.head.is_of(&shown.bytes)), not("right checksums"));
    Ok(frames)
}
