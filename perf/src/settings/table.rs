//! One table of names, ranges and defaults, from which the command line, the console, the help,
//! the errors and the documentation are made.

use core::fmt::{self, Display, Formatter};

use super::{Duration, Settings, WINDOW};
use crate::suspicion::{REASONS, Reasons};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its key on the command line.
    pub key: &'static str,
    /// What sets it in `pmd-perf-log-set`; nothing if that cannot.
    pub option: Option<Spelling>,
    /// What it takes, and where that goes.
    pub form: Form,
    /// What it is for, in a line.
    pub help: &'static str,
}

/// How `pmd-perf-log-set` spells a setting.
#[derive(Clone, Copy, Debug)]
pub enum Spelling {
    /// These letters, and a value after them.
    Letters(&'static str),
    /// The first word for on, the second for off.
    Words(&'static [&'static str; 2]),
}

/// What a setting takes.
#[derive(Debug)]
pub enum Form {
    /// `on` or `off`, also `true` or `false`.
    Switch(fn(&mut Settings) -> &mut bool),
    /// A whole number up to `most`, in `unit`.
    Number {
        /// The largest.
        most: u32,
        /// Whether more stands for the largest, as it does in Open vSwitch.
        clamps: bool,
        /// What is counted.
        unit: &'static str,
        /// Where it goes.
        place: fn(&mut Settings) -> &mut u32,
    },
    /// Microseconds, or `auto`.
    Duration(fn(&mut Settings) -> &mut Duration),
    /// Names of reasons.
    Reasons(fn(&mut Settings) -> &mut Reasons),
}

const ANY: u32 = u32::MAX;

/// All settings.
pub static TABLE: [Setting; 12] = [
    Setting {
        key: "pmd-perf-metrics",
        option: None,
        form: Form::Switch(|settings| &mut settings.metrics),
        help: "record every iteration",
    },
    Setting {
        key: "pmd-perf-rooms",
        option: None,
        form: Form::Switch(|settings| &mut settings.rooms),
        help: "record the time in each room of an iteration",
    },
    Setting {
        key: "pmd-perf-log",
        option: Some(Spelling::Words(&["on", "off"])),
        form: Form::Switch(|settings| &mut settings.log),
        help: "report suspicious iterations",
    },
    Setting {
        key: "pmd-perf-log-b",
        option: Some(Spelling::Letters("-b")),
        form: Form::Number {
            most: WINDOW,
            clamps: true,
            unit: "iterations",
            place: |settings| &mut settings.before,
        },
        help: "iterations shown before a suspicious one",
    },
    Setting {
        key: "pmd-perf-log-a",
        option: Some(Spelling::Letters("-a")),
        form: Form::Number {
            most: WINDOW,
            clamps: true,
            unit: "iterations",
            place: |settings| &mut settings.after,
        },
        help: "iterations shown after a suspicious one",
    },
    Setting {
        key: "pmd-perf-log-e",
        option: Some(Spelling::Words(&["-e", "-ne"])),
        form: Form::Switch(|settings| &mut settings.extend),
        help: "show suspicious iterations whose windows overlap as one event",
    },
    Setting {
        key: "pmd-perf-log-us",
        option: Some(Spelling::Letters("-us")),
        form: Form::Duration(|settings| &mut settings.duration),
        help: "longer iterations are suspicious; auto: until a receive ring would overflow",
    },
    Setting {
        key: "pmd-perf-log-q",
        option: Some(Spelling::Letters("-q")),
        form: Form::Number {
            most: ANY,
            clamps: false,
            unit: "frames",
            place: |settings| &mut settings.fill,
        },
        help: "receive rings as full as this are suspicious",
    },
    Setting {
        key: "pmd-perf-log-cpp",
        option: Some(Spelling::Letters("-cpp")),
        form: Form::Number {
            most: ANY,
            clamps: false,
            unit: "cycles",
            place: |settings| &mut settings.per_packet,
        },
        help: "more cycles for each packet of an iteration are suspicious",
    },
    Setting {
        key: "pmd-perf-log-up",
        option: Some(Spelling::Letters("-up")),
        form: Form::Number {
            most: ANY,
            clamps: false,
            unit: "upcalls",
            place: |settings| &mut settings.upcalls,
        },
        help: "as many upcalls in an iteration are suspicious",
    },
    Setting {
        key: "pmd-perf-log-os",
        option: Some(Spelling::Letters("-os")),
        form: Form::Number {
            most: ANY,
            clamps: false,
            unit: "us",
            place: |settings| &mut settings.oversleep,
        },
        help: "sleeps that last longer than asked for by more are suspicious",
    },
    Setting {
        key: "pmd-perf-log-r",
        option: Some(Spelling::Letters("-r")),
        form: Form::Reasons(|settings| &mut settings.reasons),
        help: "reasons that count",
    },
];

impl Setting {
    /// Sets what `text` says in `settings`; nothing if it is out of range.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Option<()> {
        match &self.form {
            Form::Switch(place) => *place(settings) = switch(text)?,
            Form::Number { most, clamps: true, place, .. } => {
                *place(settings) = number(text)?.min(u64::from(*most)) as u32;
            }
            Form::Number { most, place, .. } => {
                *place(settings) = number(text)?.try_into().ok().filter(|value| value <= most)?;
            }
            Form::Duration(place) => {
                *place(settings) = match text {
                    "auto" => Duration::Auto,
                    micros => Duration::Micros(number(micros)?.try_into().ok()?),
                }
            }
            Form::Reasons(place) => *place(settings) = Reasons::parse(text)?,
        }
        Some(())
    }

    /// Gives it in `to` the value that it has in `from`.
    pub fn copy(&self, from: &Settings, to: &mut Settings) {
        let mut from = *from;
        match &self.form {
            Form::Switch(place) => *place(to) = *place(&mut from),
            Form::Number { place, .. } => *place(to) = *place(&mut from),
            Form::Duration(place) => *place(to) = *place(&mut from),
            Form::Reasons(place) => *place(to) = *place(&mut from),
        }
    }

    /// Whether it has the same value in both.
    pub fn is_same(&self, one: &Settings, other: &Settings) -> bool {
        let mut copy = *one;
        self.copy(other, &mut copy);
        copy == *one
    }

    /// Its value in `settings`, as the text that [`Self::set`] takes.
    pub fn value(&self, settings: &Settings) -> impl Display {
        Value { form: &self.form, settings: *settings }
    }
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

/// A whole number in decimal digits; one beyond all bounds is the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

struct Value<'a> {
    form: &'a Form,
    settings: Settings,
}

impl Display for Value<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let mut settings = self.settings;
        match self.form {
            Form::Switch(place) => out.pad(if *place(&mut settings) { "on" } else { "off" }),
            Form::Number { place, .. } => place(&mut settings).fmt(out),
            Form::Duration(place) => match *place(&mut settings) {
                Duration::Micros(micros) => micros.fmt(out),
                Duration::Auto => out.pad("auto"),
            },
            Form::Reasons(place) => place(&mut settings).names().fmt(out),
        }
    }
}

/// What `pmd-perf-log-set` takes for it.
impl Display for Setting {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.option {
            None => out.write_str(self.key),
            Some(Spelling::Words([on, off])) => write!(out, "{on}|{off}"),
            Some(Spelling::Letters(letters)) => match self.form {
                Form::Duration(_) => write!(out, "{letters} N|auto"),
                Form::Reasons(_) => write!(out, "{letters} REASONS"),
                Form::Switch(_) | Form::Number { .. } => write!(out, "{letters} N"),
            },
        }
    }
}

/// The words that follow "expected".
impl Display for Form {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch(_) => out.write_str("on or off"),
            Self::Number { most, .. } => write!(out, "0 to {most}"),
            Self::Duration(_) => write!(out, "0 to {ANY}, or auto"),
            Self::Reasons(_) => {
                out.write_str("all, none, or any of these with + between:")?;
                REASONS.iter().try_for_each(|reason| write!(out, " {}", reason.name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reads_what_it_writes() {
        for setting in &TABLE {
            let text = setting.value(&Settings::DEFAULT).to_string();
            let mut settings = Settings::DEFAULT;
            assert_eq!(setting.set(&mut settings, &text), Some(()), "{}={text}", setting.key);
            assert_eq!(settings, Settings::DEFAULT, "{}={text}", setting.key);
        }
    }

    #[test]
    fn every_setting_refuses_nonsense_and_changes_nothing() {
        for setting in &TABLE {
            for text in ["", "-1", "1.5", "maybe", "1 ", "0x10"] {
                let mut settings = Settings::DEFAULT;
                assert_eq!(setting.set(&mut settings, text), None, "{}={text}", setting.key);
                assert_eq!(settings, Settings::DEFAULT);
            }
        }
    }

    #[test]
    fn a_setting_is_copied_alone() {
        let all = Settings { before: 7, extend: true, upcalls: 9, ..Settings::DEFAULT };
        let mut copy = Settings::DEFAULT;
        let before = TABLE.iter().find(|setting| setting.key == "pmd-perf-log-b").unwrap();
        before.copy(&all, &mut copy);
        assert_eq!(copy, Settings { before: 7, ..Settings::DEFAULT });
        assert!(before.is_same(&copy, &all) && !before.is_same(&Settings::DEFAULT, &all));
    }

    #[test]
    fn no_two_settings_share_a_place() {
        for (number, setting) in TABLE.iter().enumerate() {
            let mut settings = Settings::DEFAULT;
            for text in ["off", "7", "none"] {
                let _ = setting.set(&mut settings, text);
            }
            if setting.key == "pmd-perf-log-e" {
                let _ = setting.set(&mut settings, "on");
            }
            let changed = |other: &Setting| {
                other.value(&settings).to_string() != other.value(&Settings::DEFAULT).to_string()
            };
            let changed: Vec<usize> = (0..TABLE.len()).filter(|&i| changed(&TABLE[i])).collect();
            assert_eq!(changed, [number], "{}", setting.key);
        }
    }

    /// The table as docs/perf.md shows it.
    fn documentation() -> String {
        let mut text =
            String::from("| key | option | takes | default | what for |\n|---|---|---|---|---|\n");
        for setting in &TABLE {
            let Setting { key, form, help, option } = setting;
            let option = option.map_or("-".to_string(), |_| format!("`{setting}`"));
            let default = setting.value(&Settings::DEFAULT);
            let row = format!("| `{key}` | {option} | {form} | {default} | {help} |\n");
            text += &row
                .replace("on|off", "on\\|off")
                .replace("-e|-ne", "-e\\|-ne")
                .replace("N|auto", "N\\|auto");
        }
        text
    }

    #[test]
    fn the_documentation_shows_the_table_as_it_is() {
        let shown = include_str!("../../../docs/perf.md");
        assert!(shown.contains(&documentation()), "docs/perf.md lacks:\n{}", documentation());
    }

    #[test]
    fn what_open_vswitch_clamps_is_clamped() {
        let mut settings = Settings::DEFAULT;
        let before = TABLE.iter().find(|setting| setting.key == "pmd-perf-log-b").unwrap();
        before.set(&mut settings, "99999999999999999999999").unwrap();
        assert_eq!(settings.before, 998);
        assert!(settings.narrow());
        assert_eq!((settings.before, settings.after), (998, 0));
        assert!(!settings.narrow());
    }
}
