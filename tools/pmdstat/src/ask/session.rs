//! A machine that is asked at its console, as [`perf::request`] says.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use perf::request::{Mark, Reply, Request};

use crate::console::drawn;
use crate::recording::{Heard, Listener};
use crate::source::{Attachment, Happening, Source, attach};

/// Ctrl-U, which takes back what somebody left on the line.
const KILL: &str = "\x15";
/// How often a request is typed again that is the same if it is done twice.
const TRIES: usize = 5;

/// A console, and whoever asks there.
pub(crate) struct Session {
    attachment: Attachment,
    happens: Receiver<Happening>,
    listener: Listener,
    /// How long the machine may be silent.
    patience: Duration,
    tag: u64,
}

/// What a machine answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its lines.
    pub(crate) lines: Vec<String>,
    /// Whether one of them says what was wrong.
    pub(crate) has_failed: bool,
}

impl Session {
    /// Opens the console at `source`, whose machine may be silent for as long as `patience`.
    ///
    /// # Errors
    ///
    /// It does not open by then.
    pub(crate) fn open(source: &Source, patience: Duration) -> Result<Self> {
        let (tell, happens) = mpsc::channel();
        let attachment = attach(source.clone(), move |happening| drop(tell.send(happening)));
        // Answers to an earlier session are told apart by their tags.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let tag = now.as_micros() as u64;
        let session = Self { attachment, happens, listener: Listener::new(), patience, tag };
        match session.happens.recv_timeout(patience) {
            Ok(Happening::Detached(reason)) => bail!("{reason}"),
            Ok(_) => Ok(session),
            Err(_) => bail!("it did not open within {} s", patience.as_secs()),
        }
    }

    /// Asks for `command` once, and tells `hear` of all bytes that come from its answer's first line on.
    ///
    /// # Errors
    ///
    /// There is no answer, or it does not end.
    pub(crate) fn ask(&mut self, command: &str, hear: &mut dyn FnMut(&[u8])) -> Result<Answer> {
        self.attempt(command, self.patience, hear)?.context("the line garbles what is typed")
    }

    /// Asks for a `command` that may be done twice, until it is answered.
    ///
    /// # Errors
    ///
    /// There is no answer, however often it is asked for.
    pub(crate) fn ask_again(&mut self, command: &str) -> Result<Answer> {
        let patience = (self.patience / 2).max(Duration::from_secs(1));
        let mut last = None;
        for _ in 0..TRIES {
            match self.attempt(command, patience, &mut |_| {}) {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the line garbles what is typed")))
    }

    /// The answer to `command`; none if the line garbled it.
    fn attempt(
        &mut self,
        command: &str,
        patience: Duration,
        hear: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Answer>> {
        self.tag += 1;
        let tag = format!("{:08x}", self.tag & 0xffff_ffff);
        let typed = format!("{KILL}{}\r", Request { tag: &tag, command });
        ensure!(self.attachment.send(typed.as_bytes()), "nobody takes what is typed");
        let (mut lines, mut ended, mut has_begun) = (Vec::new(), None, false);
        let (begin, mut before) = (Reply { tag: &tag, mark: Mark::Begins }.to_string(), Vec::new());
        while ended.is_none() {
            let bytes = self.next(patience).with_context(|| match has_begun {
                true => "the answer does not end",
                false => "there is no answer",
            })?;
            match has_begun {
                true => hear(&bytes),
                false => before.extend_from_slice(&bytes),
            }
            self.listener.hear(&bytes, &mut |heard| {
                let Heard::Text(line) = heard else { return };
                let line = drawn(line);
                match Reply::read(line).filter(|reply| reply.tag == tag).map(|reply| reply.mark) {
                    Some(Mark::Begins) => has_begun = true,
                    Some(mark) => ended = Some(mark),
                    None if has_begun && ended.is_none() => lines.push(line.to_owned()),
                    None => {}
                }
            });
            if has_begun && !before.is_empty() {
                let bytes = std::mem::take(&mut before);
                let place = bytes.windows(begin.len()).position(|place| place == begin.as_bytes());
                hear(&bytes[place.unwrap_or(0)..]);
            }
        }
        match ended {
            Some(Mark::Garbled) => Ok(None),
            Some(Mark::Stopped) => bail!("somebody stopped it at the console"),
            mark => Ok(Some(Answer { lines, has_failed: mark == Some(Mark::Failed) })),
        }
    }

    /// The bytes that come next, unless none do for so long.
    ///
    /// # Errors
    ///
    /// None came, or the line broke.
    pub(crate) fn next(&self, patience: Duration) -> Result<Vec<u8>> {
        let end = Instant::now() + patience;
        loop {
            match self.happens.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(Happening::Bytes(bytes)) => return Ok(bytes),
                Ok(Happening::Detached(reason)) => bail!("{reason}"),
                Ok(Happening::Attached) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    bail!("nothing came for {} s", patience.as_secs())
                }
            }
        }
    }

    /// How long the machine may be silent.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }
}
