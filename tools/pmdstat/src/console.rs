//! `pmdstat console` and `pmdstat listen`: a line with a keyboard or without, what it says in the words of
//! people, and a recording of it.

mod decoded;
mod kept;
mod keyboard;
mod screen;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;

use crate::logs;
use crate::raw_input::is_interactive;
use crate::source::{self, Attachment, Happening, Source, attach};
use decoded::Decoded;
pub(crate) use decoded::drawn;
use kept::Kept;
use screen::Screen;

/// What to listen to, and where to keep it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[arg(help = "The line", long_help = source::HELP)]
    source: Source,
    /// The line of the stream, where the console has another.
    #[arg(long, value_name = "SOURCE")]
    stream: Option<Source>,
    /// The recording, instead of barecore-DATE.pmd here; what the console says beside a stream goes to
    /// the same name with .log.
    #[arg(short, long, value_name = "FILE", conflicts_with = "no_record")]
    output: Option<PathBuf>,
    /// Keeps no recording.
    #[arg(long)]
    no_record: bool,
    #[command(flatten)]
    images: logs::Images,
    /// Ends after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

const EXAMPLES: &str = "Examples:\n  \
    pmdstat console /dev/ttyUSB0\n  \
    pmdstat console lab1:7001 --stream lab1:7002\n  \
    pmdstat console 'exec:ipmitool -I lanplus -H bmc1 -U admin -E sol activate' -o sol.pmd\n  \
    pmdstat listen 10.0.0.7:7878 --seconds 60";

/// What happens to a session.
enum Event {
    /// To the line of this number.
    Line(usize, Happening),
    /// Somebody typed this.
    Typed(Vec<u8>),
    /// Somebody leaves.
    Left,
}

/// A line of a session.
struct Line {
    source: Source,
    attachment: Attachment,
    decoded: Decoded,
    kept: Kept,
}

/// Shows the line, and types into it what is typed here.
///
/// # Errors
///
/// There is no terminal, or a recording cannot be written.
pub(crate) fn console(options: &Options) -> Result<()> {
    ensure!(is_interactive(), "console needs a terminal; without one there is pmdstat listen");
    run(options, true)
}

/// Shows the line.
///
/// # Errors
///
/// A recording or standard output cannot be written.
pub(crate) fn listen(options: &Options) -> Result<()> {
    run(options, false)
}

fn run(options: &Options, types: bool) -> Result<()> {
    let (tell, told) = mpsc::channel();
    let mut lines = options.lines(&tell)?;
    let keyboard = if types { Some(keyboard::open(tell)?) } else { None };
    let mut screen = Screen::new(types);
    let names: Vec<_> = lines.iter().filter_map(|line| line.kept.path()).collect();
    names.iter().for_each(|path| screen.remark(format_args!("recording {}", path.display())));
    if types {
        screen.remark(format_args!("the keyboard is the machine's; Ctrl-] leaves"));
    }
    let end = options.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    while let Some(event) = next(&told, end) {
        match event {
            Event::Left => break,
            Event::Typed(keys) => {
                if !lines[0].attachment.send(&keys) {
                    screen.remark(format_args!("nobody takes what is typed"));
                }
            }
            Event::Line(number, happening) => lines[number].take(happening, &mut screen)?,
        }
    }
    drop(keyboard);
    screen.end();
    Ok(())
}

/// The next event, unless it is the end.
fn next(told: &Receiver<Event>, end: Option<Instant>) -> Option<Event> {
    let Some(end) = end else { return told.recv().ok() };
    match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(event) if Instant::now() < end => Some(event),
        Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

impl Options {
    fn lines(&self, tell: &Sender<Event>) -> Result<Vec<Line>> {
        let sources = std::iter::once(&self.source).chain(&self.stream).enumerate();
        let line = |(number, source): (usize, &Source)| {
            let tell = tell.clone();
            let kept = match (self.no_record, self.stream.is_some() && number == 0) {
                (true, _) => Kept::nowhere(),
                (false, is_beside) => Kept::begin(self.output.as_deref(), is_beside)?,
            };
            let decoded = Decoded::new(self.stream.is_none(), self.images.clone());
            let attachment = attach(source.clone(), move |happening| {
                // Nobody is left to be told at the end.
                let _ = tell.send(Event::Line(number, happening));
            });
            Ok(Line { source: source.clone(), attachment, decoded, kept })
        };
        sources.map(line).collect()
    }
}

impl Line {
    fn take(&mut self, happening: Happening, screen: &mut Screen) -> Result<()> {
        if let Some(text) = happening.remark(&self.source.name) {
            screen.remark(format_args!("{text}"));
        }
        if let Happening::Bytes(bytes) = happening {
            self.kept.add(&bytes)?;
            screen.show(&bytes)?;
            self.decoded.hear(&bytes, screen)?;
        }
        Ok(())
    }
}
