//! A session on the image's console: type, wait for an answer, and never wait for ever.
//!
//! A thread reads all that comes, whether somebody waits or not, so the guest never stands
//! still because of us. What is waited for is looked up in the [`Screen`], as a person would.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::screen::Screen;

/// What the image prints when it waits for a command.
pub const PROMPT: &str = "barecore> ";

/// How long [`Console::command`] waits for an answer: long, because a busy host may hardly let an
/// emulator run that prints a thousand rows.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(180);

/// How long the guest may take to accept what is typed.
const TYPING_LIMIT: Duration = Duration::from_secs(20);

/// How often a reader that is held looks whether it still is.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Prompts that are remembered.
const MOST_PROMPTS: usize = 4096;

/// Lines of the screen that an expired wait shows.
const TAIL: usize = 20;

/// Somebody who is given the console's bytes as they come.
pub type Listener = Box<dyn FnMut(&[u8]) + Send>;

/// A session on a console. Closed when dropped.
#[derive(Debug)]
pub struct Console {
    stream: UnixStream,
    shared: Arc<Shared>,
    next: usize,
}

#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Seen>,
    news: Condvar,
    is_held: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    screen: Screen,
    /// For each time that the bare prompt stood on the current line: the lines above it.
    prompts: VecDeque<usize>,
    is_closed: bool,
}

impl Console {
    /// Opens a session on `stream`; `listener` hears every byte too.
    ///
    /// # Errors
    ///
    /// The socket cannot be set up.
    pub fn new(stream: UnixStream, listener: Option<Listener>) -> Result<Self> {
        stream.set_write_timeout(Some(TYPING_LIMIT)).context("cannot set up the console")?;
        let input = stream.try_clone().context("cannot set up the console")?;
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        thread::spawn(move || reader.read(input, listener));
        Ok(Self { stream, shared, next: 0 })
    }

    /// Types `bytes`.
    ///
    /// # Errors
    ///
    /// The console is closed, or the guest does not take what is typed.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).with_context(|| {
            format!("the guest does not take what is typed\n{}", self.shared.seen().tail())
        })
    }

    /// A second hand on the keyboard, for another thread.
    ///
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub fn keyboard(&self) -> Result<impl io::Write + Send + use<>> {
        self.stream.try_clone().context("cannot share the console")
    }

    /// Reads nothing further, or goes on: as a terminal that is stuck, and one that no longer is.
    pub fn hold(&self, is_held: bool) {
        self.shared.is_held.store(is_held, Relaxed);
    }

    /// Waits for a line that holds `text`, finished or not, and returns it as it looks then.
    /// The search begins after the line that the last `expect` found, or after the last command.
    ///
    /// # Errors
    ///
    /// No such line came within `limit`, or the console was closed first.
    pub fn expect(&mut self, text: &str, limit: Duration) -> Result<String> {
        let first = self.next;
        let (index, line) = self.shared.wait(&format!("{text:?}"), limit, |seen| {
            (first..=seen.screen.finished())
                .filter_map(|index| Some((index, seen.any_line(index)?)))
                .find(|(_, line)| line.contains(text))
        })?;
        self.next = index + 1;
        Ok(line)
    }

    /// Waits for the prompt.
    ///
    /// # Errors
    ///
    /// It did not come within `limit`, or the console was closed first.
    pub fn wait_prompt(&mut self, limit: Duration) -> Result<()> {
        let first = self.next;
        self.next = self.shared.wait("the prompt", limit, |seen| seen.prompt_from(first))?;
        Ok(())
    }

    /// Types `line` and returns the lines of its answer.
    ///
    /// # Errors
    ///
    /// The answer or the prompt after it did not come within [`ANSWER_LIMIT`].
    pub fn command(&mut self, line: &str) -> Result<Vec<String>> {
        self.command_within(line, ANSWER_LIMIT)
    }

    /// Like [`Console::command`], with a limit of its own.
    ///
    /// # Errors
    ///
    /// As [`Console::command`].
    pub fn command_within(&mut self, line: &str, limit: Duration) -> Result<Vec<String>> {
        let first = self.shared.seen().screen.finished();
        self.send(format!("{line}\r").as_bytes())?;
        let echo = format!("{PROMPT}{line}");
        let what = format!("the answer to {line:?} and the prompt after it");
        let (echoed, prompt, answer) = self.shared.wait(&what, limit, |seen| {
            let echoed = (first..seen.screen.finished())
                .find(|index| seen.screen.line(*index) == Some(echo.trim_end()))?;
            let prompt = seen.prompt_from(echoed + 1)?;
            let answer = (echoed + 1..prompt).filter_map(|n| seen.screen.line(n));
            Some((echoed, prompt, answer.map(str::to_owned).collect()))
        })?;
        debug_assert!(echoed < prompt);
        self.next = echoed + 1;
        Ok(answer)
    }

    /// Waits until the other side has closed the console.
    ///
    /// # Errors
    ///
    /// It did not do so within `limit`.
    pub fn wait_closed(&mut self, limit: Duration) -> Result<()> {
        let shared = &self.shared;
        let deadline = Instant::now() + limit;
        let mut seen = shared.seen();
        while !seen.is_closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the console is still open after {limit:?}\n{}", seen.tail());
            }
            seen = shared.sleep(seen, left);
        }
        Ok(())
    }

    /// All lines so far that are still known, the unfinished one last.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let seen = self.shared.seen();
        (0..=seen.screen.finished()).filter_map(|index| seen.any_line(index)).collect()
    }

    /// The last lines, for a message.
    #[must_use]
    pub fn tail(&self) -> String {
        self.shared.seen().tail()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.hold(false);
        // A console that the other side has closed already cannot be closed again.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep<'a>(&self, seen: MutexGuard<'a, Seen>, limit: Duration) -> MutexGuard<'a, Seen> {
        self.news.wait_timeout(seen, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    fn read(&self, mut input: UnixStream, mut listener: Option<Listener>) {
        let mut buffer = [0; 4096];
        loop {
            while self.is_held.load(Relaxed) {
                thread::sleep(LOOK_AGAIN);
            }
            let Ok(length @ 1..) = input.read(&mut buffer) else { break };
            let bytes = &buffer[..length];
            if let Some(listener) = &mut listener {
                listener(bytes);
            }
            self.seen().push(bytes);
            self.news.notify_all();
        }
        self.seen().is_closed = true;
        self.news.notify_all();
    }

    /// Waits until `find` finds something in what was seen.
    fn wait<T>(&self, what: &str, limit: Duration, find: impl Fn(&Seen) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        let mut seen = self.seen();
        loop {
            if let Some(found) = find(&seen) {
                return Ok(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if seen.is_closed {
                bail!("the console was closed while {what} was waited for\n{}", seen.tail());
            }
            if left.is_zero() {
                bail!("waited {limit:?} in vain for {what}\n{}", seen.tail());
            }
            seen = self.sleep(seen, left);
        }
    }
}

impl Seen {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.screen.push(*byte);
            if *byte == b' ' && self.screen.current() == PROMPT {
                self.prompts.push_back(self.screen.finished());
            }
        }
        let surplus = self.prompts.len().saturating_sub(MOST_PROMPTS);
        self.prompts.drain(..surplus);
    }

    fn prompt_from(&self, first: usize) -> Option<usize> {
        self.prompts.iter().copied().find(|lines_above| *lines_above >= first)
    }

    fn any_line(&self, index: usize) -> Option<String> {
        if index == self.screen.finished() {
            return Some(self.screen.current());
        }
        self.screen.line(index).map(str::to_owned)
    }

    fn tail(&self) -> String {
        let finished = self.screen.finished();
        let lines = (finished.saturating_sub(TAIL)..=finished).filter_map(|n| self.any_line(n));
        let lines: Vec<_> = lines.map(|line| format!("  | {line}\n")).collect();
        format!("the console's last lines:\n{}", lines.concat())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// A console and the guest's end of it.
    fn played() -> (Console, UnixStream) {
        let (ours, guests) = UnixStream::pair().unwrap();
        (Console::new(ours, None).unwrap(), guests)
    }

    /// A guest that answers each line by `answer`, drawn around an echo.
    fn answering(mut guest: UnixStream, answer: impl Fn(&str) -> String + Send + 'static) {
        thread::spawn(move || {
            guest.write_all(PROMPT.as_bytes()).unwrap();
            let mut typed = BufReader::new(guest.try_clone().unwrap());
            let mut line = Vec::new();
            while typed.read_until(b'\r', &mut line).unwrap() > 0 {
                let text = String::from_utf8(line.split_off(0)).unwrap();
                let answer = answer(text.trim_end());
                write!(guest, "{text}\n{answer}{PROMPT}").unwrap();
            }
        });
    }

    #[test]
    fn a_command_returns_the_lines_between_its_echo_and_the_prompt() {
        let (mut console, guest) = played();
        answering(guest, |line| format!("you said\r\n{line}\r\n"));
        console.wait_prompt(LIMIT).unwrap();
        assert_eq!(console.command("show ports").unwrap(), ["you said", "show ports"]);
        assert_eq!(console.command("").unwrap(), ["you said", ""]);
    }

    #[test]
    fn an_event_between_two_prompts_is_no_part_of_an_answer() {
        let (mut console, guest) = played();
        answering(guest, |line| format!("{line}\r\n{PROMPT}\r\x1b[KSuspicious iteration\r\n"));
        assert_eq!(console.command("a").unwrap(), ["a"]);
        console.expect("Suspicious", LIMIT).unwrap();
        assert_eq!(console.command("b").unwrap(), ["b"]);
    }

    #[test]
    fn a_line_is_found_once_and_the_search_goes_on_behind_it() {
        let (mut console, mut guest) = played();
        guest.write_all(b"port 0 up\r\nport 1 up\r\nunfinished").unwrap();
        assert_eq!(console.expect("up", LIMIT).unwrap(), "port 0 up");
        assert_eq!(console.expect("up", LIMIT).unwrap(), "port 1 up");
        assert_eq!(console.expect("unfin", LIMIT).unwrap().get(..5), Some("unfin"));
    }

    #[test]
    fn an_expired_wait_says_what_was_waited_for_and_what_was_there() {
        let (mut console, mut guest) = played();
        guest.write_all(b"booting\r\n").unwrap();
        console.expect("booting", LIMIT).unwrap();
        let text = console.expect("prompt", Duration::ZERO).unwrap_err().to_string();
        assert!(text.contains("\"prompt\"") && text.contains("| booting"), "{text}");
    }

    #[test]
    fn a_console_that_closes_ends_every_wait() {
        let (mut console, mut guest) = played();
        guest.write_all(b"last words").unwrap();
        drop(guest);
        console.wait_closed(LIMIT).unwrap();
        let text = console.expect("more", LIMIT).unwrap_err().to_string();
        assert!(text.contains("closed") && text.contains("last words"), "{text}");
    }
}
