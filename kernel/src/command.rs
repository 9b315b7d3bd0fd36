//! What can be asked at the console: a finished line becomes a [`Command`], or one line that says
//! what is wrong with it. Nothing is done by halves: a line is good as a whole or not at all.

mod complete;
mod crash;
mod entry;
mod fault;
mod help;
mod parse;
mod table;

use perf::settings::TABLE;
use perf::{Reasons, Settings};

pub use complete::completions;
pub use crash::Crash;
pub use entry::Entry;
pub use fault::Fault;
pub use help::Help;
pub use parse::parse;
pub use table::COMMANDS;

/// Rows of a history that are shown at most.
pub const ROWS: u16 = 4096;
/// Frames that a capture keeps at most.
pub const CAPTURED: u16 = 1000;

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Show the figures of PMDs.
    PerfShow(PerfShow),
    /// Count from now on.
    StatsClear {
        /// On this core only.
        core: Option<usize>,
    },
    /// Change what is recorded, what is suspicious and what is shown of it.
    Settings {
        /// What changes.
        changes: Changes,
        /// On this core only.
        core: Option<usize>,
    },
    /// Show what is set.
    LogShow {
        /// On this core only.
        core: Option<usize>,
        /// In which form.
        format: Format,
    },
    /// Show the configuration that runs.
    ShowConfig(ConfigPart),
    /// Show ports and what went through them.
    ShowPorts(Format),
    /// One port.
    ShowPort {
        /// Its number.
        port: usize,
        /// What of it.
        part: PortPart,
        /// In which form.
        format: Format,
    },
    /// Show how many frames were dropped, and why.
    ShowDrops(Format),
    /// Show where every frame ended.
    ShowLedger(Format),
    /// List suspicious iterations.
    ShowEvents(ShowEvents),
    /// Show one suspicious iteration and its neighbourhood.
    ShowEvent {
        /// Its number.
        number: u64,
        /// In which form.
        format: Format,
    },
    /// Add a rule, in the place of one with the same match.
    AddFlow(&'a str),
    /// Delete rules with this match, or all.
    DelFlows(&'a str),
    /// Put these rules, with semicolons between, in the place of all.
    ReplaceFlows(&'a str),
    /// List rules with this match, or all.
    DumpFlows(&'a str),
    /// Set a meter, in the place of one with the same number.
    AddMeter(&'a str),
    /// Take this meter away, or all.
    DelMeters(&'a str),
    /// List this meter, or all.
    DumpMeters(&'a str),
    /// List megaflows.
    DumpMegaflows {
        /// Of this core only.
        core: Option<usize>,
    },
    /// Tell what a packet like this would meet.
    Trace(&'a str),
    /// Keep the next frames of a port.
    Capture(Capture<'a>),
    /// Tell of frames that were captured.
    ShowCapture,
    /// End a capture before it has all frames.
    StopCapture,
    /// Tell who polls which receive queue, and how much of its time that takes.
    ShowRxqs(ShowRxqs),
    /// Share receive queues out among PMDs anew.
    Rebalance,
    /// Tell how long PMDs sleep at most.
    ShowSleep,
    /// Tell what happened how often.
    ShowCoverage,
    /// List bonds and their members.
    ShowBonds,
    /// List tunnels and the address that they end at.
    ShowTunnels,
    /// List who is next on the way to tunnels' other ends.
    ShowNeighbors,
    /// A file comes in: so many bytes, with this CRC-32.
    PutBegin {
        /// Its bytes.
        len: usize,
        /// Their checksum.
        crc: u32,
    },
    /// A piece of it.
    PutPiece {
        /// Where it belongs.
        offset: usize,
        /// What it is.
        base64: &'a str,
    },
    /// Apply the file that came in.
    PutApply,
    /// Have the stream tell of kept events again: of all, or of those from one number to another.
    SendEvents(Option<(u64, u64)>),
    /// Set which logs are written.
    SetLogs(&'a str),
    /// Tell which logs are written.
    ListLogs,
    /// Note something down among the events.
    Mark(&'a str),
    /// See whether what is measured is true.
    SelfTest,
    /// Tell all that a lab needs to know of the card of this port.
    NicTest(usize),
    /// Test what is taken from cores that do nothing.
    Hwlat(Hwlat),
    /// Tell what disturbs each core.
    ShowIsolation(Format),
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

/// What of a port to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortPart {
    /// What it is and what went through it.
    #[default]
    Itself,
    /// The same, and its receive queues.
    Queues,
    /// Registers of its card.
    Registers,
    /// What its card counts.
    Counters,
}

impl PortPart {
    /// Those that are asked for by a word, in the order of [`Self::WORDS`].
    const ASKED: [Self; 3] = [Self::Queues, Self::Registers, Self::Counters];
    /// Those words.
    const WORDS: [&str; 3] = ["queues", "regs", "counters"];
}

/// What of the configuration to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigPart {
    /// What is not the default.
    #[default]
    Set,
    /// All of it, and when each key changes.
    All,
    /// What no file says.
    Diff,
}

impl ConfigPart {
    /// Those that are asked for by a word, in the order of [`Self::WORDS`].
    const ASKED: [Self; 2] = [Self::All, Self::Diff];
    /// Those words.
    const WORDS: [&str; 2] = ["all", "diff"];
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people, and for scripts that read Open vSwitch's text.
    #[default]
    Text,
    /// For programs: documents of JSON, one a line.
    Json,
}

/// What of PMDs' figures to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfShow {
    /// Histograms too.
    pub histograms: bool,
    /// Rows of the iteration history, up to [`ROWS`].
    pub rows: u16,
    /// Rows of the history of milliseconds, up to [`ROWS`].
    pub milliseconds: u16,
    /// Of the PMD on this core only.
    pub core: Option<usize>,
    /// Of so many last seconds instead of the time since the figures were cleared.
    pub interval: Option<u16>,
    /// In which form.
    pub format: Format,
}

/// Which frames to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture<'a> {
    /// The port that they come in by.
    pub port: u16,
    /// What they are like, as a rule says it; all if this is empty.
    pub matching: &'a str,
    /// How many, up to [`CAPTURED`].
    pub frames: u16,
    /// Bytes of each; 0 for all.
    pub snaplen: u16,
}

impl Capture<'_> {
    /// Bytes of each frame that are kept unless it is said how many: most headers fit.
    pub const SNAPLEN: u16 = 128;
}

/// Which receive queues to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowRxqs {
    /// Of the PMD on this core only.
    pub core: Option<usize>,
    /// Over so many last seconds, in steps of 5; 0 for all that are remembered.
    pub seconds: u32,
    /// In which form.
    pub format: Format,
}

/// Which events to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShowEvents {
    /// Those of this core.
    pub core: Option<usize>,
    /// Those with any of these reasons.
    pub reasons: Option<Reasons>,
    /// Those of so many last seconds.
    pub seconds: Option<u32>,
    /// In which form.
    pub format: Format,
}

/// Changes of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Those that change have their new values in it.
    values: Settings,
    /// Bit i says that the setting i of the table changes.
    mask: u16,
}

impl Changes {
    /// No change.
    pub const NONE: Self = Self { values: Settings::DEFAULT, mask: 0 };

    /// Makes the changes in `settings`. Where before and after are too many together, after
    /// becomes what fits.
    pub fn apply_to(&self, settings: &mut Settings) {
        let changed = TABLE.iter().enumerate().filter(|(number, _)| self.has(*number));
        changed.for_each(|(_, setting)| setting.copy(&self.values, settings));
        settings.narrow();
    }

    /// Whether the setting `number` changes.
    fn has(&self, number: usize) -> bool {
        self.mask >> number & 1 == 1
    }

    /// Changes the setting `number` to what `text` says; nothing if that is out of range.
    fn set(&mut self, number: usize, text: &str) -> Option<()> {
        TABLE[number].set(&mut self.values, text)?;
        self.mask |= 1 << number;
        Some(())
    }
}

/// A test of what is taken from cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hwlat {
    /// How long it takes.
    pub seconds: u32,
    /// Microseconds that a gap has at least.
    pub least: u32,
    /// Whether traffic stands still for it, if there is any.
    pub anyway: bool,
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
