//! Every command: its name, what may follow it, what it is for. Made from it are the parser, the
//! errors, the help and the completion.

use core::fmt::{self, Display, Formatter};

use perf::Reasons;
use perf::settings::{Setting, TABLE};
use perf::windows::SECONDS;

use super::{Changes, Command, Crash, Format, PerfShow, ROWS, ShowEvents, ShowRxqs, Stall, Topic};
use crate::balance;

/// What may precede the name of a command of Open vSwitch, and may be left out.
const PREFIX: &str = "dpif-netdev/";
/// Other names of commands, and their names here.
const ALIASES: [(&str, &str); 2] =
    [("dpif-netdev/pmd-stats-show", "dpif-netdev/pmd-perf-show"), ("bond-show", "bond/show")];
/// Things that can follow a name at most.
pub(super) const ITEMS: usize = 6;

/// What was said behind a name.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// By position of the item in its entry: a number, or which of its words.
    pub(super) values: [Option<u64>; ITEMS],
    /// Settings, where an item is about them.
    pub(super) changes: Changes,
    /// Text to the end of the line, where an item is that.
    pub(super) text: &'a str,
}

impl Said<'_> {
    /// Nothing.
    pub(super) const NOTHING: Self =
        Said { values: [None; ITEMS], changes: Changes::NONE, text: "" };

    fn number<T: TryFrom<u64>>(&self, position: usize) -> Option<T> {
        self.values[position].and_then(|value| value.try_into().ok())
    }

    fn format(&self, position: usize) -> Format {
        match self.values[position] {
            Some(0) | None => Format::Text,
            Some(_) => Format::Json,
        }
    }
}

/// A command that can be typed.
pub struct Entry {
    /// Its full name, of one or several words.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// What may follow its name, in any order but for places.
    pub(super) items: &'static [Item],
    /// The command that the values of its items make.
    pub(super) make: for<'a> fn(&Said<'a>) -> Command<'a>,
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
    /// These letters, and one of these words after them.
    Choice(&'static str, &'static [&'static str]),
    /// A number by itself.
    Place(Number),
    /// The name of a command, to the end of the line.
    Name,
    /// Whatever stands there to the end of the line.
    Text(&'static str),
    /// These letters, and names of reasons after them.
    Reasons(&'static str),
    /// All settings that `pmd-perf-log-set` knows.
    Settings,
    /// `KEY=VALUE`, of any setting.
    Assignment,
}

/// A whole number.
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) least: u64,
    pub(super) most: u64,
    /// Whether more stands for the most, as it does in Open vSwitch.
    pub(super) clamps: bool,
    /// What may follow the digits.
    pub(super) unit: &'static str,
}

const fn number(name: &'static str, least: u64, most: u64) -> Number {
    Number { name, least, most, clamps: false, unit: "" }
}

const fn clamped(most: u64) -> Number {
    Number { name: "N", least: 0, most, clamps: true, unit: "" }
}

const fn seconds(name: &'static str, most: u64) -> Number {
    Number { name, least: 1, most, clamps: false, unit: "s" }
}

const fn core() -> Number {
    number("CORE", 0, 255)
}

/// What a rule looks like.
const RULE: &str = "as ovs-ofctl takes it: in_port=0,tcp,tp_dst=80,actions=output:1";

/// What a meter looks like.
const METER: &str =
    "as ovs-ofctl takes it: meter=1,pktps,band=type=drop,rate=1000,burst_size=100; or kbps";

/// In which form a command answers.
const fn format() -> Item {
    optional(Form::Choice("-f", &["text", "json"]), "as text, or as JSON, a document a line")
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
pub static COMMANDS: [Entry; 34] = [
    Entry {
        name: "dpif-netdev/pmd-perf-show",
        about: "figures, histograms and histories of each PMD",
        items: &[
            optional(Form::Words(&["-nh"]), "no histograms"),
            optional(Form::Letters("-it", clamped(ROWS as u64)), "rows of the iteration history"),
            optional(Form::Letters("-ms", clamped(ROWS as u64)), "rows of the millisecond history"),
            optional(Form::Letters("-pmd", core()), "of this PMD only"),
            optional(
                Form::Letters("--interval", seconds("SECONDS", SECONDS as u64)),
                "of the last seconds, instead of since the last clear",
            ),
            format(),
        ],
        make: |said| {
            Command::PerfShow(PerfShow {
                histograms: said.values[0].is_none(),
                rows: said.number(1).unwrap_or(0),
                milliseconds: said.number(2).unwrap_or(0),
                core: said.number(3),
                interval: said.number(4),
                format: said.format(5),
            })
        },
    },
    Entry {
        name: "dpif-netdev/pmd-perf-log-set",
        about: "what is suspicious, and what is shown of it; alone it tells the settings",
        items: &[
            optional(Form::Settings, ""),
            optional(Form::Letters("-pmd", core()), "on this PMD only"),
        ],
        make: |said| Command::Settings { changes: said.changes, core: said.number(1) },
    },
    Entry {
        name: "dpif-netdev/pmd-perf-log-show",
        about: "all settings, and the boot options that make them last",
        items: &[optional(Form::Letters("-pmd", core()), "of this PMD only"), format()],
        make: |said| Command::LogShow { core: said.number(0), format: said.format(1) },
    },
    Entry {
        name: "set",
        about: "a setting by its key on the kernel command line",
        items: &[
            required(Form::Assignment, "any key that begins with pmd-perf-"),
            optional(Form::Letters("-pmd", core()), "on this PMD only"),
        ],
        make: |said| Command::Settings { changes: said.changes, core: said.number(1) },
    },
    Entry {
        name: "dpif-netdev/pmd-stats-clear",
        about: "count from now on",
        items: &[optional(Form::Letters("-pmd", core()), "on this PMD only")],
        make: |said| Command::StatsClear { core: said.number(0) },
    },
    Entry {
        name: "show ports",
        about: "ports and what went through them",
        items: &[format()],
        make: |said| Command::ShowPorts(said.format(0)),
    },
    Entry {
        name: "show drops",
        about: "frames dropped, by port and reason",
        items: &[format()],
        make: |said| Command::ShowDrops(said.format(0)),
    },
    Entry {
        name: "show ledger",
        about: "where every frame ended",
        items: &[format()],
        make: |said| Command::ShowLedger(said.format(0)),
    },
    Entry {
        name: "show events",
        about: "list of suspicious iterations",
        items: &[
            optional(Form::Letters("-pmd", core()), "of this PMD only"),
            optional(Form::Reasons("-r"), "of these reasons only"),
            optional(Form::Letters("-s", seconds("SECONDS", ANY)), "of the last seconds only"),
            format(),
        ],
        make: |said| {
            Command::ShowEvents(ShowEvents {
                core: said.number(0),
                reasons: said.number(1).map(Reasons::from_bits),
                seconds: said.number(2),
                format: said.format(3),
            })
        },
    },
    Entry {
        name: "show event",
        about: "one suspicious iteration, its neighbourhood and its rooms",
        items: &[
            required(Form::Place(number("N", 1, u64::MAX)), "its number in show events"),
            format(),
        ],
        make: |said| Command::ShowEvent {
            number: said.number(0).unwrap_or(0),
            format: said.format(1),
        },
    },
    Entry {
        name: "add-flow",
        about: "add a rule, in the place of one with the same match",
        items: &[required(Form::Text("RULE"), RULE)],
        make: |said| Command::AddFlow(said.text),
    },
    Entry {
        name: "del-flows",
        about: "delete rules; cached flows follow",
        items: &[optional(Form::Text("MATCH"), "those that say at least this; all")],
        make: |said| Command::DelFlows(said.text),
    },
    Entry {
        name: "replace-flows",
        about: "put rules in the place of all that there are, at once",
        items: &[required(Form::Text("RULES"), "rules with semicolons between")],
        make: |said| Command::ReplaceFlows(said.text),
    },
    Entry {
        name: "dump-flows",
        about: "list of rules",
        items: &[optional(Form::Text("MATCH"), "those that say at least this; all")],
        make: |said| Command::DumpFlows(said.text),
    },
    Entry {
        name: "add-meter",
        about: "set a rate that packets may not exceed, in the place of one with the same number",
        items: &[required(Form::Text("METER"), METER)],
        make: |said| Command::AddMeter(said.text),
    },
    Entry {
        name: "del-meters",
        about: "take meters away; rules that name them let all pass",
        items: &[optional(Form::Text("METER"), "meter=1 for this one; all")],
        make: |said| Command::DelMeters(said.text),
    },
    Entry {
        name: "dump-meters",
        about: "list of meters, with what passed and what they dropped",
        items: &[optional(Form::Text("METER"), "meter=1 for this one; all")],
        make: |said| Command::DumpMeters(said.text),
    },
    Entry {
        name: "dpctl/dump-flows",
        about: "list of megaflows, with what met them",
        items: &[optional(Form::Letters("-pmd", core()), "of this PMD only")],
        make: |said| Command::DumpMegaflows { core: said.number(0) },
    },
    Entry {
        name: "ofproto/trace",
        about: "what a packet would meet, table by table",
        items: &[required(Form::Text("PACKET"), "as a match: in_port=0,tcp,nw_src=10.0.0.1")],
        make: |said| Command::Trace(said.text),
    },
    Entry {
        name: "dpif-netdev/pmd-rxq-show",
        about: "who polls which receive queue, and how much of its time that takes",
        items: &[
            optional(
                Form::Letters("-secs", clamped(balance::SECONDS as u64)),
                "over the last seconds, in steps of 5; 60",
            ),
            optional(Form::Letters("-pmd", core()), "of this PMD only"),
            format(),
        ],
        make: |said| {
            Command::ShowRxqs(ShowRxqs {
                core: said.number(1),
                seconds: said.number(0).unwrap_or(balance::SECONDS),
                format: said.format(2),
            })
        },
    },
    Entry {
        name: "dpif-netdev/pmd-rxq-rebalance",
        about: "share receive queues out among PMDs anew, by what they took lately",
        items: &[],
        make: |_| Command::Rebalance,
    },
    Entry {
        name: "dpif-netdev/pmd-sleep-show",
        about: "how long PMDs with little to do sleep at most",
        items: &[],
        make: |_| Command::ShowSleep,
    },
    Entry {
        name: "coverage/show",
        about: "events that are counted, and how often they happened lately",
        items: &[],
        make: |_| Command::ShowCoverage,
    },
    Entry {
        name: "bond/show",
        about: "bonds, their members, and which of them is active",
        items: &[],
        make: |_| Command::ShowBonds,
    },
    Entry {
        name: "tnl/ports/show",
        about: "tunnels, and the addresses that they end at",
        items: &[],
        make: |_| Command::ShowTunnels,
    },
    Entry {
        name: "tnl/neigh/show",
        about: "neighbors on the way to tunnels' other ends",
        items: &[],
        make: |_| Command::ShowNeighbors,
    },
    Entry {
        name: "mark",
        about: "note something down among the events",
        items: &[required(Form::Text("TEXT"), "up to 80 bytes, to the end of the line")],
        make: |said| Command::Mark(said.text),
    },
    Entry {
        name: "selftest",
        about: "stall each PMD, read that back, and check the clock by another",
        items: &[],
        make: |_| Command::SelfTest,
    },
    Entry {
        name: "stall",
        about: "keep a PMD busy on purpose; its record says so",
        items: &[
            required(Form::Place(core()), "the core of the PMD"),
            required(Form::Place(number("USEC", 1, 10_000_000)), "for so long, each time"),
            optional(Form::Place(number("TIMES", 1, 100_000)), "in so many iterations; once"),
        ],
        make: |said| {
            Command::Stall(Stall {
                core: said.number(0).unwrap_or(0),
                micros: said.number(1).unwrap_or(0),
                times: said.number(2).unwrap_or(1),
            })
        },
    },
    Entry {
        name: "crash",
        about: "crash on purpose, to see the report; an NMI is survived",
        items: &[
            required(Form::Words(&Crash::NAMES), "how"),
            optional(Form::Place(core()), "on this core; on core 0"),
        ],
        make: |said| Command::Crash {
            kind: Crash::ALL[said.number(0).unwrap_or(0) % Crash::ALL.len()],
            core: said.number(1).unwrap_or(0),
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
        make: |said| Command::Help(topic(said.number(0))),
    },
    Entry {
        name: "list-commands",
        about: "all commands with their options",
        items: &[],
        make: |_| Command::Help(Topic::Usages),
    },
];

fn topic(number: Option<usize>) -> Topic {
    match number {
        None => Topic::Commands,
        Some(number) if number < COMMANDS.len() => Topic::Command(number),
        Some(_) => Topic::Options,
    }
}

impl Entry {
    /// Its name, without what may be left out.
    pub(super) fn short_name(&self) -> &'static str {
        self.name.strip_prefix(PREFIX).unwrap_or(self.name)
    }

    /// Its name, and that without what may be left out.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        both(self.name)
    }

    /// All names that it answers to, those first.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &'static str> {
        let aliases = ALIASES.iter().filter(|(_, name)| *name == self.name);
        self.names().chain(aliases.flat_map(|(alias, _)| both(alias)))
    }
}

/// `name`, and that without what may be left out.
fn both(name: &'static str) -> impl Iterator<Item = &'static str> {
    core::iter::once(name).chain(name.strip_prefix(PREFIX))
}

/// Its usage: the name and what may follow.
impl Display for Entry {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)?;
        self.items.iter().try_for_each(|item| match (&item.form, item.required) {
            (Form::Settings, _) => {
                settings().try_for_each(|(_, setting)| write!(out, " [{setting}]"))
            }
            (form, true) => write!(out, " {form}"),
            (form, false) => write!(out, " [{form}]"),
        })
    }
}

/// The settings that `pmd-perf-log-set` knows, by their numbers in the table.
pub(super) fn settings() -> impl Iterator<Item = (usize, &'static Setting)> {
    TABLE.iter().enumerate().filter(|(_, setting)| setting.option.is_some())
}

impl Display for Form {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => words.iter().enumerate().try_for_each(|(position, word)| {
                write!(out, "{}{word}", if position > 0 { "|" } else { "" })
            }),
            Self::Letters(letters, number) => write!(out, "{letters} {}", number.name),
            Self::Choice(letters, words) => write!(out, "{letters} {}", Self::Words(words)),
            Self::Place(number) => out.write_str(number.name),
            Self::Name => write!(out, "COMMAND|{OPTIONS}"),
            Self::Text(name) => out.write_str(name),
            Self::Reasons(letters) => write!(out, "{letters} REASONS"),
            Self::Settings => out.write_str("SETTINGS"),
            Self::Assignment => out.write_str("KEY=VALUE"),
        }
    }
}
