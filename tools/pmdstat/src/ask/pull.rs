//! `pmdstat pull`: what a machine's store of events still holds.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use perf::stream::Message;

use super::session::Session;
use crate::recording::{Heard, Listener};
use crate::source::{self, Source};
use crate::talk;

/// What to fetch, from where, to where.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    pmdstat pull /dev/ttyUSB0 -o lab1.pmd\n  \
    pmdstat pull lab1:7001 --stream lab1:7002 17-20 -o four.pmd")]
pub(crate) struct Options {
    #[arg(help = "The line of the console", long_help = source::HELP)]
    source: Source,
    /// Numbers of events: N, or FIRST-LAST; all that are kept if none are given.
    #[arg(value_parser = numbers)]
    events: Option<(u64, u64)>,
    /// The line of the stream, where the console has another.
    #[arg(long, value_name = "SOURCE")]
    stream: Option<Source>,
    /// The recording that is made.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Seconds for which the machine may be silent.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

fn numbers(word: &str) -> Result<(u64, u64), String> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    match (first.parse(), last.parse()) {
        (Ok(first @ 1..), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err("expected N or FIRST-LAST, from 1 on".into()),
    }
}

/// The events that are still to come.
struct Coming {
    listener: Listener,
    heard: BTreeSet<u64>,
}

impl Coming {
    fn hear(&mut self, bytes: &[u8]) {
        let Self { listener, heard } = self;
        listener.hear(bytes, &mut |it| match it {
            Heard::Message(Message::Whole(whole)) => {
                heard.insert(whole.event);
            }
            Heard::Message(Message::Note(note)) => {
                heard.insert(note.event);
            }
            _ => {}
        });
    }
}

/// Fetches them.
///
/// # Errors
///
/// The machine does not answer or has none of them; not all came; the file is there or cannot be written.
pub(crate) fn run(options: &Options) -> Result<()> {
    let patience = Duration::from_secs(options.timeout);
    let open = |source| {
        Session::open(source, patience).with_context(|| format!("cannot use {}", source.name))
    };
    let mut console = open(&options.source)?;
    let stream = options.stream.as_ref().map(open).transpose()?;
    let command = match options.events {
        Some((first, last)) => format!("send-events {first} {last}"),
        None => "send-events".into(),
    };
    let (mut bytes, mut coming) =
        (Vec::new(), Coming { listener: Listener::new(), heard: BTreeSet::new() });
    let answer = console.ask(&command, &mut |more| {
        if stream.is_none() {
            bytes.extend(more);
            coming.hear(more);
        }
    })?;
    let (first, last, count) = promised(&answer.lines.join(" "))?;
    let feed = stream.as_ref().unwrap_or(&console);
    let is_coming = |coming: &Coming| coming.heard.range(first..=last).count() < count;
    while is_coming(&coming) {
        let Ok(more) = feed.next(feed.patience()) else { break };
        bytes.extend_from_slice(&more);
        coming.hear(&more);
        talk::progress(format_args!(
            "{} of {count} events",
            coming.heard.range(first..=last).count()
        ));
    }
    talk::progress(format_args!(""));
    let path = options.output.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&options.output);
    let written = file.and_then(|mut file| file.write_all(&bytes));
    written.with_context(|| format!("cannot write {path}"))?;
    let heard = coming.heard.range(first..=last).count();
    ensure!(heard == count, "{heard} of {count} events came; {path} holds those");
    talk::say(format_args!("{count} events in {path}; pmdstat report {path} shows them"));
    Ok(())
}

/// The numbers that the machine says it will send, and how many there are.
fn promised(answer: &str) -> Result<(u64, u64, usize)> {
    let words: Vec<&str> = answer.split([' ', ',']).collect();
    let ["send-events:", first, "to", last, "", count, "of", "them"] = words[..] else {
        bail!("{answer}");
    };
    Ok((first.parse()?, last.parse()?, count.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_or_a_range() {
        assert_eq!(numbers("7"), Ok((7, 7)));
        assert_eq!(numbers("7-9"), Ok((7, 9)));
        for word in ["0", "9-7", "7-", "-7", "7..9", ""] {
            assert!(numbers(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_machine_says_how_many_it_will_send() {
        assert_eq!(promised("send-events: 3 to 17, 12 of them").unwrap(), (3, 17, 12));
        let error = promised("error: no such event is kept").unwrap_err();
        assert_eq!(error.to_string(), "error: no such event is kept");
    }
}
