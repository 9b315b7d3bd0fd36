//! The 82576 of a newer QEMU, whose descriptors are those of the 82599.

use anyhow::Result;

use crate::emulated::{Emulated, newer_emulator, received, until};
use crate::flows::{FLOWS, Flow};
use crate::port::Port;
use crate::siblings;

crate::facts![
    it_is_brought_up,
    frames_of_every_length_pass,
    both_rings_wrap,
    only_the_last_of_each_32_frames_is_reported,
    its_link_is_seen,
    frames_are_spread_over_its_queues_and_both_directions_of_a_flow_meet,
    a_queue_that_is_full_holds_no_other_up,
    every_queue_sends,
];

const PAIRS: usize = 4;

fn card() -> Result<Emulated> {
    Emulated::new(&newer_emulator()?, "igb")
}

fn it_is_brought_up() -> Result<()> {
    siblings::is_brought_up(card()?, PAIRS)
}

fn frames_of_every_length_pass() -> Result<()> {
    siblings::passes_every_length(card()?)
}

fn both_rings_wrap() -> Result<()> {
    siblings::wraps(card()?)
}

fn only_the_last_of_each_32_frames_is_reported() -> Result<()> {
    siblings::reports_by_32(card()?)
}

fn its_link_is_seen() -> Result<()> {
    siblings::sees_its_link(card()?)
}

/// Has a frame come in, and the queue that gives it.
fn queue_of(card: &mut Emulated, port: &mut Port, frame: &[u8]) -> Result<usize> {
    card.arrive(frame)?;
    until("frame in any queue", || {
        let gives = |queue: &usize| port.receive(*queue, card.host.pool).frames == [frame];
        (0..PAIRS).find(gives)
    })
}

fn frames_are_spread_over_its_queues_and_both_directions_of_a_flow_meet() -> Result<()> {
    let mut card = card()?;
    let mut port = card.start(PAIRS)?;
    let mut counts = [0; PAIRS];
    for flow in 0..FLOWS / 2 {
        let there = queue_of(&mut card, &mut port, &Flow::new(flow).frame()?)?;
        let back = queue_of(&mut card, &mut port, &Flow::new(flow).back().frame()?)?;
        assert_eq!(there, back, "flow {flow}");
        counts[there] += 2;
    }
    let share = usize::from(FLOWS) / PAIRS;
    assert!(counts.iter().all(|it| share / 2 < *it && *it < 2 * share), "{counts:?}");
    card.end(port)
}

fn a_queue_that_is_full_holds_no_other_up() -> Result<()> {
    let mut card = card()?;
    let mut port = card.start(PAIRS)?;
    let frames: Vec<Vec<u8>> =
        (0..64).map(|flow| Flow::new(flow).frame()).collect::<Result<_>>()?;
    let mut of_queue: [Vec<&Vec<u8>>; PAIRS] = Default::default();
    for frame in &frames {
        of_queue[queue_of(&mut card, &mut port, frame)?].push(frame);
    }
    // More than its ring holds; nobody looks at it.
    for frame in of_queue[1].iter().cycle().take(700) {
        card.arrive(frame)?;
    }
    for queue in [0, 2, 3] {
        for frame in &of_queue[queue] {
            card.arrive(frame)?;
            assert_eq!(&received(&mut port.rx[queue], 1, card.host.pool)?, &[(*frame).clone()]);
        }
    }
    // What came after them is here, so they are. Up to a block of descriptors may be without a frame.
    let kept = port.receive(1, card.host.pool).frames.len();
    assert!((480..512).contains(&kept), "{kept} of 700");
    for frame in &frames {
        queue_of(&mut card, &mut port, frame)?;
    }
    card.end(port)
}

fn every_queue_sends() -> Result<()> {
    let mut card = card()?;
    let mut port = card.start(PAIRS)?;
    for queue in 0..PAIRS {
        let frames: Vec<Vec<u8>> = (0..100).map(|number| siblings::frame(60, number)).collect();
        let sent = port.send(queue, frames.iter().map(Vec::as_slice), card.host.pool);
        assert_eq!(card.sent(sent)?, frames, "queue {queue}");
    }
    card.end(port)
}
