//! `pmdstat`: reads what PMDs recorded, with the same crate `perf` that they recorded with.
//!
//! The program is [`main`]; other tools read lines with [`Listener`] and logs with [`logs`].
//!
//! One module a verb: `show`, `report`, `console`, `ask`, `check`, `export`, `diff`, `replay`,
//! `top`, `serve`, `pcap`. Beside them stand what verbs share: `recording` (what was heard of a machine),
//! `ovs` (the same from text), `exposition` (what Prometheus reads), `trace` (files that tell of iterations) and
//! `settings` (what `pmd-perf-log-set` sets). Standard output holds data, standard error holds talk. The status is 0
//! for a good end, 1 for input that is wrong, 2 for a wrong call; of `check` 1 is for findings and 3 for input that
//! cannot be read.

#![forbid(unsafe_code)]

mod ask;
mod check;
mod console;
mod diff;
mod export;
mod exposition;
pub mod logs;
mod ovs;
mod pcap;
pub mod raw_input;
mod recording;
mod replay;
mod report;
mod serve;
mod settings;
mod show;
mod source;
mod talk;
mod top;
mod trace;

use std::io;
use std::process::ExitCode;

pub use recording::{Heard, Listener};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Reads what PMDs recorded.
#[derive(Debug, Parser)]
#[command(name = "pmdstat", version)]
struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tells what would have been reported of a recorded trace with other settings.
    Replay(replay::Options),
    /// Is a machine's console: what it says, decoded and recorded, and a keyboard.
    Console(console::Options),
    /// The same without a keyboard.
    Listen(console::Options),
    /// Carries out a command at the consoles of many machines.
    Exec(ask::Exec),
    /// Sends a file of rules, meters and settings to many machines.
    Put(ask::Put),
    /// Fetches the events that a machine still keeps.
    Pull(ask::Pull),
    /// Prints what a recording holds: who it is of, events, what was counted, what is missing.
    Show(show::Options),
    /// Shows a machine as it runs, or as it ran, on one screen.
    Top(top::Options),
    /// Says whether a recording is complete and its sums are right.
    Check(check::Options),
    /// Writes a recording in the format of another tool.
    Export(export::Options),
    /// Prints what differs between two recordings.
    Diff(diff::Options),
    /// Writes a page of HTML with pictures of what a recording holds.
    Report(report::Options),
    /// Follows many machines, and tells Prometheus of all of them.
    Serve(serve::Options),
    /// Makes a pcap file of what capture show wrote into a console's log.
    Pcap(pcap::Options),
}

/// What the program does, from its words to its status.
pub fn main() -> ExitCode {
    let options = Options::parse_from(settings::spelled_out(std::env::args_os()));
    match run(options.verb) {
        Ok(status) => status,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            talk::say(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// What is wrong with `words` as a call of the program, its name first.
pub fn wrong_call(words: &[String]) -> Option<clap::Error> {
    Options::try_parse_from(settings::spelled_out(words.iter().map(Into::into))).err()
}

fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Check(options) => return check::run(&options),
        Verb::Exec(options) => return ask::exec(&options),
        Verb::Put(options) => return ask::put(&options),
        Verb::Console(options) => console::console(&options)?,
        Verb::Listen(options) => console::listen(&options)?,
        Verb::Pull(options) => ask::pull(&options)?,
        Verb::Diff(options) => diff::run(&options)?,
        Verb::Export(options) => export::run(&options)?,
        Verb::Replay(options) => replay::run(&options)?,
        Verb::Serve(options) => serve::run(&options)?,
        Verb::Show(options) => show::run(&options)?,
        Verb::Top(options) => top::run(&options)?,
        Verb::Report(options) => report::run(&options)?,
        Verb::Pcap(options) => pcap::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether nobody reads standard output any more, which is how a reader says that it has enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_it = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(is_it)
}

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_verb_shows_how_it_is_called() {
        let mut options = Options::command();
        options.build();
        for verb in options.get_subcommands_mut().filter(|verb| verb.get_name() != "help") {
            let (name, help) = (verb.get_name().to_owned(), verb.render_long_help().to_string());
            assert!(help.contains(&format!("\n  pmdstat {name} ")), "{help}");
        }
    }

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Options::command().debug_assert();
    }
}
