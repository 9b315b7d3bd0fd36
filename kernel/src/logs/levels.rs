//! Which logs are written, by what they are about and how much they matter, in the words of Open vSwitch.
//!
//! What is not written costs a comparison. Levels are set at boot (`log=`) and at run time (`vlog/set`).

use core::fmt::{self, Display, Formatter};
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How much a log matters: one is written if its module's level is this one or a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Nothing is written. Of no log.
    Off,
    /// Something does not work any more. defmt calls it error.
    Err,
    /// Something may not work any more. defmt calls it warn.
    Warn,
    /// What happened, of what happens seldom. defmt calls it info.
    Info,
    /// What only those need who look for a fault. defmt calls it debug, and trace.
    Dbg,
}

impl Level {
    /// All of them, as `vlog/list` writes them and as users do.
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Off, "OFF", "off"),
        (Self::Err, "ERR", "err"),
        (Self::Warn, "WARN", "warn"),
        (Self::Info, "INFO", "info"),
        (Self::Dbg, "DBG", "dbg"),
    ];

    fn named(name: &str) -> Option<Self> {
        let own = |(_, own, _): &&(Self, &str, &str)| own.eq_ignore_ascii_case(name);
        Self::ALL.iter().find(own).map(|(level, ..)| *level)
    }

    fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What a log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// The start.
    Boot,
    /// Cards that are reset.
    Cards,
    /// Calendar time.
    Clock,
    /// Suspicious iterations.
    Events,
    /// Links of ports.
    Links,
    /// Receive queues that move.
    Rxqs,
    /// What is suspicious.
    Settings,
    /// The line of the stream.
    Stream,
}

impl Module {
    /// Their names, by number.
    const NAMES: [&'static str; 8] =
        ["boot", "cards", "clock", "events", "links", "rxqs", "settings", "stream"];
}

/// What stands for all modules.
const ANY: &str = "any";

/// A level for each module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen([Level; Module::NAMES.len()]);

impl Chosen {
    /// What nobody said anything of.
    pub const DEFAULT: Self = Self([Level::Info; Module::NAMES.len()]);

    /// The same but for what `text` says: `LEVEL` for all, or `MODULE:LEVEL`, or several with commas or
    /// blanks between. None unless all of it is good.
    pub fn with(mut self, text: &str) -> Option<Self> {
        let mut words = text.split([',', ' ']).filter(|word| !word.is_empty()).peekable();
        words.peek()?;
        words.try_for_each(|word| self.set(word))?;
        Some(self)
    }

    fn set(&mut self, word: &str) -> Option<()> {
        let (module, level) = word.split_once(':').unwrap_or((ANY, word));
        let level = Level::named(level)?;
        if module == ANY {
            self.0.fill(level);
            return Some(());
        }
        let number = Module::NAMES.iter().position(|name| *name == module)?;
        self.0[number] = level;
        Some(())
    }

    /// The words that [`Self::with`] makes it of: the level that most modules have, and those of others.
    pub fn words(&self) -> impl Display {
        Words(*self)
    }
}

struct Words(Chosen);

impl Display for Words {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self(Chosen(levels)) = self;
        let count = |level: &Level| levels.iter().filter(|own| *own == level).count();
        let Some(most) = levels.iter().rev().max_by_key(|level| count(level)) else {
            return Ok(());
        };
        let lower = |level: Level| Level::ALL[level as usize].2;
        out.write_str(lower(*most))?;
        let mut others = Module::NAMES.iter().zip(levels).filter(|(_, level)| *level != most);
        others.try_for_each(|(name, level)| write!(out, ",{name}:{}", lower(*level)))
    }
}

/// As Open vSwitch's `vlog/list`, with the one place that logs go to here.
impl Display for Chosen {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:16} stream\n{:16} ------", "", "")?;
        let mut all = Module::NAMES.iter().zip(self.0);
        all.try_for_each(|(name, level)| writeln!(out, "{name:16} {:>6}", level.name()))
    }
}

/// The levels that hold now, for whoever logs.
#[derive(Debug)]
pub struct Levels([AtomicU8; Module::NAMES.len()]);

impl Default for Levels {
    fn default() -> Self {
        Self::new()
    }
}

impl Levels {
    /// The defaults.
    pub const fn new() -> Self {
        Self([const { AtomicU8::new(Level::Info as u8) }; Module::NAMES.len()])
    }

    /// Whether a log about `module` that matters so much is written.
    #[inline]
    pub fn admit(&self, module: Module, level: Level) -> bool {
        level as u8 <= self.0[module as usize].load(Relaxed)
    }

    /// Those that hold.
    pub fn chosen(&self) -> Chosen {
        let level = |known: &AtomicU8| Level::ALL[usize::from(known.load(Relaxed))].0;
        Chosen(core::array::from_fn(|module| level(&self.0[module])))
    }

    /// Has those of `chosen` hold from now on.
    pub fn choose(&self, chosen: &Chosen) {
        self.0.iter().zip(chosen.0).for_each(|(place, level)| place.store(level as u8, Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> String {
        let levels = Levels::new();
        levels.choose(&levels.chosen().with(text).unwrap());
        levels.chosen().to_string()
    }

    #[test]
    fn a_level_is_for_all_modules_or_for_one_and_the_last_word_holds() {
        let all = "dbg".to_owned() + &",off".repeat(2);
        assert_eq!(list(&all).matches(" OFF\n").count(), Module::NAMES.len());
        let text = list("links:DBG, any:warn  cards:off");
        assert!(text.contains("cards               OFF\nclock              WARN\n"), "{text}");
        assert!(text.contains("links              WARN\n"), "{text}");
        assert!(list("warn,links:dbg").contains("links               DBG\n"));
    }

    #[test]
    fn levels_are_told_in_words_that_make_them_again() {
        for (text, words) in [
            ("info", "info"),
            ("dbg,off", "off"),
            ("off,links:dbg", "off,links:dbg"),
            ("dbg,boot:err,stream:warn", "dbg,boot:err,stream:warn"),
        ] {
            let chosen = Chosen::DEFAULT.with(text).unwrap();
            assert_eq!(chosen.words().to_string(), words);
            assert_eq!(Chosen::DEFAULT.with(words), Some(chosen));
        }
    }

    #[test]
    fn what_is_wrong_changes_nothing() {
        for text in ["", ",", "loud", "links:", ":dbg", "links:dbg:info", "link:dbg", "dbg,links"] {
            assert_eq!(Chosen::DEFAULT.with(text), None, "{text}");
        }
    }

    #[test]
    fn a_log_is_written_if_its_level_is_not_beyond_its_modules() {
        let levels = Levels::new();
        levels.choose(&Chosen::DEFAULT.with("clock:off,links:dbg,cards:warn").unwrap());
        let admitted = |module| {
            let admits = |level: &&(Level, _, _)| levels.admit(module, level.0);
            Level::ALL[1..].iter().filter(admits).count()
        };
        let of = [Module::Clock, Module::Cards, Module::Boot, Module::Links].map(admitted);
        assert_eq!(of, [0, 2, 3, 4]);
    }
}
