//! Everything that the project's documents have a reader type can be typed so.
//!
//! Lines for the console are typed by a boot test, too (`qemu/tests/boot/documents.rs`). Of commands for the host,
//! what `cargo xtask pxe --try` does is done by `qemu/tests/boot/pxe.rs`, kexec by `loaders.rs` beside it, and
//! `pmdstat replay` by `tools/pmdstat/tests/documentation.rs`, which compares what it writes with the document.

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser as _;
use clap::error::ErrorKind;
use kernel::command::{self, COMMANDS};
use kernel::config;
use kernel::options::keys;
use qemu::documents::{self, APART, Block, Document, KINDS};

use crate::Options;

/// Other people's programs: how they are called is not checked.
const OTHERS: [&str; 13] = [
    "./ndr",
    "./t-rex-64",
    "apt-get",
    "driverctl",
    "grub-mknetdir",
    "ipmitool",
    "kexec",
    "ovs-appctl",
    "ovs-ofctl",
    "ovs-vsctl",
    "ssh",
    "systemctl",
    "update-alternatives",
];

/// Does `check` with what `choose` finds in all documents, of which there are so many at least.
fn each<T>(
    least: usize,
    choose: impl Fn(&Document) -> Vec<T>,
    check: impl Fn(&T) -> Result<()>,
) -> Result<()> {
    let mut count = 0;
    for document in documents::all()? {
        for found in choose(&document) {
            check(&found).with_context(|| document.name.clone())?;
            count += 1;
        }
    }
    ensure!(count >= least, "only {count} were found");
    Ok(())
}

/// Does `check` with each block.
fn each_block(least: usize, check: impl Fn(&Block) -> Result<()>) -> Result<()> {
    each(least, |document| document.blocks.clone(), check)
}

/// The words of a command without what a shell does with its output.
fn words(command: &str) -> Result<Vec<String>> {
    let words = shlex::split(command).with_context(|| format!("{command}: no words of a shell"))?;
    Ok(words
        .into_iter()
        .take_while(|word| ![">", "|", "&&", "&"].contains(&word.as_str()))
        .collect())
}

/// How `words` are a wrong call of this program or of `pmdstat`, if they are a call of one.
fn wrong_call(words: &[String]) -> Option<clap::Error> {
    match words {
        [cargo, xtask, ..] if cargo == "cargo" && xtask == "xtask" => {
            Options::try_parse_from(&words[1..]).err()
        }
        [program, ..] if program == "pmdstat" => pmdstat::wrong_call(words),
        _ => None,
    }
}

#[test]
fn every_block_says_what_it_is() -> Result<()> {
    each_block(30, |block| {
        let Block { info, text } = block;
        ensure!(KINDS.contains(&block.kind()), "```{info}\n{text}``` is none of {KINDS:?}");
        let rest = info.strip_prefix(block.kind()).unwrap_or_default().trim();
        ensure!(rest.is_empty() || rest == APART, "```{info}: {rest} is not known");
        Ok(())
    })
}

#[test]
fn every_command_for_the_host_is_one() -> Result<()> {
    each(
        15,
        |document| document.blocks.iter().flat_map(Block::for_the_host).collect(),
        |command| {
            let words = words(command)?;
            let program = words.first().with_context(|| format!("{command}: no program"))?;
            ensure!(
                ["cargo", "pmdstat"].contains(&program.as_str())
                    || OTHERS.contains(&program.as_str()),
                "{command}: nobody checks {program}"
            );
            wrong_call(&words).map_or(Ok(()), |error| Err(error).context(command.clone()))
        },
    )
}

/// Within a sentence a verb may stand alone, without what it needs.
#[test]
fn every_call_within_a_sentence_has_words_that_there_are() -> Result<()> {
    let allowed = [
        ErrorKind::DisplayHelp,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ErrorKind::MissingRequiredArgument,
    ];
    each(
        40,
        |document| document.spans.iter().filter(|span| span.contains(' ')).cloned().collect(),
        |span| {
            let Some(error) = words(span).ok().and_then(|words| wrong_call(&words)) else {
                return Ok(());
            };
            if allowed.contains(&error.kind()) { Ok(()) } else { Err(error).context(span.clone()) }
        },
    )
}

#[test]
fn every_line_for_the_console_is_a_command() -> Result<()> {
    let lines = |document: &Document| {
        let lines = document.blocks.iter().flat_map(Block::for_the_console);
        lines.map(str::to_owned).collect()
    };
    each(15, lines, |line| {
        let read = command::parse(line, &|_| None);
        ensure!(
            matches!(read, Ok(Some(_))),
            "{line}: {}",
            read.err().map_or_else(String::new, |fault| fault.to_string())
        );
        Ok(())
    })
}

#[test]
fn every_configuration_holds() -> Result<()> {
    each_block(30, |block| {
        let words = block.for_the_host().filter_map(|command| handed_over(&command));
        let file = (block.kind() == "conf").then(|| block.text.clone());
        for text in file.into_iter().chain(words) {
            let faults = config::check(text.as_bytes());
            ensure!(faults.count() == 0, "{text}\n{faults}");
        }
        Ok(())
    })
}

#[test]
fn every_link_leads_to_a_file() -> Result<()> {
    let broken = |document: &Document| document.broken_links().map(str::to_owned).collect();
    each(0, broken, |link: &String| bail!("nothing is at {link}"))
}

#[test]
fn every_command_and_every_key_is_told_of() -> Result<()> {
    let spans: Vec<_> = documents::all()?.into_iter().flat_map(|document| document.spans).collect();
    let is_told = |name: &str| {
        let follows = |rest: &str| rest.is_empty() || rest.starts_with([' ', '=']);
        spans.iter().any(|span| span.strip_prefix(name).is_some_and(follows))
    };
    let names = COMMANDS.iter().map(|entry| entry.name.trim_start_matches("dpif-netdev/"));
    let missing: Vec<_> =
        names.chain(keys().map(|key| key.name())).filter(|name| !is_told(name)).collect();
    ensure!(missing.is_empty(), "no document has {missing:?}");
    Ok(())
}

/// The kernel's command line that a command of the host hands over.
fn handed_over(command: &str) -> Option<String> {
    let words = words(command).ok()?;
    words.iter().find_map(|word| word.strip_prefix("--command-line=").map(str::to_owned))
}
