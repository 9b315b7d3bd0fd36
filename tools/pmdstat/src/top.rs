//! `pmdstat top`: a machine as it runs, or as it ran, on one screen.
//!
//! | module | what it does |
//! |---|---|
//! | [`past`] | keeps what was heard, with its moments |
//! | [`figures`] | what stands at a moment, in numbers |
//! | [`state`] | what the user looks at: moment, page, event |
//! | [`view`] | draws both into a buffer |
//! | [`stage`] | the loop, and the only one that knows a terminal |
//!
//! A machine that runs and a recording go through the same code: the one is looked at where it ends, the
//! other at a moment that moves. So a recording shows what was to be seen then.

mod figures;
mod keys;
mod moment;
mod past;
mod stage;
mod state;
mod told;
mod view;

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::recording::Listener;
use crate::source::{self, Happening, Source, attach};
use past::Past;
use stage::{Event, Stage};

/// What to look at.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// A recording, - for standard input as it comes, or a line of a machine that runs.
    #[arg(value_name = "SOURCE|FILE", long_help = source::HELP)]
    source: String,
    /// Seconds of a recording in a second.
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1024))]
    speed: u32,
}

const EXAMPLES: &str = "Examples:\n  \
    pmdstat top target/barecore/last.pmd --speed 10\n  \
    pmdstat top lab1=10.0.0.7:7878\n  \
    pmdstat listen ... | pmdstat top -\n\nq leaves, ? tells of the other keys.";

/// Looks at it until the user leaves.
///
/// # Errors
///
/// There is no terminal, or no recording.
pub(crate) fn run(options: &Options) -> Result<()> {
    let is_terminal = io::stdout().is_terminal();
    ensure!(is_terminal, "top needs a terminal; without one there is pmdstat show");
    let (tell, told) = mpsc::channel();
    let word = &*options.source;
    if Path::new(word).is_file() {
        let (path, past) = (Path::new(word), read(Path::new(word))?);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Stage::new(&name, past, false, options.speed).run(&tell, &told);
    }
    let (name, _attachment) = match word {
        "-" => {
            follow(io::stdin(), tell.clone());
            ("standard input".to_owned(), None)
        }
        _ => {
            let source: Source = word.parse()?;
            let (name, tell) = (source.name.clone(), tell.clone());
            // Nobody is left to be told at the end.
            (name, Some(attach(source, move |it| drop(tell.send(Event::Line(it))))))
        }
    };
    Stage::new(&name, Past::default(), true, options.speed).run(&tell, &told)
}

/// All that the recording at `path` holds.
fn read(path: &Path) -> Result<Past> {
    let file = path.display();
    let mut past = Past::default();
    let hear = |input| Listener::new().hear_all(input, &mut |heard| past.take(heard));
    File::open(path).and_then(hear).with_context(|| format!("cannot read {file}"))?;
    ensure!(
        !past.is_empty(),
        "{file} holds no frame of a stream; text of Open vSwitch is read by pmdstat show and report"
    );
    Ok(past)
}

/// Tells of what `input` says, in a thread of its own.
fn follow(mut input: impl Read + Send + 'static, tell: Sender<Event>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = input.read(&mut buffer) {
            let bytes = Happening::Bytes(buffer[..count].to_vec());
            if tell.send(Event::Line(bytes)).is_err() {
                return;
            }
        }
        // Nobody is left to be told at the end.
        let _ = tell.send(Event::Line(Happening::Detached("it has ended".to_owned())));
    });
}

#[cfg(test)]
pub(crate) mod made;
