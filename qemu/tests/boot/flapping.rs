//! A link that goes down and comes up again and again. Whoever has the queues of the card is stopped and
//! started each time, beside two cards that carry frames meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use qemu::machine::Netdev;
use qemu::run_directory::RunDirectory;

use crate::carry::carry;
use crate::hostile::{Liar, frame};
use crate::liar::wait;
use crate::liars::carries_on;
use crate::rig::{Rig, Session};
use crate::rxqs::Gate;

// Not with packed rings: QEMU 7.2 ends then, as it takes the bit of the turn for one of the index.
crate::facts![a_link_may_flap_a_hundred_times_while_others_lose_no_frame];

/// How often the link goes down, and how often of these slowly.
const TIMES: u32 = 100;
const SEEN: u32 = 5;
/// The port of that link, the other one that its frames leave by, and back.
const PORT: usize = 2;

fn a_link_may_flap_a_hundred_times_while_others_lose_no_frame(rig: &Rig) -> Result<()> {
    let folder = RunDirectory::new()?;
    let card = |name| Liar::start(&folder.file(name), false);
    let cards = [card("flapping")?, card("still")?];
    let mut setup = rig.wired()?.append("forward=0:1,2:3");
    for card in &cards {
        setup = setup.nic(Netdev::VhostUser { socket: card.socket().into(), pairs: 1 });
    }
    setup.boot(|session| {
        let gates: [Arc<Gate>; 2] = Default::default();
        let sources = [gates[0].frames(0), gates[1].frames(1)];
        gates.iter().for_each(|gate| gate.open());
        carry(session, sources, Duration::ZERO, |session, traffic| {
            let flapped = carries_on(traffic)
                .and_then(|()| flap(session, &cards))
                .and_then(|()| carries_on(traffic));
            gates.iter().for_each(|gate| gate.end());
            flapped
        })?;
        for card in &cards {
            ensure!(card.card().spoiled() == 0, "buffers of a card were written to");
        }
        session.exit()
    })
}

/// Has the link go down and come up: some times slowly enough that the image tells each, and many times as
/// fast as QEMU does it. Frames pass afterwards.
fn flap(session: &mut Session, cards: &[Liar; 2]) -> Result<()> {
    let mut qmp = session.qmp()?;
    pass(cards, 0)?;
    for number in 1..=SEEN {
        qmp.set_link(PORT, false)?;
        expect_link(session, &format!("  link down, resets={}", 2 * number - 1))?;
        qmp.set_link(PORT, true)?;
        expect_link(session, &format!("  link up, resets={}", 2 * number))?;
        pass(cards, number)?;
    }
    for number in SEEN + 1..=TIMES {
        qmp.set_link(PORT, false)?;
        qmp.set_link(PORT, true)?;
        if number.is_multiple_of(SEEN) {
            pass(cards, number)?;
        }
    }
    ensure!(cards[0].card().starts() == u64::from(TIMES) + 1, "it was not started each time");
    Ok(())
}

fn expect_link(session: &mut Session, told: &str) -> Result<()> {
    session.ask_until(&format!("show port {PORT}"), |lines| {
        lines.iter().any(|line| line == told).then_some(())
    })
}

/// Passes a frame each way. The image drops what is for a link that it does not know to be up yet.
fn pass(cards: &[Liar; 2], number: u32) -> Result<()> {
    let sent = frame(number);
    for [from, to] in [[0, 1], [1, 0]] {
        wait("a frame beyond the link", || {
            cards[from].card().deliver(&sent);
            cards[to].card().sent().contains(&sent)
        })?;
    }
    Ok(())
}
