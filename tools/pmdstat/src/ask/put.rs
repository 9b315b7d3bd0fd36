//! `pmdstat put`: a file of rules, meters and settings for many machines.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use super::fleet::Fleet;
use super::session::{Answer, Session};

/// Bytes of a piece: with all that is typed around it, it fits in a line of the console.
const PIECE: usize = 336;

/// What to send, and where to.
#[derive(Debug, Args)]
#[command(
    override_usage = "pmdstat put [OPTIONS] <SOURCES>... <FILE>",
    after_help = "Examples:\n  \
    pmdstat put /dev/ttyUSB0 rules.txt\n  \
    pmdstat put @lab.txt thresholds.txt"
)]
pub(crate) struct Options {
    #[command(flatten)]
    fleet: Fleet,
    /// Rules, meters and settings, a line each; rules in it take the place of all.
    file: PathBuf,
}

/// Sends it to every machine, which applies it whole or not at all. The status is 0 if all did.
///
/// # Errors
///
/// The file cannot be read; there is no such source.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let path = options.file.display();
    let file = fs::read_to_string(&options.file).with_context(|| format!("cannot read {path}"))?;
    options.fleet.each(move |session| send(session, file.as_bytes()))
}

fn send(session: &mut Session, file: &[u8]) -> Result<Answer> {
    take(session, &format!("put begin {} {}", file.len(), crc32fast::hash(file)))?;
    for (number, piece) in file.chunks(PIECE).enumerate() {
        let base64 = STANDARD.encode(piece);
        take(session, &format!("put piece {} :{base64}", number * PIECE))?;
    }
    session.ask_again("put apply")
}

/// Has the machine take a part of the file.
fn take(session: &mut Session, command: &str) -> Result<()> {
    let answer = session.ask_again(command)?;
    ensure!(!answer.has_failed, "{}", answer.lines.join(" "));
    Ok(())
}
