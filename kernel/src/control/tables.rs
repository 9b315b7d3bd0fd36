//! What the control core publishes to PMDs: rules, and what upcalls know besides.

use core::fmt::{self, Display, Formatter};

use dataplane::Note;
use dataplane::bond::Bond;
use dataplane::meter::{Meter, Setting};
use dataplane::network::{ADDRESSES, Network, Station};
use dataplane::rules::{self, Action, Fault, Rule, RuleSet, SHAPES};
use dataplane::translate::World;
use handover::Publisher;
use heapless::String;

use super::coverage::Seen;
use super::neighbors::Neighbors;
use crate::shell::LINE;

/// Seconds after which a station that was not heard is forgotten (Open vSwitch's
/// `mac-aging-time`).
const AGEING: u64 = 300;

/// A change of rules, as it was said.
#[derive(Clone, Debug)]
pub struct Edit {
    /// What changes.
    pub change: Change,
    /// Rules, or which rules.
    pub text: String<LINE>,
}

/// What is done with rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Some come in the place of those with the same match, or in addition.
    Add,
    /// Some go.
    Delete,
    /// Some are all from now on.
    Replace,
}

/// Why rules cannot be changed so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There would be too many.
    Set(rules::Error),
    /// A rule is wrong: its line, counted from 1, and what is wrong there.
    Text(usize, Fault),
    /// Packets are to leave by this port, which the control core has for itself.
    Managed(u16),
}

impl From<rules::Error> for Error {
    fn from(error: rules::Error) -> Self {
        Self::Set(error)
    }
}

impl From<(usize, Fault)> for Error {
    fn from((line, fault): (usize, Fault)) -> Self {
        Self::Text(line, fault)
    }
}

/// What tables need besides what they publish.
pub struct TablesMemory {
    /// When each station was heard last.
    pub heard: &'static mut [u64; ADDRESSES],
    /// Meters, which PMDs share; the first has the number 1.
    pub meters: &'static [Meter],
    /// What a set of rules that is saved is kept in, and each meter that is: as many as those.
    pub saved: (RuleSet, &'static mut [Option<Setting>]),
}

/// What is published, and meters, which need not be.
pub struct Tables {
    rules: Publisher<RuleSet>,
    network: Publisher<Network>,
    /// When each station was heard last, by its place.
    heard: &'static mut [u64; ADDRESSES],
    pub(crate) meters: &'static [Meter],
    /// Rules and meters of the boot, or of the last file that had some.
    pub(crate) saved: (RuleSet, &'static mut [Option<Setting>]),
    pub(super) neighbors: Neighbors,
    /// Stations that were learned and forgotten.
    pub(super) seen: Seen,
    /// The port that the control core has for itself.
    managed: Option<u16>,
    hertz: u64,
}

impl Tables {
    /// Tables that these publish, in `memory`, by a clock that counts `hertz` in a second.
    pub fn new(
        rules: Publisher<RuleSet>,
        network: Publisher<Network>,
        memory: TablesMemory,
        hertz: u64,
    ) -> Self {
        let TablesMemory { heard, meters, saved } = memory;
        let mut tables = Self {
            rules,
            network,
            heard,
            meters,
            saved,
            neighbors: Neighbors::new(hertz),
            seen: Seen::default(),
            managed: None,
            hertz,
        };
        tables.save_rules();
        tables
    }

    /// Takes the rules that there are for those of a file.
    pub(super) fn save_rules(&mut self) {
        let _there_is_as_much_room = self.saved.0.make(self.rules.current().iter());
    }

    /// Takes what `fill` makes of a set for the rules of a file, none of which hold.
    pub fn set_saved_rules(&mut self, fill: impl FnOnce(&mut RuleSet)) {
        fill(&mut self.saved.0);
    }

    /// Refuses rules that send packets out by this port from now on: the control core has it for itself.
    pub fn set_managed(&mut self, port: Option<u16>) {
        self.managed = port;
    }

    /// The rules that were published last.
    pub fn rules(&self) -> &RuleSet {
        self.rules.current()
    }

    /// What upcalls are told, if they are up to date.
    pub fn world(&self) -> World<'_> {
        World { rules: self.rules.current(), network: self.network.current() }
    }

    /// Counts up with every change.
    pub fn generation(&self) -> u64 {
        self.rules.generation() + self.network.generation()
    }

    /// Whether all PMDs know of the last change.
    pub fn is_settled(&self) -> bool {
        self.rules.is_settled() && self.network.is_settled()
    }

    /// Changes rules; none while a PMD does not know of the last change.
    ///
    /// # Errors
    ///
    /// Where it cannot be done. Nothing is changed then.
    pub fn edit(&mut self, edit: &Edit) -> Option<Result<(), Error>> {
        let managed = self.managed;
        self.publish_if_right(|current, draft| change(current, draft, edit, managed))
    }

    /// Has those that `fill` puts into a set be all rules, of which none may send packets out by the port that it is
    /// told of; none while a PMD does not know of the last change.
    ///
    /// # Errors
    ///
    /// That of `fill`. Nothing is changed then.
    pub(super) fn replace<E>(
        &mut self,
        fill: impl FnOnce(&mut RuleSet, Option<u16>) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let managed = self.managed;
        let replaced = self.publish_if_right(|_, draft| fill(draft, managed));
        if let Some(Ok(())) = replaced {
            self.save_rules();
        }
        replaced
    }

    /// Publishes the rules that `make` makes of the current ones, unless it finds a fault.
    fn publish_if_right<E>(
        &mut self,
        make: impl FnOnce(&RuleSet, &mut RuleSet) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let (current, draft) = self.rules.draft()?;
        let made = make(current, draft);
        if made.is_ok() {
            self.rules.publish();
        }
        Some(made)
    }

    /// Has the meter `number` count from now on, if there is such. PMDs see that at once.
    pub(super) fn set_meter(&self, number: u32, setting: &Setting) {
        let meter = (number as usize).checked_sub(1).and_then(|place| self.meters.get(place));
        meter.into_iter().for_each(|meter| meter.set(Some(setting), self.hertz));
    }

    /// The same, and takes it for one of a file.
    pub fn set_saved_meter(&mut self, number: u32, setting: &Setting) {
        self.set_meter(number, setting);
        let place = (number as usize).checked_sub(1).and_then(|place| self.saved.1.get_mut(place));
        place.into_iter().for_each(|place| *place = Some(*setting));
    }

    /// Learns from `notes` of PMDs. None is taken while a PMD does not know of the last change.
    pub(super) fn learn(&mut self, notes: impl Iterator<Item = Note>, now: u64) {
        let Self { network, heard, neighbors, seen, .. } = self;
        let Some((current, draft)) = network.draft() else { return };
        let mut is_news = false;
        for note in notes {
            match note {
                Note::Wanted(address) => neighbors.want(address, now),
                Note::Heard(station) => {
                    if !core::mem::replace(&mut is_news, true) {
                        draft.copy_from(current);
                    }
                    seen.learned += 1;
                    heard[draft.addresses.learn(station)] = now;
                }
            }
        }
        if is_news {
            network.publish();
        }
    }

    /// Publishes neighbors that were found or forgotten, as soon as that can be.
    pub(super) fn publish_neighbors(&mut self) {
        if !self.neighbors.changed {
            return;
        }
        let Some((current, draft)) = self.network.draft() else { return };
        draft.copy_from(current);
        draft.neighbors = self.neighbors.known().collect();
        self.neighbors.changed = false;
        self.network.publish();
    }

    /// Has nothing leave by ports whose link is down, and bonds use their other members, as soon as
    /// that can be: bit p says so of port p.
    pub(super) fn set_down(&mut self, down: u16) {
        let differs = |bond: &Bond| {
            let mut other = *bond;
            other.update(!down);
            other != *bond
        };
        let current = self.network.current();
        if current.down == down && !current.bonds.iter().flatten().any(differs) {
            return;
        }
        let Some((current, draft)) = self.network.draft() else { return };
        draft.copy_from(current);
        draft.down = down;
        draft.bonds.iter_mut().flatten().for_each(|bond| bond.update(!down));
        self.network.publish();
    }

    /// Notes that `station`, if it is known, was heard at `now`.
    pub(super) fn hear(&mut self, station: Station, now: u64) {
        if let Some(place) = self.network.current().addresses.place(station) {
            self.heard[place] = self.heard[place].max(now);
        }
    }

    /// Forgets stations that were not heard for long.
    pub(super) fn age(&mut self, now: u64) {
        let limit = now.saturating_sub(AGEING * self.hertz);
        let heard = &self.heard;
        let is_old = |(place, _): &(usize, Station)| heard[*place] < limit;
        let Some((current, draft)) = self.network.draft() else { return };
        if !current.addresses.iter().any(|it| is_old(&it)) {
            return;
        }
        draft.copy_from(current);
        let old = current.addresses.iter().filter(is_old);
        self.seen.expired += old.map(|(place, _)| draft.addresses.forget(place)).count() as u64;
        self.network.publish();
    }
}

/// Makes `draft` what `edit` makes of `current`.
fn change(
    current: &RuleSet,
    draft: &mut RuleSet,
    edit: &Edit,
    managed: Option<u16>,
) -> Result<(), Error> {
    draft.clear();
    match edit.change {
        Change::Add => current.iter().try_for_each(|rule| draft.add(&rule))?,
        Change::Replace => {}
        Change::Delete => {
            let filter = rules::parse_filter(&edit.text).map_err(|fault| (1, fault))?;
            let mut rest = current.iter().filter(|rule| !filter.admits(rule));
            rest.try_for_each(|rule| draft.add(&rule))?;
            draft.finish();
            return Ok(());
        }
    }
    add_all(draft, &edit.text, managed)
}

/// Adds the rules in `text` to `set`, and makes it ready for use. None may send packets out by the port
/// that is `managed`.
fn add_all(set: &mut RuleSet, text: &str, managed: Option<u16>) -> Result<(), Error> {
    rules::parse_all(text, |rule| add(set, rule, managed))?;
    set.finish();
    Ok(())
}

/// Adds `rule` to `set`, unless it sends packets out by the port that is `managed`.
pub(crate) fn add(set: &mut RuleSet, rule: &Rule, managed: Option<u16>) -> Result<(), Error> {
    let port = managed.filter(|port| rule.actions.contains(&Action::Output(*port)));
    port.map_or(Ok(()), |port| Err(Error::Managed(port)))?;
    Ok(set.add(&rule.view())?)
}

impl Error {
    /// The same of a text that has no lines: a command.
    pub(super) fn of_command(&self) -> impl Display {
        OfCommand(*self)
    }
}

struct OfCommand(Error);

impl Display for OfCommand {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Error::Text(_, fault) => fault.fmt(out),
            Error::Set(_) | Error::Managed(_) => self.0.fmt(out),
        }
    }
}

impl Display for Error {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(line, fault) => write!(out, "line {line}, {fault}"),
            Self::Managed(port) => {
                write!(out, "port {port} is mgmt's, and no rule sends packets there")
            }
            Self::Set(rules::Error::TooMany) => write!(out, "there is no room for more rules"),
            Self::Set(rules::Error::TooManyActions) => {
                write!(out, "there is no room for the actions of more rules")
            }
            Self::Set(rules::Error::TooManyMasks) => {
                write!(out, "rules look at more than {SHAPES} different sets of fields")
            }
        }
    }
}
