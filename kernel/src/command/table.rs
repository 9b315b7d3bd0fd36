//! Every command. Made from this are the parser, the errors, the help and the completion.

use perf::Reasons;
use perf::windows::SECONDS;

use super::entry::{Entry, Form, clamped, core, format, number, optional, required, seconds};
use super::{
    CAPTURED, Capture, Command, ConfigPart, Crash, Hwlat, PerfShow, PortPart, ROWS, ShowEvents,
    ShowRxqs, Stall, Topic,
};
use crate::balance;
use crate::control::FILE;
use crate::isolation::{COARSEST, LEAST_US, LONGEST};

/// What a rule looks like.
const RULE: &str = "as ovs-ofctl takes it: in_port=0,tcp,tp_dst=80,actions=output:1";

/// What a meter looks like.
const METER: &str =
    "as ovs-ofctl takes it: meter=1,pktps,band=type=drop,rate=1000,burst_size=100; or kbps";

/// What levels of logs look like.
const LEVELS: &str = "off, err, warn, info or dbg, for all or for a module of vlog/list; several with blanks between";

const ANY: u64 = u32::MAX as u64;

/// All commands.
pub static COMMANDS: [Entry; 48] = [
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
        name: "show port",
        about: "one port: link, module, receive queues, registers, counters",
        items: &[
            required(Form::Port(number("PORT", 0, 15)), "its number or name in show ports"),
            optional(
                Form::Words(&PortPart::WORDS),
                "also its receive queues; instead its card's registers, or what that counts",
            ),
            format(),
        ],
        make: |said| Command::ShowPort {
            port: said.number(0).unwrap_or(0),
            part: said.number(1).map_or(PortPart::Itself, |word: usize| PortPart::ASKED[word]),
            format: said.format(2),
        },
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
        name: "show config",
        about: "what runs, as a file that boots so",
        items: &[optional(
            Form::Words(&ConfigPart::WORDS),
            "also defaults, and when keys change; what is not as it was booted or put",
        )],
        make: |said| {
            let part = |word: usize| ConfigPart::ASKED[word];
            Command::ShowConfig(said.number(0).map_or(ConfigPart::Set, part))
        },
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
        name: "capture",
        about: "keep the next frames of a port for capture show; of a tunnel's those that come out",
        items: &[
            required(Form::Port(number("PORT", 0, 255)), "that they come in by"),
            optional(Form::Word("MATCH"), "those that this fits: tcp,tp_dst=80; all"),
            required(Form::Place(number("N", 1, CAPTURED as u64)), "how many"),
            optional(
                Form::Letters("-s", number("BYTES", 0, 65_535)),
                "bytes of each, 0 for all; 128",
            ),
        ],
        make: |said| {
            Command::Capture(Capture {
                port: said.number(0).unwrap_or(0),
                matching: said.text,
                frames: said.number(2).unwrap_or(0),
                snaplen: said.number(3).unwrap_or(Capture::SNAPLEN),
            })
        },
    },
    Entry {
        name: "capture show",
        about: "frames that were captured, for text2pcap and pmdstat pcap",
        items: &[],
        make: |_| Command::ShowCapture,
    },
    Entry {
        name: "capture stop",
        about: "end a capture before it has all frames",
        items: &[],
        make: |_| Command::StopCapture,
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
        name: "put begin",
        about: "send a configuration file in pieces (pmdstat put does)",
        items: &[
            required(Form::Place(number("BYTES", 0, FILE as u64)), "that it has"),
            required(Form::Place(number("CRC32", 0, ANY)), "of them, as a decimal number"),
        ],
        make: |said| Command::PutBegin {
            len: said.number(0).unwrap_or(0),
            crc: said.number(1).unwrap_or(0),
        },
    },
    Entry {
        name: "put piece",
        about: "a piece of the file",
        items: &[
            required(Form::Place(number("OFFSET", 0, FILE as u64)), "where it begins in the file"),
            required(Form::Word(":BASE64"), "what it is (RFC 4648, padded), a colon before it"),
        ],
        make: |said| Command::PutPiece {
            offset: said.number(0).unwrap_or(0),
            base64: said.text.trim_start_matches(':'),
        },
    },
    Entry {
        name: "put apply",
        about: "apply the file, whole or not at all; rules in it take the place of all",
        items: &[],
        make: |_| Command::PutApply,
    },
    Entry {
        name: "send-events",
        about: "have the stream tell of events again that are still kept",
        items: &[
            optional(Form::Place(number("FIRST", 1, u64::MAX)), "from this number on; all"),
            optional(Form::Place(number("LAST", 1, u64::MAX)), "to this one; FIRST alone"),
        ],
        make: |said| {
            let first: Option<u64> = said.number(0);
            Command::SendEvents(first.map(|first| (first, said.number(1).unwrap_or(first))))
        },
    },
    Entry {
        name: "vlog/set",
        about: "which logs the stream carries",
        items: &[required(Form::Text("[MODULE:]LEVEL"), LEVELS)],
        make: |said| Command::SetLogs(said.text),
    },
    Entry {
        name: "vlog/list",
        about: "modules that log, and the level of each",
        items: &[],
        make: |_| Command::ListLogs,
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
        name: "nictest",
        about: "all of a card in one log: ids, NVM, link, registers, counters, loopback at boot",
        items: &[required(Form::Port(number("PORT", 0, 15)), "its number or name in show ports")],
        make: |said| Command::NicTest(said.number(0).unwrap_or(0)),
    },
    Entry {
        name: "hwlat",
        about: "what firmware or a host takes from cores, which do nothing else meanwhile",
        items: &[
            required(Form::Place(number("SECONDS", 1, LONGEST as u64)), "how long to look"),
            optional(
                Form::Letters("-us", number("N", 1, COARSEST as u64)),
                "microseconds that a gap has at least; 10",
            ),
            optional(Form::Words(&["--yes"]), "even if ports carry traffic, which stands still"),
        ],
        make: |said| {
            Command::Hwlat(Hwlat {
                seconds: said.number(0).unwrap_or(0),
                least: said.number(1).unwrap_or(LEAST_US),
                anyway: said.values[2].is_some(),
            })
        },
    },
    Entry {
        name: "show isolation",
        about: "interrupts, NMIs, SMIs and gaps of each core, and whether it is left alone",
        items: &[format()],
        make: |said| Command::ShowIsolation(said.format(0)),
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
        about: "crash on purpose, to see the report; an NMI is survived, a hang tells nothing",
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
