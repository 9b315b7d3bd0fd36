//! A dozen virtio cards, each of which tells a lie of its own again and again, beside two honest ones
//! that carry frames meanwhile. Those that lie are reset, and lie on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use qemu::machine::Netdev;
use qemu::run_directory::RunDirectory;
use qemu::traffic::Traffic;

use crate::carry::carry;
use crate::hostile::{Lie, frame};
use crate::liar::{Card, TIMES, wait};
use crate::rig::{Rig, Session};
use crate::rxqs::Gate;

crate::facts![
    twelve_cards_lie_a_hundred_times_each_and_two_others_lose_no_frame,
    ten_cards_with_packed_rings_lie_a_hundred_times_each_and_two_others_lose_no_frame,
];

/// Frames that the honest ports carry each way before the first lie, and after the last.
const SOME: u64 = 500;
/// What numbers of true frames begin with, so that none is one of a lie.
const TRUE: u32 = 1000;

/// After how long a true frame is sent once more: one for a port that is being reset is dropped.
const PATIENCE: Duration = Duration::from_millis(200);

/// The port of the first card that lies: two honest ones are before it.
const FIRST: usize = 2;
/// Lies in order of ports. What one card receives leaves by its neighbor, the first's by the second and
/// back, and so on.
const SPLIT: [Lie; 12] = [
    Lie::IdOutOfRange,
    Lie::RepeatedId,
    Lie::TooLong,
    Lie::Empty,
    Lie::TooShort,
    Lie::StaleEntry,
    Lie::WrongHeader,
    Lie::Rewritten,
    Lie::SentIdNotGiven,
    Lie::SentLate,
    Lie::IndexJumps,
    Lie::IndexGoesBack,
];
/// A packed ring has no index that could jump.
const PACKED: [Lie; 10] = [
    Lie::IdOutOfRange,
    Lie::RepeatedId,
    Lie::TooLong,
    Lie::Empty,
    Lie::TooShort,
    Lie::SentIdOutOfRange,
    Lie::WrongHeader,
    Lie::Rewritten,
    Lie::SentIdNotGiven,
    Lie::SentLate,
];

fn twelve_cards_lie_a_hundred_times_each_and_two_others_lose_no_frame(rig: &Rig) -> Result<()> {
    lie_beside_traffic(rig, &SPLIT, false)
}

fn ten_cards_with_packed_rings_lie_a_hundred_times_each_and_two_others_lose_no_frame(
    rig: &Rig,
) -> Result<()> {
    lie_beside_traffic(rig, &PACKED, true)
}

fn lie_beside_traffic(rig: &Rig, lies: &[Lie], is_packed: bool) -> Result<()> {
    let folder = RunDirectory::new()?;
    let cards = Cards::start(&folder, lies, is_packed)?;
    let neighbors = (0..FIRST + lies.len()).step_by(2).map(|port| format!("{port}:{}", port + 1));
    let words = format!("forward={}", neighbors.collect::<Vec<_>>().join(","));
    let mut setup = rig.wired()?.append(&words);
    for card in &cards.0 {
        setup = setup.nic(Netdev::VhostUser { socket: card.liar.socket().into(), pairs: 1 });
    }
    setup = setup.with(|machine| {
        // Those that offer none have split ones.
        machine.nics.iter_mut().for_each(|nic| nic.properties.push("packed=on".into()));
    });
    setup.boot(|session| {
        let gates: [Arc<Gate>; 2] = Default::default();
        let sources = [gates[0].frames(0), gates[1].frames(1)];
        gates.iter().for_each(|gate| gate.open());
        carry(session, sources, Duration::ZERO, |_, traffic| {
            let lied = carries_on(traffic)
                .and_then(|()| cards.lie_in_rounds())
                .and_then(|()| carries_on(traffic));
            gates.iter().for_each(|gate| gate.end());
            lied
        })?;
        cards.expect_counted(session)?;
        session.exit()
    })
}

/// Waits until both honest ports have carried some more frames.
pub(crate) fn carries_on(traffic: &Traffic) -> Result<()> {
    let wanted = traffic.counts().map(|count| count.delivered + SOME);
    wait("frames of honest ports", || {
        let counts = traffic.counts();
        counts.iter().zip(wanted).all(|(count, wanted)| count.delivered >= wanted)
    })
}

/// All cards that lie, in order of ports.
struct Cards(Vec<Card>);

impl Cards {
    fn start(folder: &RunDirectory, lies: &[Lie], is_packed: bool) -> Result<Self> {
        let card = |(index, lie): (usize, &Lie)| {
            Card::start(&folder.file(&format!("liar{index}")), *lie, is_packed)
        };
        lies.iter().enumerate().map(card).collect::<Result<_>>().map(Self)
    }

    /// Has each card tell its lie again and again, with a true frame in between that has to come out of
    /// its neighbor.
    fn lie_in_rounds(&self) -> Result<()> {
        for number in 0..TIMES {
            self.pass(TRUE + number)?;
            self.0.iter().try_for_each(|card| card.tell(number))?;
        }
        let late = self.0.iter().filter(|card| card.lie == Lie::SentLate);
        late.for_each(|card| card.liar.card().give_back());
        // Behind this one, everything was looked at.
        self.pass(TRUE + TIMES)
    }

    /// Passes a true frame through each pair of neighbors, both ways.
    fn pass(&self, number: u32) -> Result<()> {
        let cards = self.0.iter().enumerate();
        let honest = cards.filter(|(_, card)| !card.is_about_indices());
        let mut missing: Vec<(usize, Option<Instant>)> =
            honest.map(|(index, _)| (index, None)).collect();
        wait("true frames", || {
            for (index, delivered) in &mut missing {
                if delivered.is_none_or(|then| then.elapsed() > PATIENCE)
                    && self.0[*index].liar.card().deliver(&frame(number))
                {
                    *delivered = Some(Instant::now());
                }
            }
            missing.retain(|(index, _)| !self.0[index ^ 1].take_sent().contains(&frame(number)));
            missing.is_empty()
        })
    }

    /// Has the image have counted each lie, done what was to be done, and lost no frame, and has nobody
    /// have touched what cards had.
    fn expect_counted(&self, session: &mut Session) -> Result<()> {
        self.0.iter().enumerate().try_for_each(|(index, card)| {
            card.expect_counted(session, FIRST + index).with_context(|| format!("{:?}", card.lie))
        })
    }
}
