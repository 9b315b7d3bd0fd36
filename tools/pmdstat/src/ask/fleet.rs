//! Many machines that do the same at once.

use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::session::{Answer, Session};
use crate::source;
use crate::talk;

/// Which machines, and how patient to be.
#[derive(Clone, Debug, Args)]
pub(crate) struct Fleet {
    #[arg(
        required = true,
        value_name = "SOURCES",
        help = "Lines of consoles, or @FILE with one in each line of it",
        long_help = source::HELP
    )]
    sources: Vec<String>,
    /// Seconds for which a machine may be silent.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

impl Fleet {
    /// Has every machine do `work`, all at once, and prints what each answered; with its name where
    /// there are several.
    ///
    /// # Errors
    ///
    /// There is no such source. What a machine does wrong is told, and is the status.
    pub(crate) fn each(
        &self,
        work: impl Fn(&mut Session) -> Result<Answer> + Clone + Send + 'static,
    ) -> Result<ExitCode> {
        let sources = source::all(&self.sources)?;
        let (count, patience) = (sources.len(), Duration::from_secs(self.timeout));
        let (tell, told) = mpsc::channel();
        for source in sources {
            let (tell, work) = (tell.clone(), work.clone());
            thread::spawn(move || {
                let answer = Session::open(&source, patience).and_then(|mut it| work(&mut it));
                drop(tell.send((source.name, answer)));
            });
        }
        drop(tell);
        let good = told.iter().filter(|(name, answer)| print(name, answer, count > 1)).count();
        if count > 1 {
            talk::say(format_args!("{good} of {count} did it"));
        }
        Ok(if good == count { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Prints what the machine `name` answered. False if it did not do it.
fn print(name: &str, answer: &Result<Answer>, is_named: bool) -> bool {
    let prefix = if is_named { format!("{name}: ") } else { String::new() };
    match answer {
        Ok(answer) => {
            answer.lines.iter().for_each(|line| talk::print(format_args!("{prefix}{line}")));
            !answer.has_failed
        }
        Err(error) => {
            talk::say(format_args!("error: {name}: {error:#}"));
            false
        }
    }
}
