//! QEMU's own 82574.

use anyhow::Result;
use qemu::frames::Frames;

use crate::emulated::{Emulated, any_emulator, flood};
use crate::siblings;

crate::facts![
    it_is_brought_up,
    frames_of_every_length_pass,
    both_rings_wrap,
    only_the_last_of_each_32_frames_is_reported,
    its_link_is_seen,
    frames_wait_while_its_ring_is_full_and_none_is_lost,
];

fn card() -> Result<Emulated> {
    Emulated::new(&any_emulator()?, "e1000e")
}

fn it_is_brought_up() -> Result<()> {
    siblings::is_brought_up(card()?, 1)
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

/// QEMU keeps what finds no descriptor.
fn frames_wait_while_its_ring_is_full_and_none_is_lost() -> Result<()> {
    let mut card = card()?;
    let mut port = card.start(1)?;
    let frames: Vec<Vec<u8>> = Frames::mixed(0).take(1000).collect();
    assert_eq!(flood(&mut card, &mut port.rx[0], &frames)?, frames);
    assert_eq!(port.card.missed(), 0);
    card.end(port)
}
