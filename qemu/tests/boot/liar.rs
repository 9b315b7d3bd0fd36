//! A card of those that lie, and what the image has to make of it.

use std::cell::Cell;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use qemu::reading::number;

use crate::hostile::{Liar, Lie};
use crate::rig::{LIMIT, LOOK_AGAIN, Session};

/// How often each lie is told.
pub(crate) const TIMES: u32 = 100;
/// Lies of one kind after which a card is reset: a quarter as many as a queue has descriptors.
const CREDIT: u32 = 256 / 4;

/// A card that tells this lie, and how many frames it saw that the image sent.
pub(crate) struct Card {
    pub(crate) liar: Liar,
    pub(crate) lie: Lie,
    sent: Cell<u64>,
}

impl Card {
    /// A card that waits for QEMU at `socket`.
    pub(crate) fn start(socket: &Path, lie: Lie, is_packed: bool) -> Result<Self> {
        Ok(Self { liar: Liar::start(socket, is_packed)?, lie, sent: Cell::new(0) })
    }

    /// What the image says of the lie when it resets the card; nothing if it need not find it.
    fn reason(&self) -> Option<&'static str> {
        Some(match self.lie {
            Lie::IdOutOfRange => "rx queue 0 (id out of range)",
            Lie::RepeatedId => "rx queue 0 (id not given)",
            Lie::TooLong => "rx queue 0 (length too long)",
            Lie::Empty | Lie::TooShort | Lie::StaleEntry => "rx queue 0 (length too short)",
            Lie::IndexJumps | Lie::IndexGoesBack => "rx queue 0 (index jump)",
            Lie::SentIdOutOfRange => "tx queue 0 (id out of range)",
            Lie::SentIdNotGiven => "tx queue 0 (id not given)",
            Lie::WrongHeader | Lie::Rewritten | Lie::SentLate => return None,
        })
    }

    /// Whether one such lie is enough for a reset.
    pub(crate) fn is_about_indices(&self) -> bool {
        matches!(self.lie, Lie::IndexJumps | Lie::IndexGoesBack)
    }

    /// Tells the lie for the time `number`, and waits for the reset that it leads to.
    pub(crate) fn tell(&self, number: u32) -> Result<()> {
        let is_told = || self.liar.card().tell(self.lie, number);
        wait(&format!("buffers to tell {:?} of", self.lie), is_told)?;
        let is_last = number + 1 == CREDIT && self.reason().is_some() && !self.is_about_indices();
        if is_last { wait("start after a reset", || self.is_started(2)) } else { Ok(()) }
    }

    /// Lies that are counted of what it received, once it fared so.
    fn told(&self, health: &Health) -> u64 {
        match self.reason() {
            Some(_) if self.is_about_indices() => health.resets + 1,
            Some(_) if !self.lie.is_of_sending() => TIMES.into(),
            _ => 0,
        }
    }

    /// Frames of the image that it never gives back.
    fn kept(&self) -> u32 {
        let keeps = matches!(self.lie, Lie::SentIdOutOfRange | Lie::SentIdNotGiven);
        if keeps { TIMES - CREDIT } else { 0 }
    }

    fn is_started(&self, times: u64) -> bool {
        let card = self.liar.card();
        card.is_ready() && card.starts() == times
    }

    /// Frames that the image sent since this was last asked. They are given back, if that is no lie.
    pub(crate) fn take_sent(&self) -> Vec<Vec<u8>> {
        let mut card = self.liar.card();
        let frames = card.look_at_sent();
        if !self.lie.is_of_sending() {
            card.give_back();
        }
        self.sent.set(self.sent.get() + frames.len() as u64);
        frames
    }

    /// Has the image have counted each lie, done what was to be done, and lost no frame, and has nobody
    /// have touched what the card had. Its port is `port`.
    pub(crate) fn expect_counted(&self, session: &mut Session, port: usize) -> Result<()> {
        let health = self.expect_health(session, port)?;
        let figures = self.settle(session, port)?;
        let (rx, tx) = figures.split_once("  tx ").context("no figures")?;
        ensure!(number(rx, "lies")? == self.told(&health), "{figures}");
        // What leaves by a port came in by its neighbor.
        let forwarded = session.exact_ledger()?.ports[port ^ 1].forwarded;
        ensure!(number(tx, "frames")? == forwarded, "not {forwarded}: {figures}");
        let sent = self.sent.get() + health.unsent;
        ensure!(self.lie.is_of_sending() || sent == forwarded, "{sent} of {forwarded} are known");
        let spoiled = self.liar.card().spoiled();
        ensure!(spoiled == 0, "{spoiled} buffers of a card were written to while it had them");
        Ok(())
    }

    /// Gives back what the image sent, until it has taken back all but what is kept from it. Returns the
    /// figures of the port.
    fn settle(&self, session: &mut Session, port: usize) -> Result<String> {
        let text = format!(" ring-pending={}", self.kept());
        session.ask_until(&format!("show port {port}"), |lines| {
            self.take_sent();
            self.liar.card().give_back();
            let line = lines.iter().find(|line| line.starts_with("  rx frames="))?;
            line.ends_with(&text).then(|| line.clone())
        })
    }

    fn expect_health(&self, session: &mut Session, port: usize) -> Result<Health> {
        if self.is_about_indices() {
            expect_quarantined(session, port, self)
        } else {
            expect_reset(session, port, self)
        }
    }
}

/// How a card fared, as its port shows.
#[derive(Default)]
struct Health {
    resets: u64,
    unsent: u64,
}

/// Has `card` have been reset once for its lies, if it told any that are found, and work.
fn expect_reset(session: &mut Session, port: usize, card: &Card) -> Result<Health> {
    session.ask_until(&format!("show port {port}"), |lines| {
        lines.iter().find(|line| line.starts_with("port ") && line.contains(" link up, "))?;
        let told = lines.iter().find(|line| line.starts_with("  card "));
        let (Some(told), Some(reason)) = (told, card.reason()) else {
            return (told.is_none() && card.reason().is_none()).then(Health::default);
        };
        let rest = told.strip_prefix("  card resets=1 ")?.strip_suffix(reason)?;
        let (unsent, _) = rest.strip_prefix("unsent=")?.split_once(',')?;
        Some(Health { resets: 1, unsent: unsent.parse().ok()? })
    })
}

/// Has `card` lie on until it is quarantined for that.
fn expect_quarantined(session: &mut Session, port: usize, card: &Card) -> Result<Health> {
    let reason = card.reason().unwrap_or_default();
    session.ask_until(&format!("show port {port}"), |lines| {
        card.liar.card().tell(card.lie, TIMES);
        let told = lines.iter().find(|line| line.starts_with("  card quarantined: "))?;
        let (resets, unsent) = (number(told, "resets").ok()?, number(told, "unsent").ok()?);
        told.contains(reason).then_some(Health { resets, unsent })
    })
}

/// Waits until `is_so`.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !is_so() {
        ensure!(Instant::now() < deadline, "no {what} within {LIMIT:?}");
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}
