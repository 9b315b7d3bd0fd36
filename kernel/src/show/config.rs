//! `show config`: what runs, as a file that makes it so at boot; and what of it no file says yet.

use core::cmp::Ordering;
use core::fmt::{self, Display, Formatter, Write};

use dataplane::meter::Setting;
use perf::Settings;
use perf::settings::Values;

use crate::control::Tables;
use crate::logs::Chosen;
use crate::options::{Key, Said, keys};

/// What holds of keys.
pub struct Running<'a, I> {
    /// What was said of keys that change at boot only.
    pub said: &'a Said<'a>,
    /// Which logs are written.
    pub log: Chosen,
    /// Settings of each PMD, with its core.
    pub settings: I,
}

impl<I: Iterator<Item = (usize, Settings)> + Clone> Running<'_, I> {
    fn is_default(&self, key: Key) -> bool {
        match (key.setting(), key.name()) {
            (Some(setting), _) => Values(setting, &self.settings).are_default(),
            (None, "log") => self.log == Chosen::DEFAULT,
            // Rules tell it.
            (None, "forward") => true,
            (None, _) => key.is_same(self.said.of(key), None),
        }
    }

    /// Whether `key` has another value in `other`, of which all is the same that changes at boot only.
    fn differs(&self, other: &Self, key: Key) -> bool {
        let mut settings = self.settings.clone().zip(other.settings.clone());
        match (key.setting(), key.name()) {
            (Some(setting), _) => settings.any(|(one, other)| !setting.is_same(&one.1, &other.1)),
            (None, "log") => self.log != other.log,
            (None, _) => false,
        }
    }

    fn line(&self, key: Key) -> impl Display {
        Line(self, key)
    }
}

/// `KEY=VALUE`, as a file takes it.
struct Line<'a, I>(&'a Running<'a, I>, Key);

impl<I: Iterator<Item = (usize, Settings)> + Clone> Display for Line<'_, I> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(running, key) = self;
        write!(out, "{}=", key.name())?;
        match (key.setting(), key.name(), running.said.of(*key)) {
            (Some(setting), ..) => write!(out, "{}", Values(setting, &running.settings)),
            (None, "log", _) => write!(out, "{}", running.log.words()),
            (None, name, Some(text)) if name != "forward" => out.write_str(text),
            (None, ..) => write!(out, "{}", key.default()),
        }
    }
}

/// `show config` while it is carried out: a line a step.
pub struct ConfigJob {
    /// Keys with their defaults too, and when each changes.
    wants_all: bool,
    key: usize,
    meter: usize,
    rule: usize,
}

impl ConfigJob {
    /// Begins to show what is not the default, or all.
    pub fn new(wants_all: bool) -> Self {
        Self { wants_all, key: 0, meter: 0, rule: 0 }
    }

    /// Writes the next line. False if there was nothing left to write.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<I: Iterator<Item = (usize, Settings)> + Clone>(
        &mut self,
        running: &Running<'_, I>,
        tables: &Tables,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let wanted = |(_, key): &(usize, Key)| self.wants_all || !running.is_default(*key);
        if let Some((number, key)) = keys().enumerate().skip(self.key).find(wanted) {
            self.key = number + 1;
            write!(out, "{}", running.line(key))?;
            return if self.wants_all {
                writeln!(out, "  # {}", key.when())
            } else {
                writeln!(out)
            }
            .map(|()| true);
        }
        self.key = usize::MAX;
        let mut meters = tables.meters.iter().enumerate().skip(self.meter);
        if let Some((place, setting)) = meters.find_map(|(place, it)| Some((place, it.get()?.0))) {
            self.meter = place + 1;
            return writeln!(out, "{}", Meter(place, &setting)).map(|()| true);
        }
        self.meter = usize::MAX;
        let Some(rule) = tables.rules().rule(self.rule) else { return Ok(false) };
        self.rule += 1;
        writeln!(out, "{rule}").map(|()| true)
    }
}

/// A meter by its place, as a file takes it.
struct Meter<'a>(usize, &'a Setting);

impl Display for Meter<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "meter={} {}", self.0 + 1, self.1)
    }
}

/// A meter as it is saved, and as it is set.
type Saved = Option<Setting>;
type Runs = Option<Setting>;

/// `show config diff` while it is carried out: a key, a meter or a rule a step.
pub struct ConfigDiffJob {
    key: usize,
    meter: usize,
    /// The next rule of those that are saved, and of those that hold.
    rules: (usize, usize),
    has_found: bool,
}

impl ConfigDiffJob {
    /// Begins to show what differs.
    #[expect(clippy::new_without_default, reason = "nothing is a default of a command")]
    pub fn new() -> Self {
        Self { key: 0, meter: 0, rules: (0, 0), has_found: false }
    }

    /// Looks at the next thing, and writes what differs of it. False if all is written.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn step<I: Iterator<Item = (usize, Settings)> + Clone>(
        &mut self,
        (saved, runs): (&Running<'_, I>, &Running<'_, I>),
        tables: &Tables,
        out: &mut impl Write,
    ) -> Result<bool, fmt::Error> {
        let mut changed = keys().enumerate().skip(self.key);
        if let Some((number, key)) = changed.find(|(_, key)| saved.differs(runs, *key)) {
            self.key = number + 1;
            let of = |running: &Running<'_, I>| (!running.is_default(key)).then_some(());
            self.write('-', of(saved).map(|()| saved.line(key)), out)?;
            self.write('+', of(runs).map(|()| runs.line(key)), out)?;
            return Ok(true);
        }
        self.key = usize::MAX;
        if let Some((place, (saved, runs))) = self.next_meter(tables) {
            self.meter = place + 1;
            self.write('-', saved.as_ref().map(|setting| Meter(place, setting)), out)?;
            self.write('+', runs.as_ref().map(|setting| Meter(place, setting)), out)?;
            return Ok(true);
        }
        self.meter = usize::MAX;
        if self.step_rules(tables, out)? {
            return Ok(true);
        }
        if !self.has_found {
            writeln!(
                out,
                "nothing is unsaved: what runs is what it booted with, or was put since"
            )?;
        }
        Ok(false)
    }

    fn write(
        &mut self,
        sign: char,
        line: Option<impl Display>,
        out: &mut impl Write,
    ) -> fmt::Result {
        let Some(line) = line else { return Ok(()) };
        self.has_found = true;
        writeln!(out, "{sign}{line}")
    }

    /// The next meter that differs: its place, how it is saved, and how it is set.
    fn next_meter(&self, tables: &Tables) -> Option<(usize, (Saved, Runs))> {
        let set = tables.meters.iter().map(|meter| meter.get().map(|(setting, ..)| setting));
        let both = tables.saved.1.iter().copied().zip(set);
        both.enumerate().skip(self.meter).find(|(_, (saved, runs))| saved != runs)
    }

    /// Goes one rule further in the set that is behind: both have the same order.
    fn step_rules(&mut self, tables: &Tables, out: &mut impl Write) -> Result<bool, fmt::Error> {
        let (saved, runs) = (tables.saved.0.rule(self.rules.0), tables.rules().rule(self.rules.1));
        let order = match (&saved, &runs) {
            (None, None) => return Ok(false),
            (Some(saved), Some(runs)) => saved.order(runs),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
        };
        let is_same = saved.zip(runs).is_some_and(|(saved, runs)| saved.is_same(&runs));
        let (saved, runs) = (saved.filter(|_| order.is_le()), runs.filter(|_| order.is_ge()));
        self.rules.0 += usize::from(saved.is_some());
        self.rules.1 += usize::from(runs.is_some());
        self.write('-', saved.filter(|_| !is_same), out)?;
        self.write('+', runs.filter(|_| !is_same), out)?;
        Ok(true)
    }
}
