//! What a line says, in the words of people.

mod logs;

use std::io;

use perf::stream::Message;

use super::screen::Screen;
use crate::logs::Images;
use crate::recording::{Heard, Listener, Recording};
use crate::show;
use logs::Logs;

/// A line that is understood as it speaks. Nothing is kept that was told.
pub(super) struct Decoded {
    listener: Listener,
    recording: Recording,
    /// The line is the only one of its machine.
    is_alone: bool,
    /// There is text beside the frames, which tells of events itself.
    has_text: bool,
    logs: Logs,
}

impl Decoded {
    /// A line that has said nothing yet; `is_alone` if its machine has no other. Texts
    /// of logs are in one of `images`.
    pub(super) fn new(is_alone: bool, images: Images) -> Self {
        let (listener, recording) = (Listener::new(), Recording::default());
        Self { listener, recording, is_alone, has_text: false, logs: Logs::new(images) }
    }

    /// Tells on `screen` what `bytes` complete.
    ///
    /// # Errors
    ///
    /// Those of standard output.
    pub(super) fn hear(&mut self, bytes: &[u8], screen: &mut Screen) -> io::Result<()> {
        let Self { listener, recording, is_alone, has_text, logs } = self;
        let mut result = Ok(());
        listener.hear(bytes, &mut |heard| {
            if let Heard::Text(line) = heard {
                *has_text |= clean(line).is_some();
            }
            let how = (*is_alone, *has_text);
            let told = tell(heard, how, screen).and_then(|()| {
                recording.take(heard);
                tell_events(recording, how, screen)?;
                recording.boots.last_mut().map_or(Ok(()), |boot| logs.tell(boot, screen))
            });
            if result.is_ok() {
                result = told;
            }
            forget(recording);
        });
        result
    }
}

/// Tells what stands for itself.
fn tell(
    heard: Heard<'_>,
    (is_alone, has_text): (bool, bool),
    screen: &mut Screen,
) -> io::Result<()> {
    match heard {
        Heard::Text(line) => return screen.line(line),
        Heard::Message(Message::Crash(text)) if is_alone && !has_text => {
            return screen.above(text);
        }
        Heard::Damage => screen.remark(format_args!("a frame is damaged")),
        Heard::Missing(count) => screen.remark(format_args!("frames are missing: {count}")),
        Heard::Unknown | Heard::Message(_) => {}
    }
    Ok(())
}

/// Tells of events that are whole, as far as text does not.
fn tell_events(
    recording: &mut Recording,
    (is_alone, has_text): (bool, bool),
    screen: &mut Screen,
) -> io::Result<()> {
    let Some(boot) = recording.boots.last_mut() else { return Ok(()) };
    let whole = boot.events.iter().find(|(_, event)| event.is_whole()).map(|(number, _)| *number);
    let Some(number) = whole else { return Ok(()) };
    let mut text = Vec::new();
    match (is_alone, has_text) {
        (true, true) => show::around(&boot.events[&number], &mut text)?,
        (true, false) => show::event(boot, number, &mut text)?,
        (false, _) => {}
    }
    boot.events.remove(&number);
    screen.above(&String::from_utf8_lossy(&text))
}

/// Forgets what is of no further use.
fn forget(recording: &mut Recording) {
    recording.text.clear();
    let only = recording.boots.len().saturating_sub(1);
    recording.boots.drain(..only);
    if let Some(boot) = recording.boots.last_mut() {
        boot.milliseconds.clear();
        boot.copies.clear();
        boot.crash.clear();
        // Parts of events whose ends were lost.
        while boot.events.len() > 64 {
            boot.events.pop_first();
        }
    }
}

/// What is left of a line of text once it is drawn: what stands behind the last return of the cursor.
pub(crate) fn drawn(line: &str) -> &str {
    line.trim_end().rsplit('\r').next().unwrap_or("")
}

/// The same, unless nothing is left.
pub(super) fn clean(line: &str) -> Option<&str> {
    Some(drawn(line)).filter(|drawn| !drawn.trim().is_empty())
}
