//! Who speaks: said at boot and again from time to time, for listeners that come later.

use core::fmt::Write;

use dataplane::{Account, PORTS};
use heapless::String;
use perf::settings::TABLE;
use perf::stream::{self, Draft, Fact, Kind, Table, VERSION};

use super::World;
use super::facts::Facts;
use super::statistics;
use crate::control::Pmd;
use crate::machine::Machine;

/// How far it has come.
#[derive(Default)]
pub(super) struct Greeting {
    /// Build id of the image.
    pub(super) build: [u8; 20],
    next: Place,
    due: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Nothing,
    Hello,
    Told(usize),
    /// A PMD, and one of its settings.
    Setting(usize, usize),
    Names(Table, usize),
    /// A port, and the number of what its card counts.
    Card(usize, usize),
}

impl Greeting {
    /// Is said as soon as it can be.
    pub(super) fn begin(&mut self) {
        self.next = Place::Hello;
    }

    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.next, Place::Nothing)
    }

    /// Its next message, in up to `limit` bytes; it begins again after a `pause` in cycles.
    pub(super) fn next<O, M: Machine>(
        &mut self,
        facts: &Facts<'_>,
        world: &World<'_, '_, O, M>,
        (limit, pause): (usize, u64),
    ) -> Option<Draft> {
        let now = world.machine.now();
        if !self.is_under_way() && now >= self.due {
            self.begin();
        }
        loop {
            let draft = match self.next {
                Place::Nothing => return None,
                Place::Hello => {
                    self.due = now.saturating_add(pause);
                    self.next = Place::Told(0);
                    Some(self.hello(world, limit))
                }
                Place::Told(number) => self.told(facts, number, limit),
                Place::Setting(pmd, setting) => self.setting(world.pmds, (pmd, setting), limit),
                Place::Names(table, first) => Some(self.names(table, first, limit)),
                Place::Card(port, first) => self.card(world.machine, (port, first), limit),
            };
            if draft.is_some() {
                return draft;
            }
        }
    }

    fn hello<O, M: Machine>(&self, world: &World<'_, '_, O, M>, limit: usize) -> Draft {
        let (version, build, base) = (VERSION, self.build, *world.base);
        let at = world.machine.now();
        Draft::beginning(Kind::Greeting, limit, &stream::Greeting { version, build, base, at })
    }

    fn told(&mut self, facts: &Facts<'_>, number: usize, limit: usize) -> Option<Draft> {
        let fact = facts.get(number);
        self.next = fact.map_or(Place::Setting(0, 0), |_| Place::Told(number + 1));
        fact.map(|fact| Draft::beginning(Kind::Fact, limit, &fact))
    }

    fn setting<O>(
        &mut self,
        pmds: &[Pmd<O>],
        (pmd, setting): (usize, usize),
        limit: usize,
    ) -> Option<Draft> {
        let Some(known) = pmds.get(pmd) else {
            self.next = Place::Names(Table::Counters, 0);
            return None;
        };
        let Some(own) = TABLE.get(setting) else {
            self.next = Place::Setting(pmd + 1, 0);
            return None;
        };
        self.next = Place::Setting(pmd, setting + 1);
        let (mut about, mut value) = (String::<16>::new(), String::<64>::new());
        let _fits = write!(about, "pmd {}", known.core());
        let _fits = write!(value, "{}", own.value(known.settings()));
        let fact = Fact { about: &about, name: own.key, value: &value };
        Some(Draft::beginning(Kind::Fact, limit, &fact))
    }

    fn names(&mut self, table: Table, first: usize, limit: usize) -> Draft {
        let name = |position| match table {
            Table::Counters => statistics::name_of(position),
            _ => (position < Account::NUMBERS).then(|| Account::name_of(position)),
        };
        let (draft, end) = name_draft((table, 0), first, limit, name);
        self.next = match (name(end), table) {
            (Some(_), _) => Place::Names(table, end),
            (None, Table::Counters) => Place::Names(Table::Ledger, 0),
            (None, _) => Place::Card(0, 0),
        };
        draft
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
        let name = |index| {
            let counter = machine.counter(port, index)?;
            let mut name = String::<24>::new();
            let _fits = match counter.queue {
                Some(queue) => write!(name, "{}[{queue}]", counter.name),
                None => name.write_str(counter.name),
            };
            Some(name)
        };
        if name(first).is_none() {
            self.next = Place::Card(port + 1, 0);
            return None;
        }
        let (draft, end) = name_draft((Table::Card, port as u16), first, limit, name);
        self.next = Place::Card(port, end);
        Some(draft)
    }
}

/// A message with the names of `table` from `first` on, and the first that found no room.
fn name_draft<N: AsRef<str>>(
    (table, owner): (Table, u16),
    first: usize,
    limit: usize,
    name: impl Fn(usize) -> Option<N>,
) -> (Draft, usize) {
    let mut draft = Draft::beginning(Kind::Names, limit, &(table, owner, first as u16));
    let fits =
        |position: &usize| name(*position).is_some_and(|name| draft.add(&name.as_ref()).is_ok());
    let count = (first..).take_while(fits).count();
    // One always fits; going on without would go on for ever.
    (draft, first + count.max(1))
}
