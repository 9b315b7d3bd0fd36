//! What can be asked at the console: a finished line becomes a [`Command`], or one line that says
//! what is wrong with it. Nothing is done by halves: a line is good as a whole or not at all.

mod complete;
mod fault;
mod help;
mod parse;
mod table;

use perf::Settings;
use perf::suspicion::WINDOW;

pub use complete::completions;
pub use fault::Fault;
pub use help::Help;
pub use parse::parse;
pub use table::{COMMANDS, Entry};

/// Rows of the iteration history that are shown at most.
pub const ROWS: u16 = 1000;

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the figures of PMDs.
    PerfShow(PerfShow),
    /// Count from now on.
    StatsClear {
        /// On this core only.
        core: Option<usize>,
    },
    /// Change what is suspicious and what is shown of it.
    LogSet(LogSet),
    /// Show ports and what went through them.
    ShowPorts,
    /// Show how many frames were dropped, and why.
    ShowDrops,
    /// Show where every frame ended.
    ShowLedger,
    /// List suspicious iterations.
    ShowEvents,
    /// Show one suspicious iteration and its neighbourhood.
    ShowEvent(u64),
    /// Keep a PMD busy on purpose.
    Stall(Stall),
    /// Crash on purpose.
    Crash {
        /// How.
        kind: Crash,
        /// On which core.
        core: usize,
    },
    /// Start the machine again.
    Reboot,
    /// Leave the emulator.
    Exit,
    /// Say what can be asked.
    Help(Topic),
}

/// What of PMDs' figures to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfShow {
    /// Histograms too.
    pub histograms: bool,
    /// Rows of the iteration history, up to [`ROWS`].
    pub rows: u16,
    /// Somebody wants rows of the history of milliseconds.
    pub milliseconds: bool,
    /// Of the PMD on this core only.
    pub core: Option<usize>,
}

/// Changes of settings; nothing where they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSet {
    /// Whether suspicious iterations are reported.
    pub log: Option<bool>,
    /// Iterations shown before.
    pub before: Option<u16>,
    /// Iterations shown after.
    pub after: Option<u16>,
    /// Whether windows that touch are shown as one.
    pub extend: Option<bool>,
    /// Longer iterations are suspicious, in microseconds.
    pub micros: Option<u32>,
    /// Fuller receive rings are suspicious, in frames.
    pub fill: Option<u32>,
}

impl LogSet {
    /// `settings` with the changes made. Where `before` and `after` are too many together,
    /// `after` becomes what fits.
    pub fn applied_to(&self, settings: Settings) -> Settings {
        let before = self.before.unwrap_or(settings.before).min(WINDOW);
        Settings {
            metrics: settings.metrics,
            log: self.log.unwrap_or(settings.log),
            micros: self.micros.unwrap_or(settings.micros),
            fill: self.fill.unwrap_or(settings.fill),
            before,
            after: self.after.unwrap_or(settings.after).min(WINDOW - before),
            extend: self.extend.unwrap_or(settings.extend),
        }
    }
}

/// A PMD kept busy on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Its core.
    pub core: usize,
    /// For how long, in microseconds.
    pub micros: u32,
    /// In how many iterations in a row.
    pub times: u32,
}

/// A way to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Read where nothing is mapped.
    PageFault,
    /// Run off the end of the stack.
    StackOverflow,
    /// Panic.
    Panic,
    /// Read through a null pointer.
    NullRead,
    /// Write to code.
    TextWrite,
}

impl Crash {
    /// All of them, in the order of [`Self::NAMES`].
    pub const ALL: [Self; 5] =
        [Self::PageFault, Self::StackOverflow, Self::Panic, Self::NullRead, Self::TextWrite];

    /// Their names.
    pub const NAMES: [&'static str; 5] =
        ["page-fault", "stack-overflow", "panic", "null-read", "text-write"];
}

/// What somebody needs help with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What commands there are, and what for.
    Commands,
    /// All commands with what may follow them.
    Usages,
    /// The kernel command line.
    Options,
    /// The command with this number in [`COMMANDS`].
    Command(usize),
}

#[cfg(test)]
mod tests;
