//! Where frames ended, as recordings tell it: by name, so that reasons which later versions have are read as
//! well.

use perf::stream::Table;

use super::Boot;
use super::copies::Copy;

/// Names of the numbers that are no reason to drop a frame.
const TOTALS: [&str; 6] =
    ["received", "received_bytes", "copied", "forwarded", "sent", "sent_bytes"];
/// The name of frames that wait.
const PARKED: &str = "parked";

/// The ledgers of all PMDs together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    names: Vec<String>,
    /// By account and name.
    numbers: Vec<u64>,
}

impl Ledger {
    /// Those of the last copies of each PMD, if any came.
    pub(crate) fn of(boot: &Boot) -> Option<Self> {
        let names = boot.names.get(&(Table::Ledger, 0))?.clone();
        let mut numbers = Vec::new();
        for (_, copies) in boot.copies.iter().filter(|((table, _), _)| *table == Table::Ledger) {
            let copy = copies.last()?;
            numbers.resize(numbers.len().max(copy.numbers.len()), 0);
            numbers.iter_mut().zip(&copy.numbers).for_each(|(sum, number)| *sum += number);
        }
        (!numbers.is_empty() && !names.is_empty()).then_some(Self { names, numbers })
    }

    /// What one PMD's ledger said in `copy`, if `boot` tells what its numbers are called.
    pub(crate) fn of_copy(boot: &Boot, copy: &Copy) -> Option<Self> {
        let names = boot.names.get(&(Table::Ledger, 0)).filter(|names| !names.is_empty())?;
        Some(Self { names: names.clone(), numbers: copy.numbers.clone() })
    }

    /// Each number that is not 0, with its account and its name.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (String, &str, u64)> {
        let count = self.names.len();
        let each = self.numbers.iter().enumerate().filter(|(_, number)| **number > 0);
        let named =
            each.map(move |(place, number)| (place / count, &*self.names[place % count], *number));
        let port =
            |account| if account == LOCAL { "LOCAL".into() } else { format!("port {account}") };
        named
            .filter(|(_, name, _)| *name != PARKED)
            .map(move |(account, name, n)| (port(account), name, n))
    }

    /// Frames that wait in outboxes.
    pub(crate) fn parked(&self) -> u64 {
        self.sum(|name| name == PARKED)
    }

    /// Whether every frame that came in or was copied went out, was dropped or waits.
    pub(crate) fn is_exact(&self) -> bool {
        self.came() == self.ended() + self.parked()
    }

    /// Frames that came in or were copied.
    pub(crate) fn came(&self) -> u64 {
        self.sum(|name| name == "received" || name == "copied")
    }

    /// Frames that went out or were dropped.
    pub(crate) fn ended(&self) -> u64 {
        self.sum(|name| name == "forwarded") + self.dropped()
    }

    /// Frames that were dropped, for whatever reason.
    pub(crate) fn dropped(&self) -> u64 {
        self.sum(Self::is_reason)
    }

    /// Whether `name` is a reason to drop a frame.
    pub(crate) fn is_reason(name: &str) -> bool {
        name != PARKED && !TOTALS.contains(&name)
    }

    fn sum(&self, wanted: impl Fn(&str) -> bool) -> u64 {
        let named = self.names.iter().cycle().zip(&self.numbers);
        named.filter(|(name, _)| wanted(name)).map(|(_, number)| number).sum()
    }
}

/// The account of the machine itself.
const LOCAL: usize = 16;
