//! Every command: its name, what may follow it, what it is for. Made from it are the parser, the
//! errors, the help and the completion.

use core::fmt::{self, Display, Formatter};

use perf::suspicion::WINDOW;

use super::{Command, Crash, LogSet, PerfShow, ROWS, Stall, Topic};

/// What may precede the name of a command of Open vSwitch, and may be left out.
const PREFIX: &str = "dpif-netdev/";
/// Things that can follow a name at most.
pub(super) const ITEMS: usize = 6;
/// What was said, by position of the item in its entry: a number, or which of its words.
pub(super) type Values = [Option<u64>; ITEMS];

/// A command that can be typed.
pub struct Entry {
    /// Its full name, of one or several words.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// What may follow its name, in any order but for places.
    pub(super) items: &'static [Item],
    /// The command that the values of its items make.
    pub(super) make: fn(&Values) -> Command,
}

/// Something that may follow a name.
pub(super) struct Item {
    pub(super) form: Form,
    pub(super) required: bool,
    pub(super) help: &'static str,
}

/// What it looks like.
pub(super) enum Form {
    /// One of these words.
    Words(&'static [&'static str]),
    /// These letters, and a number after them.
    Letters(&'static str, Number),
    /// A number by itself.
    Place(Number),
    /// The name of a command, to the end of the line.
    Name,
}

/// A whole number.
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// Whether more stands for the most, as it does in Open vSwitch.
    pub(super) clamps: bool,
}

const fn number(name: &'static str, least: u64, most: u64) -> Number {
    Number { name, least, most, clamps: false }
}

const fn clamped(most: u64) -> Number {
    Number { name: "N", least: 0, most, clamps: true }
}

const fn core() -> Number {
    number("CORE", 0, 255)
}

const fn optional(form: Form, help: &'static str) -> Item {
    Item { form, required: false, help }
}

const fn required(form: Form, help: &'static str) -> Item {
    Item { form, required: true, help }
}

const ANY: u64 = u32::MAX as u64;

/// The topic of help beside commands.
pub(super) const OPTIONS: &str = "options";

/// All commands.
pub static COMMANDS: [Entry; 14] = [
    Entry {
        name: "dpif-netdev/pmd-perf-show",
        about: "figures, histograms and history of each PMD",
        items: &[
            optional(Form::Words(&["-nh"]), "no histograms"),
            optional(Form::Letters("-it", clamped(ROWS as u64)), "rows of the iteration history"),
            optional(Form::Letters("-ms", clamped(ROWS as u64)), "not recorded, and says so"),
            optional(Form::Letters("-pmd", core()), "of this PMD only"),
        ],
        make: |values| {
            Command::PerfShow(PerfShow {
                histograms: values[0].is_none(),
                rows: values[1].unwrap_or(0) as u16,
                milliseconds: values[2].is_some_and(|rows| rows > 0),
                core: values[3].map(|core| core as usize),
            })
        },
    },
    Entry {
        name: "dpif-netdev/pmd-perf-log-set",
        about: "what is suspicious, and what is shown of it; alone it tells the settings",
        items: &[
            optional(Form::Words(&["on", "off"]), "report suspicious iterations, or do not"),
            optional(Form::Letters("-b", clamped(WINDOW as u64)), "iterations shown before"),
            optional(Form::Letters("-a", clamped(WINDOW as u64)), "iterations shown after"),
            optional(Form::Words(&["-e", "-ne"]), "show windows that touch as one, or do not"),
            optional(Form::Letters("-us", number("N", 0, ANY)), "suspicious if longer (us)"),
            optional(Form::Letters("-q", number("N", 0, ANY)), "suspicious if as full (frames)"),
        ],
        make: |values| {
            Command::LogSet(LogSet {
                log: values[0].map(|word| word == 0),
                before: values[1].map(|rows| rows as u16),
                after: values[2].map(|rows| rows as u16),
                extend: values[3].map(|word| word == 0),
                micros: values[4].map(|micros| micros as u32),
                fill: values[5].map(|fill| fill as u32),
            })
        },
    },
    Entry {
        name: "dpif-netdev/pmd-stats-clear",
        about: "count from now on",
        items: &[optional(Form::Letters("-pmd", core()), "on this PMD only")],
        make: |values| Command::StatsClear { core: values[0].map(|core| core as usize) },
    },
    Entry {
        name: "show ports",
        about: "ports and what went through them",
        items: &[],
        make: |_| Command::ShowPorts,
    },
    Entry {
        name: "show drops",
        about: "frames dropped, by port and reason",
        items: &[],
        make: |_| Command::ShowDrops,
    },
    Entry {
        name: "show ledger",
        about: "where every frame ended",
        items: &[],
        make: |_| Command::ShowLedger,
    },
    Entry {
        name: "show events",
        about: "list of suspicious iterations",
        items: &[],
        make: |_| Command::ShowEvents,
    },
    Entry {
        name: "show event",
        about: "one suspicious iteration, its neighbourhood and its rooms",
        items: &[required(Form::Place(number("N", 1, u64::MAX)), "its number in show events")],
        make: |values| Command::ShowEvent(values[0].unwrap_or(0)),
    },
    Entry {
        name: "stall",
        about: "keep a PMD busy on purpose; its record says so",
        items: &[
            required(Form::Place(core()), "the core of the PMD"),
            required(Form::Place(number("USEC", 1, 10_000_000)), "for so long, each time"),
            optional(Form::Place(number("TIMES", 1, 100_000)), "in so many iterations; once"),
        ],
        make: |values| {
            Command::Stall(Stall {
                core: values[0].unwrap_or(0) as usize,
                micros: values[1].unwrap_or(0) as u32,
                times: values[2].unwrap_or(1) as u32,
            })
        },
    },
    Entry {
        name: "crash",
        about: "crash on purpose, to see the report",
        items: &[
            required(Form::Words(&Crash::NAMES), "how"),
            optional(Form::Place(core()), "on this core; on core 0"),
        ],
        make: |values| Command::Crash {
            kind: Crash::ALL[values[0].unwrap_or(0) as usize % Crash::ALL.len()],
            core: values[1].unwrap_or(0) as usize,
        },
    },
    Entry {
        name: "reboot",
        about: "start the machine again",
        items: &[],
        make: |_| Command::Reboot,
    },
    Entry { name: "exit", about: "leave the emulator", items: &[], make: |_| Command::Exit },
    Entry {
        name: "help",
        about: "what can be asked",
        items: &[optional(Form::Name, "more of this command, or of the boot options")],
        make: |values| Command::Help(topic(values[0])),
    },
    Entry {
        name: "list-commands",
        about: "all commands with their options",
        items: &[],
        make: |_| Command::Help(Topic::Usages),
    },
];

fn topic(value: Option<u64>) -> Topic {
    match value.map(|number| number as usize) {
        None => Topic::Commands,
        Some(number) if number < COMMANDS.len() => Topic::Command(number),
        Some(_) => Topic::Options,
    }
}

impl Entry {
    /// The names that it answers to, the full one first.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        core::iter::once(self.name).chain(self.name.strip_prefix(PREFIX))
    }
}

/// Its usage: the name and what may follow.
impl Display for Entry {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)?;
        self.items.iter().try_for_each(|item| match item.required {
            true => write!(out, " {}", item.form),
            false => write!(out, " [{}]", item.form),
        })
    }
}

impl Display for Form {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => words.iter().enumerate().try_for_each(|(position, word)| {
                write!(out, "{}{word}", if position > 0 { "|" } else { "" })
            }),
            Self::Letters(letters, number) => write!(out, "{letters} {}", number.name),
            Self::Place(number) => out.write_str(number.name),
            Self::Name => write!(out, "COMMAND|{OPTIONS}"),
        }
    }
}
