//! Every key of the command line: what it takes, what it stands for, what it is by default. Made
//! from it are the parser, the errors and the help.

use core::fmt::{self, Display, Formatter};
use core::ops::RangeInclusive;

use perf::suspicion::WINDOW;

use super::{Options, values};

/// A key of the command line.
#[derive(Debug)]
pub struct Key {
    /// Its name, as written before the `=`.
    pub name: &'static str,
    /// What it takes.
    pub range: Range,
    /// What stands for its default.
    pub default: &'static str,
    /// What it is for, in a line.
    pub help: &'static str,
}

/// What a key takes. Displays itself as the words that follow "expected".
#[derive(Debug)]
pub enum Range {
    /// `on` or `off`, also `true` or `false`.
    Switch(fn(&mut Options) -> &mut bool),
    /// A whole number.
    Number(RangeInclusive<u32>, fn(&mut Options, u32)),
    /// Something else, in these words. Nothing is set unless all of it is good.
    Text(&'static str, fn(&mut Options, &str) -> Option<()>),
}

/// All keys.
pub static KEYS: [Key; 10] = [
    Key {
        name: "console",
        range: Range::Text("ttyS0|ttyS1[,BAUD], BAUD a part of 115200", values::console),
        default: "ttyS0,115200",
        help: "serial port of the console",
    },
    Key {
        name: "ports",
        range: Range::Text("none, all, or up to 16 PCI addresses or MACs", values::ports),
        default: "none",
        help: "NICs to take; their order numbers the ports",
    },
    Key {
        name: "forward",
        range: Range::Text("none, or A:B[,C:D...], each port 0 to 15 once", values::forward),
        default: "none",
        help: "ports whose frames leave by each other",
    },
    Key {
        name: "pmd-cpu-mask",
        range: Range::Text("all, or a hexadecimal mask of cores 1 to 255", values::pmd_cpu_mask),
        default: "all",
        help: "cores that run PMDs; core 0 keeps house",
    },
    Key {
        name: "pmd-perf-metrics",
        range: Range::Switch(|options| &mut options.perf.metrics),
        default: "on",
        help: "record every iteration",
    },
    Key {
        name: "pmd-perf-log",
        range: Range::Switch(|options| &mut options.perf.log),
        default: "on",
        help: "report suspicious iterations",
    },
    Key {
        name: "pmd-perf-log-us",
        range: Range::Number(0..=u32::MAX, |options, micros| options.perf.micros = micros),
        default: "250",
        help: "iterations longer than this are suspicious (us)",
    },
    Key {
        name: "pmd-perf-log-q",
        range: Range::Number(0..=u32::MAX, |options, fill| options.perf.fill = fill),
        default: "128",
        help: "receive rings this full are suspicious (frames)",
    },
    Key {
        name: "pmd-perf-log-b",
        range: Range::Number(0..=WINDOW as u32, |options, rows| options.perf.before = rows as u16),
        default: "5",
        help: "iterations shown before a suspicious one",
    },
    Key {
        name: "pmd-perf-log-a",
        range: Range::Number(0..=WINDOW as u32, |options, rows| options.perf.after = rows as u16),
        default: "5",
        help: "iterations shown after a suspicious one",
    },
];

impl Key {
    /// Sets what `text` says in `options`; nothing if `text` is out of range.
    pub(super) fn set(&self, options: &mut Options, text: &str) -> Option<()> {
        match &self.range {
            Range::Switch(switch) => *switch(options) = values::switch(text)?,
            Range::Number(range, set) => {
                let number = values::number(text).filter(|number| range.contains(number))?;
                set(options, number);
            }
            Range::Text(_, set) => set(options, text)?,
        }
        Some(())
    }

    /// Sets the default in `options`.
    pub(super) fn reset(&self, options: &mut Options) {
        let _every_default_is_in_range = self.set(options, self.default);
    }
}

impl Display for Range {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(_) => out.write_str("on or off"),
            Self::Number(range, _) => write!(out, "{} to {}", range.start(), range.end()),
            Self::Text(words, _) => out.write_str(words),
        }
    }
}

/// A line of help.
impl Display for Key {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, range, default, help } = self;
        write!(out, "{name}={default}: {help} ({range})")
    }
}
