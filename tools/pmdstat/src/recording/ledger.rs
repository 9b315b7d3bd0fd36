//! Where frames ended, as recordings tell it: by name, so that reasons which later versions have are read as
//! well.

use std::collections::{BTreeMap, BTreeSet};

use perf::stream::Table;

use super::Boot;
use super::copies::Copy;

/// Names of the numbers that are no reason to drop a frame.
const TOTALS: [&str; 6] =
    ["received", "received_bytes", "copied", "forwarded", "sent", "sent_bytes"];
/// The name of frames that wait.
const PARKED: &str = "parked";

/// The ledgers of all PMDs together.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    names: Vec<String>,
    /// By account and name.
    numbers: BTreeMap<u16, u64>,
    /// It is known that all of them was heard.
    is_whole: bool,
}

/// What the sums of a ledger say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sums {
    /// Every frame that came in or was copied went out, was dropped or waits.
    Exact,
    /// They are not what they should be.
    Wrong,
    /// A part of the ledger may be missing.
    NotJudged,
}

impl Ledger {
    /// Those of the last copies of each PMD, if any came.
    pub(crate) fn of(boot: &Boot) -> Option<Self> {
        let names = names(boot)?.clone();
        let mut all = Self { names, numbers: BTreeMap::new(), is_whole: true };
        for (_, copies) in boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger) {
            let copy = copies.last()?;
            all.is_whole &= copy.is_whole;
            for (position, number) in &copy.numbers {
                let sum = all.numbers.entry(*position).or_default();
                *sum = sum.saturating_add(*number);
            }
        }
        (!all.numbers.is_empty()).then_some(all)
    }

    /// What one PMD's ledger said in `copy`, if `boot` tells what its numbers are called.
    pub(crate) fn of_copy(boot: &Boot, copy: &Copy) -> Option<Self> {
        let (names, numbers) = (names(boot)?.clone(), copy.numbers.clone());
        Some(Self { names, numbers, is_whole: copy.is_whole })
    }

    /// Each number that is not 0, with its account and its name.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, &str, u64)> {
        let port =
            |account| if account == LOCAL { "LOCAL".into() } else { format!("port {account}") };
        self.entries_by_place()
            .filter(|(_, name, _)| *name != PARKED)
            .map(move |(account, name, n)| (port(account), name, n))
    }

    /// Whether every frame that came in or was copied went out, was dropped or waits.
    pub(crate) fn sums(&self) -> Sums {
        match (self.is_whole, self.came() == self.ended() + self.parked()) {
            (false, _) => Sums::NotJudged,
            (true, true) => Sums::Exact,
            (true, false) => Sums::Wrong,
        }
    }

    /// Each number of the accounts in which any is not 0, with its port and its name; of accounts in
    /// use zeros too.
    pub(crate) fn used(&self) -> impl Iterator<Item = (String, &str, u64)> {
        let count = self.names.len();
        let counted = self.entries_by_place().filter(|(_, name, _)| *name != PARKED);
        let used: BTreeSet<usize> = counted.map(|(account, ..)| account).collect();
        used.into_iter().flat_map(move |account| {
            let port = if account == LOCAL { "LOCAL".into() } else { account.to_string() };
            let named = self.names.iter().enumerate().filter(|(_, name)| *name != PARKED);
            let number = move |place| {
                let place = u16::try_from(account * count + place).ok();
                place.and_then(|place| self.numbers.get(&place).copied()).unwrap_or(0)
            };
            named.map(move |(place, name)| (port.clone(), &**name, number(place)))
        })
    }

    /// Frames that wait in outboxes.
    pub(crate) fn parked(&self) -> u128 {
        self.sum(|name| name == PARKED)
    }

    /// Frames that came in or were copied.
    pub(crate) fn came(&self) -> u128 {
        self.sum(|name| name == "received" || name == "copied")
    }

    /// Frames that went out or were dropped.
    pub(crate) fn ended(&self) -> u128 {
        self.sum(|name| name == "forwarded") + self.dropped()
    }

    /// Frames that were dropped, for whatever reason.
    pub(crate) fn dropped(&self) -> u128 {
        self.sum(Self::is_reason)
    }

    /// Whether `name` is a reason to drop a frame.
    pub(crate) fn is_reason(name: &str) -> bool {
        name != PARKED && !TOTALS.contains(&name)
    }

    /// Each number that is not 0, with the place of its account and its name.
    fn entries_by_place(&self) -> impl Iterator<Item = (usize, &str, u64)> {
        let count = self.names.len();
        let each = self.numbers.iter().filter(|(_, number)| **number > 0);
        each.map(move |(place, number)| {
            let place = usize::from(*place);
            (place / count, &*self.names[place % count], *number)
        })
    }

    /// Their sum, of 2^16 numbers of 64 bits at most.
    fn sum(&self, wanted: impl Fn(&str) -> bool) -> u128 {
        let name = |place: u16| &*self.names[usize::from(place) % self.names.len()];
        let named = self.numbers.iter().filter(|(place, _)| wanted(name(**place)));
        named.map(|(_, number)| u128::from(*number)).sum()
    }
}

impl Sums {
    /// The word for it in reports.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Wrong => "WRONG",
            Self::NotJudged => "not judged, as a part of a ledger may be missing",
        }
    }
}

/// What the numbers of a ledger are called, account for account.
fn names(boot: &Boot) -> Option<&Vec<String>> {
    boot.names.get(&(Table::Ledger, 0)).filter(|names| !names.is_empty())
}

/// The account of the machine itself.
const LOCAL: usize = 16;
