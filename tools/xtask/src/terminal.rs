//! What the user sees and types: the guest's console, with the decoded logs above it.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ::qemu::screen::Screen;
use pmdstat::raw_input::LEAVE;

/// Goes to the line's begin and erases it (ECMA-48, 8.3.41).
const ERASE_LINE: &str = "\r\x1b[K";

/// Shows what comes from several threads without mixing it.
#[derive(Clone, Debug)]
pub(crate) struct Display(Arc<Mutex<Shown>>);

#[derive(Debug)]
struct Shown {
    screen: Screen,
    /// Lines of the screen that were printed, where only whole lines are.
    printed: usize,
    is_raw: bool,
}

impl Display {
    /// Prints the console byte for byte, and whole log lines above the line being typed.
    pub(crate) fn raw() -> Self {
        Self::new(true)
    }

    /// Prints whole lines only, free of control codes: for a log file or a pipe.
    pub(crate) fn lines() -> Self {
        Self::new(false)
    }

    fn new(is_raw: bool) -> Self {
        Self(Arc::new(Mutex::new(Shown { screen: Screen::default(), printed: 0, is_raw })))
    }

    /// Takes bytes of the guest's console.
    pub(crate) fn console(&self, bytes: &[u8]) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.iter().for_each(|byte| shown.screen.push(*byte));
        // A closed standard output is no reason to end the guest.
        let _ = shown.show(bytes, &mut io::stdout().lock());
    }

    /// Prints one line that is not of the console.
    pub(crate) fn remark(&self, line: &str) {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.is_raw {
            eprint!("{ERASE_LINE}{line}\r\n{}", shown.screen.current());
        } else {
            eprintln!("{line}");
        }
    }
}

impl Shown {
    fn show(&mut self, bytes: &[u8], output: &mut impl Write) -> io::Result<()> {
        if self.is_raw {
            output.write_all(bytes)?;
            return output.flush();
        }
        let lines = self.printed..self.screen.finished();
        self.printed = lines.end;
        for line in lines.filter_map(|index| self.screen.line(index)) {
            writeln!(output, "{line}")?;
        }
        output.flush()
    }
}

/// Types what is typed here into `keyboard`, in a thread of its own. The receiver hears once
/// when the user leaves or the input ends.
pub(crate) fn pass_input(mut keyboard: impl Write + Send + 'static) -> Receiver<()> {
    let (left, leaves) = mpsc::channel();
    thread::spawn(move || {
        let mut byte = [0];
        while let Ok(1) = io::stdin().read(&mut byte) {
            if byte[0] == LEAVE || keyboard.write_all(&byte).is_err() {
                break;
            }
        }
        // Whoever no longer listens has ended already.
        let _ = left.send(());
    });
    leaves
}

/// The lines of `input` that hold something, read in a thread of its own.
pub(crate) fn lines(input: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let read = BufReader::new(input).lines().map_while(Result::ok);
        let mut held = read.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        // Whoever no longer listens has ended already.
        let _ = held.try_for_each(|line| sender.send(line));
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_hold_something_are_read_to_the_end() {
        let read = lines(&b"show ports\r\n\n  exit"[..]);
        assert_eq!(read.iter().collect::<Vec<_>>(), ["show ports", "exit"]);
    }

    fn shown(is_raw: bool, chunks: &[&str]) -> String {
        let mut output = Vec::new();
        let mut shown = Shown { screen: Screen::default(), printed: 0, is_raw };
        for chunk in chunks {
            chunk.bytes().for_each(|byte| shown.screen.push(byte));
            shown.show(chunk.as_bytes(), &mut output).unwrap();
        }
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn lines_are_printed_once_when_they_are_whole() {
        let chunks = ["one\r\nt", "wo\r", "\x1b[Kevent\r\nt", "wo\r\n"];
        assert_eq!(shown(false, &chunks), "one\nevent\ntwo\n");
    }

    #[test]
    fn a_raw_display_changes_nothing() {
        let chunks = ["one\r\nt", "\x1b[K"];
        assert_eq!(shown(true, &chunks), chunks.concat());
    }
}
