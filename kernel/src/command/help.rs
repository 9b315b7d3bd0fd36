//! What there is to ask.

use core::fmt::{self, Display, Formatter};

use perf::Settings;

use super::Topic;
use super::entry::{Entry, Form, Item, Number, settings};
use super::table::COMMANDS;
use crate::options::keys;

/// What is to be said of a topic, in lines that each end with a line feed.
pub struct Help(pub Topic);

impl Display for Help {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Topic::Commands => COMMANDS
                .iter()
                .try_for_each(|Entry { name, about, .. }| writeln!(out, "  {name:<28}  {about}")),
            Topic::Usages => COMMANDS.iter().try_for_each(|entry| writeln!(out, "  {entry}")),
            Topic::Options => {
                keys().try_for_each(|key| writeln!(out, "  {key}"))?;
                writeln!(out, "  pmd-perf-*: also CORE:VALUE for one PMD, with commas between")
            }
            Topic::Command(number) => command(&COMMANDS[number], out),
        }
    }
}

fn command(entry: &Entry, out: &mut Formatter<'_>) -> fmt::Result {
    writeln!(out, "{entry}\n  {}", entry.about)?;
    for alias in entry.all_names().skip(1) {
        writeln!(out, "  also: {alias}")?;
    }
    entry.items.iter().try_for_each(|item| match item.form {
        Form::Settings => settings().try_for_each(|(_, setting)| {
            let default = setting.value(&Settings::DEFAULT);
            writeln!(out, "    {setting}: {} ({}; {default})", setting.help, setting.form)
        }),
        _ => writeln!(out, "    {item}"),
    })
}

impl Display for Item {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.form, self.help)?;
        match &self.form {
            Form::Letters(_, number) | Form::Place(number) => write!(out, " ({number})"),
            Form::Port(number) => write!(out, " ({number}, or a name)"),
            _ => Ok(()),
        }
    }
}

impl Display for Number {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} to {}{}", self.least, self.most, self.unit)
    }
}
