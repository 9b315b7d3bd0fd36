//! Every key of the command line: what it takes, what it stands for, what it is by default. Made
//! from it are the parser, the errors and the help.
//!
//! The keys of supervision are those of [`perf::settings::TABLE`].

use core::fmt::{self, Display, Formatter};
use core::ops::RangeInclusive;

use perf::settings::{Setting, TABLE};

use super::{Options, balance, bonds, console, management, tunnels, values};
use perf::Settings;

/// A key of the command line.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// One that stands here.
    Own(&'static OwnKey),
    /// A setting of supervision, by its number in the table.
    Perf(usize),
}

/// A key that is no setting of supervision.
#[derive(Debug)]
pub struct OwnKey {
    name: &'static str,
    range: Range,
    /// What stands for its default.
    default: &'static str,
    /// What it is for, in a line.
    help: &'static str,
}

/// What a key takes.
#[derive(Debug)]
enum Range {
    /// A whole number.
    Number(RangeInclusive<u32>, fn(&mut Options, u32)),
    /// Something else, in these words. Nothing is set unless all of it is good.
    Text(&'static str, fn(&mut Options, &str) -> Option<()>),
}

/// What keys of ring sizes take.
const RING_SIZES: &str =
    "a power of two from 64 to 4096, and PORT:NUMBER for others, with commas between";

/// All keys that are no settings of supervision.
static OWN: [OwnKey; 39] = [
    OwnKey {
        name: "console",
        range: Range::Text(console::WORDS, console::console),
        default: "auto",
        help: "serial port of the console; auto is the firmware's (SPCR), else ttyS0,115200",
    },
    OwnKey {
        name: "stream",
        range: Range::Text("auto, virtio, ttyS0, ttyS1, net, shared or none", values::stream),
        default: "auto",
        help: "line of the stream; auto is the first of virtio, the other serial port and shared",
    },
    OwnKey {
        name: "hostname",
        range: Range::Text(
            "1 to 63 letters, digits and hyphens, no hyphen first or last",
            values::hostname,
        ),
        default: "none",
        help: "what recordings call the machine",
    },
    OwnKey {
        name: "log",
        range: Range::Text(
            "[MODULE:]LEVEL with commas between, LEVEL off, err, warn, info or dbg",
            values::log,
        ),
        default: "info",
        help: "logs that the stream carries; vlog/list names the modules",
    },
    OwnKey {
        name: "ports",
        range: Range::Text(
            "none, all, or up to 16 [NAME@]PCI or [NAME@]MAC with commas between",
            values::ports,
        ),
        default: "none",
        help: "NICs to take, by PCI address or MAC; their order numbers the ports",
    },
    OwnKey {
        name: "boot-nic",
        range: Range::Text("leave or take", values::boot_nic),
        default: "leave",
        help: "whether ports= takes the NIC that booted the machine, if that is known (BOOTIF=)",
    },
    OwnKey {
        name: "forward",
        range: Range::Text("none, or A:B[,C:D...], each port 0 to 15 once", values::forward),
        default: "none",
        help: "ports whose frames leave by each other",
    },
    OwnKey {
        name: "pmd-cpu-mask",
        range: Range::Text("all, or a hexadecimal mask of cores 1 to 255", values::pmd_cpu_mask),
        default: "all",
        help: "cores that run PMDs; core 0 keeps house",
    },
    OwnKey {
        name: "pmd-sleep-max",
        range: Range::Text(
            "N, CORE:N or both with commas between, N up to 10000 us",
            values::sleep_max,
        ),
        default: "0",
        help: "how long PMDs with little to do sleep at most; 0 is never",
    },
    OwnKey {
        name: "tx-flush-interval",
        range: Range::Number(0..=1_000_000, |options, micros| options.tx_flush_interval = micros),
        default: "0",
        help: "how long frames are kept so that more go to a ring at once (us)",
    },
    OwnKey {
        name: "n_rxq",
        range: Range::Text(
            "a number from 1 to 16, and PORT:NUMBER for others, with commas between",
            values::n_rxq,
        ),
        default: "1",
        help: "receive queues of each port; fewer where its card has fewer",
    },
    OwnKey {
        name: "n_rxq_desc",
        range: Range::Text(RING_SIZES, values::n_rxq_desc),
        default: "512",
        help: "descriptors of each receive ring; fewer where the card has fewer, as 256 on virtio cards",
    },
    OwnKey {
        name: "n_txq_desc",
        range: Range::Text(RING_SIZES, values::n_txq_desc),
        default: "512",
        help: "the same of each transmit ring",
    },
    OwnKey {
        name: "mtu_request",
        range: Range::Text(
            "a number from 68 to 9000, and PORT:NUMBER for others, with commas between",
            values::mtu_request,
        ),
        default: "1500",
        help: "bytes behind the Ethernet header that frames of ports may have",
    },
    OwnKey {
        name: "tx-steering",
        range: Range::Text("thread or hash", values::tx_steering),
        default: "thread",
        help: "which transmit queue of a port a frame leaves by: its PMD's, or the one its hash names",
    },
    OwnKey {
        name: "pmd-rxq-assign",
        range: Range::Text("cycles, group or roundrobin", balance::assign),
        default: "cycles",
        help: "how receive queues are shared out among PMDs",
    },
    OwnKey {
        name: "pmd-rxq-affinity",
        range: Range::Text(
            "none, or PORT:QUEUE:CORE with commas between, each queue once",
            balance::affinity,
        ),
        default: "none",
        help: "receive queues that are pinned to cores",
    },
    OwnKey {
        name: "pmd-rxq-isolate",
        range: Range::Text("on or off", balance::isolate),
        default: "on",
        help: "PMDs with a pinned queue poll no other; off needs pmd-rxq-assign=group",
    },
    OwnKey {
        name: "numa",
        range: Range::Text(
            "a node from 0 to 7, and PORT:NODE for others, with commas between",
            balance::numa,
        ),
        default: "0",
        help: "nodes of memory that ports are near",
    },
    OwnKey {
        name: "smt",
        range: Range::Text("idle or use", values::smt),
        default: "idle",
        help: "whether threads of a core beside the first run PMDs; a mask of cores beats it",
    },
    OwnKey {
        name: "pmd-auto-lb",
        range: Range::Text("on or off", balance::auto),
        default: "off",
        help: "share receive queues out anew when a PMD has too much to do",
    },
    OwnKey {
        name: "pmd-auto-lb-rebal-interval",
        range: Range::Number(0..=20_000, |options, minutes| {
            options.balance.interval = minutes.max(1);
        }),
        default: "1",
        help: "minutes between two looks at whether that is to be done; 0 is 1",
    },
    OwnKey {
        name: "pmd-auto-lb-load-threshold",
        range: Range::Number(0..=100, |options, percent| options.balance.load = percent),
        default: "95",
        help: "a PMD that is busy for so long, for a minute, has too much to do (%)",
    },
    OwnKey {
        name: "pmd-auto-lb-improvement-threshold",
        range: Range::Number(0..=100, |options, percent| options.balance.improvement = percent),
        default: "25",
        help: "it is done if the variance of loads gets smaller by so much (%)",
    },
    OwnKey {
        name: "pmd-watchdog",
        range: Range::Text("report, reset or off", values::watchdog),
        default: "report",
        help: "what happens when an iteration does not end",
    },
    OwnKey {
        name: "panic",
        range: Range::Text("halt, reboot, or 0 to 86400", values::panic),
        default: "halt",
        help: "what follows a crash's report; a number is seconds until a reboot, 0 is halt",
    },
    OwnKey {
        name: "hw-watchdog",
        range: Range::Text(
            "off, auto[:SECONDS] or ib700[:SECONDS], SECONDS 4 to 600",
            values::hw_watchdog,
        ),
        default: "off",
        help: "a chip that resets the machine if core 0 stands still for 30 s; auto is one that is found",
    },
    OwnKey {
        name: "event-store",
        range: Range::Number(1..=4096, |options, mebibytes| options.event_store = mebibytes),
        default: "64",
        help: "memory for events (MiB); less where less is free",
    },
    OwnKey {
        name: "mgmt",
        range: Range::Text(
            "none, or PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH][,GATEWAY], PORT a number, name, PCI address or MAC",
            management::mgmt,
        ),
        default: "none",
        help: "the port that core 0 has for itself, and its IP addresses",
    },
    OwnKey {
        name: "vtep",
        range: Range::Text(
            "none, or PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH][,GATEWAY]",
            tunnels::vtep,
        ),
        default: "none",
        help: "this end of VXLAN tunnels: the port they leave by, and its IP addresses",
    },
    OwnKey {
        name: "vxlan",
        range: Range::Text(
            "none, or N,remote_ip=ADDRESS|flow,key=VNI|flow[,dst_port=N][+...], N 32 to 47",
            tunnels::vxlan,
        ),
        default: "none",
        help: "tunnels, by the numbers of their ports",
    },
    OwnKey {
        name: "bond",
        range: Range::Text(
            "none, or N,active-backup|balance-slb|balance-tcp,PORT,PORT...[+...], N 64 to 71",
            bonds::bond,
        ),
        default: "none",
        help: "ports that are one for normal and flood, by the numbers of their bonds",
    },
    OwnKey {
        name: "flow-limit",
        range: Range::Number(1..=200_000, |options, flows| options.flows.limit = flows),
        default: "200000",
        help: "megaflows on all PMDs together; less where less memory is free",
    },
    OwnKey {
        name: "max-idle",
        range: Range::Number(500..=3_600_000, |options, millis| options.flows.max_idle = millis),
        default: "10000",
        help: "megaflows without a packet for so long are forgotten (ms)",
    },
    OwnKey {
        name: "emc-insert-inv-prob",
        range: Range::Number(0..=u32::MAX, |options, inverse| {
            options.flows.emc_insert_inv_prob = inverse;
        }),
        default: "100",
        help: "one key in so many enters the exact-match cache: 1 each, 0 none",
    },
    OwnKey {
        name: "smc-enable",
        range: Range::Text("true or false", values::smc_enable),
        default: "false",
        help: "a signature cache behind the exact-match cache, 2 MiB for each PMD",
    },
    OwnKey {
        name: "upcall-limit",
        range: Range::Number(0..=u32::MAX, |options, most| options.flows.upcall_limit = most),
        default: "0",
        help: "upcalls of each port in a second; 0 is any number",
    },
    OwnKey {
        name: "test",
        range: Range::Text(
            "none, or nictest[:FRAMES], hwlat[:SECONDS[:US]] or both with a comma between",
            values::test,
        ),
        default: "none",
        help: "at boot: cards receive a million frames that they send; cores look for gaps for 10 s",
    },
    OwnKey {
        name: "power",
        range: Range::Text("performance or leave", values::power),
        default: "performance",
        help: "what processors are to prefer (EPB, HWP); leave is what firmware chose",
    },
];

/// How many keys there are.
pub(super) const KEYS: usize = OWN.len() + TABLE.len();

/// Keys beside those of supervision that also change at run time. A short form of rules is as good as they.
const RUN_TIME: [&str; 2] = ["log", "forward"];

/// When a value that is given to a machine that runs holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After the next boot: until then another than the one that holds is refused.
    Boot,
    /// At once.
    RunTime,
}

impl Display for When {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Boot => "boot",
            Self::RunTime => "run time",
        })
    }
}

/// All keys.
pub fn keys() -> impl Iterator<Item = Key> {
    OWN.iter().map(Key::Own).chain((0..TABLE.len()).map(Key::Perf))
}

impl Key {
    /// Its name, as written before the `=`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Own(key) => key.name,
            Self::Perf(number) => TABLE[*number].key,
        }
    }

    /// The setting of supervision that it is, if it is one.
    pub fn setting(&self) -> Option<&'static Setting> {
        match self {
            Self::Own(_) => None,
            Self::Perf(number) => Some(&TABLE[*number]),
        }
    }

    /// When it changes.
    pub fn when(&self) -> When {
        match self {
            Self::Own(key) if !RUN_TIME.contains(&key.name) => When::Boot,
            Self::Own(_) | Self::Perf(_) => When::RunTime,
        }
    }

    /// Its number among [`keys`].
    pub(super) fn number(&self) -> usize {
        match self {
            Self::Own(own) => OWN.iter().position(|key| core::ptr::eq(key, *own)).unwrap_or(0),
            Self::Perf(number) => OWN.len() + number,
        }
    }

    /// The one of this name.
    pub fn named(name: &[u8]) -> Option<Self> {
        keys().find(|key| key.name().as_bytes() == name)
    }

    /// Sets what `text` says in `options`; nothing if `text` is out of range.
    pub(super) fn set(&self, options: &mut Options, text: &str) -> Option<()> {
        match self {
            Self::Own(OwnKey { range: Range::Text(_, set), .. }) => set(options, text),
            Self::Own(OwnKey { range: Range::Number(range, set), .. }) => {
                let number = values::number(text).filter(|number| range.contains(number))?;
                set(options, number);
                Some(())
            }
            Self::Perf(number) => options.perf.set(*number, text),
        }
    }

    /// Sets the default in `options`.
    pub(super) fn reset(&self, options: &mut Options) {
        match self {
            Self::Own(key) => {
                let _every_default_is_in_range = self.set(options, key.default);
            }
            Self::Perf(number) => options.perf.reset(*number),
        }
    }

    /// The words that follow "expected".
    pub fn range(&self) -> impl Display {
        Expected(*self)
    }

    /// The text that stands for its default.
    pub fn default(&self) -> impl Display {
        Default(*self)
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Own(key) => key.help,
            Self::Perf(number) => TABLE[*number].help,
        }
    }
}

struct Expected(Key);

impl Display for Expected {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Key::Own(OwnKey { range: Range::Number(range, _), .. }) => {
                write!(out, "{} to {}", range.start(), range.end())
            }
            Key::Own(OwnKey { range: Range::Text(words, _), .. }) => out.write_str(words),
            Key::Perf(number) => {
                let Setting { form, .. } = &TABLE[number];
                write!(out, "{form}, also CORE:VALUE for one PMD, with commas between")
            }
        }
    }
}

struct Default(Key);

impl Display for Default {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Key::Own(key) => out.write_str(key.default),
            Key::Perf(number) => write!(out, "{}", TABLE[number].value(&Settings::DEFAULT)),
        }
    }
}

/// A line of help.
impl Display for Key {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}: {} (", self.name(), self.default(), self.help())?;
        match self {
            Self::Own(_) => write!(out, "{})", self.range())?,
            Self::Perf(number) => write!(out, "{})", TABLE[*number].form)?,
        }
        write!(out, " [{}]", self.when())
    }
}
