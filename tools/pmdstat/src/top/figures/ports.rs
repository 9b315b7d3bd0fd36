//! Ports: what came, what went, and why frames were dropped, by the ledgers of all PMDs.

use std::collections::BTreeMap;

use perf::stream::Table;

use super::seconds;
use crate::recording::{Boot, Copy, Ledger, Sums};
use crate::top::past::Start;

/// A reason to drop frames.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::top) struct Drops {
    pub(in crate::top) reason: String,
    /// Since boot, and a second.
    pub(in crate::top) frames: u64,
    pub(in crate::top) rate: f64,
}

/// A port.
#[derive(Debug, Default, PartialEq)]
pub(in crate::top) struct Port {
    /// Its number, or `LOCAL`.
    pub(in crate::top) name: String,
    pub(in crate::top) driver: String,
    pub(in crate::top) link: String,
    /// A second: frames and bits, received and sent; frames dropped.
    pub(in crate::top) rx: f64,
    pub(in crate::top) rx_bits: f64,
    pub(in crate::top) tx: f64,
    pub(in crate::top) tx_bits: f64,
    pub(in crate::top) dropped: f64,
    /// Why, most since boot first.
    pub(in crate::top) drops: Vec<Drops>,
}

/// What becomes of the sums of all ledgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::top) struct Balance {
    /// Frames that wait in outboxes.
    pub(in crate::top) parked: u128,
    /// Whether every frame that came in or was copied went out, was dropped or waits, of every PMD.
    pub(in crate::top) is_exact: bool,
}

/// What an account counted under a name: since boot, and a second.
type Numbers = BTreeMap<(String, String), (u64, f64)>;

/// Ports that a fact or a ledger knows of by `at`.
pub(super) fn at(boot: &Boot, start: &Start, at: u64) -> Vec<Port> {
    let mut ports: BTreeMap<String, Port> = BTreeMap::new();
    let facts = boot.facts.keys().map(|(about, _)| about);
    for about in facts.filter(|about| about.starts_with("port ")) {
        let fact = |name| start.fact(about, name, at).unwrap_or_default().to_owned();
        let port = ports.entry(about.clone()).or_default();
        (port.driver, port.link) = (fact("driver"), fact("link"));
    }
    for ((account, name), (frames, rate)) in numbers(boot, at) {
        ports.entry(account).or_default().add(&name, frames, rate);
    }
    let mut ports: Vec<Port> = ports.into_iter().map(|(about, port)| port.named(&about)).collect();
    ports.sort_by_key(|port| port.name.parse::<u16>().unwrap_or(u16::MAX));
    ports
}

/// The balance of the copies by `at`, if there are any.
pub(super) fn balance(boot: &Boot, at: u64) -> Option<Balance> {
    let ledgers = newest(boot, at).filter_map(|(_, copy)| Ledger::of_copy(boot, copy));
    let each =
        ledgers.map(|own| Balance { parked: own.parked(), is_exact: own.sums() == Sums::Exact });
    each.reduce(|one, other| Balance {
        parked: one.parked + other.parked,
        is_exact: one.is_exact && other.is_exact,
    })
}

/// The newest copy of each PMD's ledger by `at`, and the one before it.
fn newest(boot: &Boot, at: u64) -> impl Iterator<Item = (Option<&Copy>, &Copy)> {
    let ledgers = boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger);
    ledgers.filter_map(move |(_, copies)| {
        let mut whole = copies.whole_by(at);
        let new = whole.next()?;
        Some((whole.next(), new))
    })
}

fn numbers(boot: &Boot, at: u64) -> Numbers {
    let mut numbers = Numbers::new();
    for (old, new) in newest(boot, at) {
        let began = old.map_or(boot.base().boot, |old| old.at);
        let interval = seconds(&boot.base(), new.at.saturating_sub(began));
        let interval = interval.filter(|seconds| *seconds > 0.0).unwrap_or(f64::INFINITY);
        for (account, name, frames) in Ledger::of_copy(boot, new).iter().flat_map(Ledger::entries) {
            let (all, rate) = numbers.entry((account, name.to_owned())).or_default();
            *all = all.saturating_add(frames);
            *rate += frames as f64 / interval;
        }
        let before = old.and_then(|old| Ledger::of_copy(boot, old));
        for (account, name, frames) in before.iter().flat_map(Ledger::entries) {
            let (_, rate) = numbers.entry((account, name.to_owned())).or_default();
            *rate -= frames as f64 / interval;
        }
    }
    numbers
}

impl Port {
    fn add(&mut self, name: &str, frames: u64, rate: f64) {
        match name {
            "received" => self.rx = rate,
            "received_bytes" => self.rx_bits = rate * 8.0,
            "sent" => self.tx = rate,
            "sent_bytes" => self.tx_bits = rate * 8.0,
            reason if Ledger::is_reason(reason) => {
                self.dropped += rate;
                self.drops.push(Drops { reason: reason.to_owned(), frames, rate });
            }
            _ => {}
        }
    }

    fn named(mut self, about: &str) -> Self {
        about.strip_prefix("port ").unwrap_or(about).clone_into(&mut self.name);
        self.drops.sort_by_key(|drops| std::cmp::Reverse(drops.frames));
        self
    }
}
