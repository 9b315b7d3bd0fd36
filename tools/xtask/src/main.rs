//! `cargo xtask`: builds the image, boots it in QEMU, feeds it and reads what it says.
//!
//! One module a verb: [`qemu`], [`pxe`], [`mod@test`], [`check`], [`fuzz`], [`mod@bench`], [`soak`], [`image`],
//! [`report`], [`screenshots`]. Standard output holds results, standard error holds talk. The status is 0 for a good end,
//! 1 for a failed verdict, 2 for a wrong call or something that is not installed, 3 for damaged input.

#![forbid(unsafe_code)]

mod bench;
mod check;
#[cfg(test)]
mod documents;
mod fuzz;
mod image;
mod install;
mod log;
mod machine;
mod pxe;
mod qemu;
mod report;
mod screenshots;
mod soak;
mod stop;
mod terminal;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::stop::Code;

/// Builds Barecore, boots it in QEMU, feeds it and reads what it says.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Boots the image, feeds both ports, injects a stall and shows the console.
    Qemu(qemu::Options),
    /// Writes a directory that machines boot from by PXE, and tries it.
    Pxe(pxe::Options),
    /// Makes a page with pictures of the last run's recording.
    Report,
    /// Draws what the tools show of the last run's recording, for README.md and docs.
    Screenshots(screenshots::Options),
    /// Runs the host tests and the boot tests, and sums them up.
    Test(test::Options),
    /// Checks format, lints, documentation and licences.
    Check,
    /// Feeds parsers, rules, caches and tunnels with input of any kind.
    Fuzz(fuzz::Options),
    /// Measures, prints a table and writes target/bench/NAME.json.
    Bench(bench::Options),
    /// Tries many times what is to hold each time.
    Soak(soak::Options),
    /// Builds the image that boots, and prints the paths of the ELF file and of barecore.img.
    Image,
}

fn main() -> ExitCode {
    match run(Options::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            Code::of(&error).into()
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Qemu(options) => qemu::run(options),
        Verb::Pxe(options) => pxe::run(&options),
        Verb::Report => report::run(),
        Verb::Screenshots(options) => screenshots::run(&options),
        Verb::Test(options) => test::run(&options),
        Verb::Check => check::run(),
        Verb::Fuzz(options) => fuzz::run(&options),
        Verb::Bench(options) => bench::run(&options),
        Verb::Soak(options) => soak::run(&options),
        Verb::Image => image::tell(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_each_other() {
        Options::command().debug_assert();
    }

    #[test]
    fn words_after_two_dashes_are_for_qemu() {
        let words = ["xtask", "qemu", "--seconds", "30", "--", "-d", "int"];
        let Verb::Qemu(options) = Options::parse_from(words).verb else { panic!("another verb") };
        assert_eq!(options.extra(), ["-d", "int"]);
    }
}
