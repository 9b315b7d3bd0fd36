//! What PMDs and cards counted: a copy of one after the other, each second.

use dataplane::{PORTS, Reading};
use perf::events::Accounts;
use perf::stream::{Amount, Draft, Kind, Table};
use perf::{Counter, Quantity, Snapshot};

use super::World;
use super::gaps::Gaps;
use crate::machine::Machine;

/// Seconds between copies on a line of their own; on one that text shares ten times as many.
const PERIOD: u64 = 1;
const SHARED: u64 = 10;
/// Copies of PMDs between two of cards, which are asked over their bus.
const CARDS: u64 = 10;

/// What stands behind the counters in their table: what became of suspicious iterations.
const ACCOUNTS: [&str; 2] = ["suspicious_iterations", "suppressed_iterations"];

/// What the number at `position` in the table of counters is called.
pub(super) fn name_of(position: usize) -> Option<&'static str> {
    Counter::NAMES.iter().chain(&ACCOUNTS).nth(position).copied()
}

/// The copy that is being sent.
pub(super) struct Statistics<'a> {
    counted: &'a mut Snapshot,
    /// What the PMD's ledger said; nothing where it could not be read.
    reading: Option<Reading>,
    accounts: Accounts,
    next: Place,
    at: u64,
    due: u64,
    copies: u64,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Nothing,
    /// The PMD with this place is copied.
    Pmd(usize),
    /// A PMD's table, from this position on.
    Table(usize, Table, usize),
    /// What a port's card counts, from this position on.
    Card(usize, usize),
}

impl<'a> Statistics<'a> {
    pub(super) fn new(counted: &'a mut Snapshot) -> Self {
        let (reading, accounts, next) = (None, Accounts::default(), Place::Nothing);
        Self { counted, reading, accounts, next, at: 0, due: 0, copies: 0 }
    }

    /// The next message, if it is time for one.
    pub(super) fn next<O, M: Machine>(
        &mut self,
        world: &World<'_, '_, O, M>,
        limit: usize,
        gaps: &mut Gaps,
    ) -> Option<Draft> {
        self.begin_if_due(world, limit < super::PAYLOAD, gaps);
        loop {
            let draft = match self.next {
                Place::Nothing => return None,
                Place::Pmd(number) => {
                    self.copy(world, number);
                    None
                }
                Place::Table(pmd, table, first) => self.table(world, (pmd, table, first), limit),
                Place::Card(port, first) => self.card(world.machine, (port, first), limit),
            };
            if draft.is_some() {
                return draft;
            }
        }
    }

    fn begin_if_due<O, M: Machine>(
        &mut self,
        world: &World<'_, '_, O, M>,
        is_shared: bool,
        gaps: &mut Gaps,
    ) {
        let (now, hertz) = (world.machine.now(), world.base.hertz);
        if now < self.due {
            return;
        }
        self.due =
            now.saturating_add(hertz.saturating_mul(if is_shared { SHARED } else { PERIOD }));
        if matches!(self.next, Place::Nothing) {
            self.next = Place::Pmd(0);
            self.copies += 1;
        } else {
            gaps.count(Kind::Amounts, 1);
        }
    }

    fn copy<O, M: Machine>(&mut self, world: &World<'_, '_, O, M>, number: usize) {
        let Some(pmd) = world.pmds.get(number) else {
            let is_time = self.copies % CARDS == 1;
            self.next = if is_time { Place::Card(0, 0) } else { Place::Nothing };
            return;
        };
        self.at = world.machine.now();
        pmd.metrics().copy_to(self.counted, self.at);
        self.reading = pmd.ledger().read();
        self.accounts = pmd.accounts();
        self.next = Place::Table(number, Table::Counters, 0);
    }

    fn table<O, M: Machine>(
        &mut self,
        world: &World<'_, '_, O, M>,
        (pmd, table, first): (usize, Table, usize),
        limit: usize,
    ) -> Option<Draft> {
        let owner = world.pmds.get(pmd).map_or(0, |pmd| pmd.core() as u16);
        let (counted, reading) = (&*self.counted, &self.reading);
        let accounts = [self.accounts.triggers, self.accounts.suppressed_in_all()];
        let number = |position: usize| match table {
            Table::Counters => counted.counters.iter().chain(&accounts).nth(position).copied(),
            Table::Ledger => reading.as_ref()?.number(position),
            Table::Histogram(quantity) => {
                counted.bucket(*Quantity::ALL.get(usize::from(quantity))?, position)
            }
            Table::Card => None,
        };
        let head = (table, owner, self.at, first);
        let (draft, end) = amounts(head, limit, number);
        self.next = match (end, table) {
            (Some(end), _) => Place::Table(pmd, table, end),
            (None, Table::Counters) if reading.is_some() => Place::Table(pmd, Table::Ledger, 0),
            (None, Table::Counters | Table::Ledger) => Place::Table(pmd, Table::Histogram(0), 0),
            (None, Table::Histogram(quantity)) if usize::from(quantity) + 1 < Quantity::COUNT => {
                Place::Table(pmd, Table::Histogram(quantity + 1), 0)
            }
            (None, _) => Place::Pmd(pmd + 1),
        };
        Some(draft)
    }

    fn card(
        &mut self,
        machine: &impl Machine,
        (port, first): (usize, usize),
        limit: usize,
    ) -> Option<Draft> {
        if port == PORTS || machine.polled(port).is_none() {
            self.next = Place::Nothing;
            return None;
        }
        if first == 0 {
            self.at = machine.now();
        }
        let number = |index| machine.counter(port, index).map(|counter| counter.count);
        let head = (Table::Card, port as u16, self.at, first);
        let (draft, end) = amounts(head, limit, number);
        self.next = end.map_or(Place::Card(port + 1, 0), |end| Place::Card(port, end));
        Some(draft)
    }
}

/// A message with the numbers of a table from the position `first` on, and the first that found no
/// room, if one did not.
fn amounts(
    (table, owner, at, first): (Table, u16, u64, usize),
    limit: usize,
    number: impl Fn(usize) -> Option<u64>,
) -> (Draft, Option<usize>) {
    let mut draft = Draft::beginning(Kind::Amounts, limit, &(table, owner, at, first as u16));
    let mut behind = first;
    let numbers = (first..).map_while(|position| Some((position, number(position)?)));
    for (position, count) in numbers.filter(|(_, count)| *count > 0) {
        let skipped = (position - behind) as u16;
        if draft.add(&Amount { skipped, count }).is_err() {
            // One always fits; going on without would go on for ever.
            return (draft, Some(position.max(first + 1)));
        }
        behind = position + 1;
    }
    (draft, None)
}
