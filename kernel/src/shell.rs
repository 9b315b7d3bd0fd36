//! Editing a line at the console.
//!
//! The crate `embedded-cli` edits: it knows the line, the cursor and the history. It is fed with
//! keys, not with raw bytes, because it trusts what comes to be UTF-8 and cannot leave a broken
//! escape sequence; it draws on a [`Screen`], so that terminals without escape sequences do. It
//! splits options like `-us` into single letters and completes first words only, so finished
//! lines are taken from the screen, and Tab asks the table of commands.

mod keys;
mod screen;

use core::convert::Infallible;
use core::fmt::{self, Write};

use embedded_cli::cli::{Cli, CliBuilder, CliHandle};
use embedded_cli::command::RawCommand;
use embedded_cli::service::{CommandProcessor, ProcessError};
use heapless::String;

use crate::command::completions;
use keys::{Key, Keys};
pub use screen::Screen;

/// Characters of a line at most.
pub const LINE: usize = 512;
/// What stands before a line.
pub const PROMPT: &str = "barecore> ";

/// Bytes that are kept of lines typed before.
const HISTORY: usize = 1024;

/// What a byte led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put the line on")]
pub enum Typed {
    /// Nothing to act on.
    Nothing,
    /// A finished line. The prompt is gone.
    Line(String<LINE>),
    /// A finished line of which there was too much to keep. The prompt is gone.
    TooLong,
}

/// A line that is being typed.
pub struct Shell<'a> {
    editor: Cli<&'a Screen, Infallible, [u8; LINE], [u8; HISTORY]>,
    screen: &'a Screen,
    keys: Keys,
    /// Characters found no room, so that the line is not what was typed. So it stays until the
    /// line ends or is taken back as a whole.
    too_long: bool,
}

/// Finished lines are not the editor's business.
struct Nobody;

impl CommandProcessor<&Screen, Infallible> for Nobody {
    fn process<'a>(
        &mut self,
        _: &mut CliHandle<'_, &Screen, Infallible>,
        _: RawCommand<'a>,
    ) -> Result<(), ProcessError<'a, Infallible>> {
        Ok(())
    }
}

impl<'a> Shell<'a> {
    /// An empty line on `screen`, which no other shell may use.
    pub fn new(screen: &'a Screen) -> Self {
        let builder = CliBuilder::default().writer(screen).prompt("");
        let builder = builder.command_buffer([0; LINE]).history_buffer([0; HISTORY]);
        let editor = match builder.build() {
            Ok(editor) => editor,
            Err(never) => match never {},
        };
        Self { editor, screen, keys: Keys::default(), too_long: false }
    }

    /// Whether nothing was typed so far.
    pub fn is_empty(&self) -> bool {
        self.screen.extent().0 == 0
    }

    /// Shows the prompt and what was typed so far, at the beginning of a line.
    ///
    /// # Errors
    ///
    /// Those of `out`, as for all that is drawn.
    pub fn show(&self, out: &mut impl Write) -> fmt::Result {
        let (len, cursor) = self.screen.extent();
        write!(out, "{PROMPT}{}", self.screen.text())?;
        repeat('\x08', len - cursor, out)
    }

    /// Wipes the prompt and what was typed so far off the terminal, to make place for text.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn hide(&self, out: &mut impl Write) -> fmt::Result {
        let (len, _) = self.screen.extent();
        out.write_char('\r')?;
        repeat(' ', PROMPT.len() + len, out)?;
        out.write_char('\r')
    }

    /// Takes a byte that came from the terminal.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn accept(&mut self, byte: u8, out: &mut impl Write) -> Result<Typed, fmt::Error> {
        match self.keys.take(byte) {
            None => {}
            Some(Key::Enter) => return self.finish(out),
            Some(Key::Tab) => self.complete(out)?,
            Some(Key::Kill) => self.kill(out)?,
            Some(Key::Stop) => self.stop(out)?,
            Some(Key::Backspace) => self.feed(b"\x08", out)?,
            Some(Key::Arrow(letter)) => self.feed(&[0x1b, b'[', letter], out)?,
            Some(Key::Char(byte)) => self.insert(byte, out)?,
        }
        Ok(Typed::Nothing)
    }

    fn insert(&mut self, byte: u8, out: &mut impl Write) -> fmt::Result {
        if self.screen.extent().0 < LINE {
            return self.feed(&[byte], out);
        }
        self.too_long = true;
        out.write_char('\x07')
    }

    fn finish(&mut self, out: &mut impl Write) -> Result<Typed, fmt::Error> {
        let line = self.screen.text();
        if core::mem::take(&mut self.too_long) {
            self.empty();
            out.write_char('\n')?;
            return Ok(Typed::TooLong);
        }
        self.feed(b"\r", out)?;
        self.screen.clear();
        out.write_char('\n')?;
        Ok(Typed::Line(line))
    }

    fn kill(&mut self, out: &mut impl Write) -> fmt::Result {
        let (len, cursor) = self.screen.extent();
        self.empty();
        repeat('\x08', cursor, out)?;
        repeat(' ', len, out)?;
        repeat('\x08', len, out)
    }

    fn stop(&mut self, out: &mut impl Write) -> fmt::Result {
        self.empty();
        writeln!(out, "^C")?;
        self.show(out)
    }

    /// Empties the line without drawing. The editor knows no such thing, but has keys enough.
    fn empty(&mut self) {
        let (len, cursor) = self.screen.extent();
        (cursor..len).for_each(|_| self.press(b"\x1b[C"));
        (0..len).for_each(|_| self.press(b"\x08"));
        self.screen.clear();
        self.too_long = false;
    }

    fn complete(&mut self, out: &mut impl Write) -> fmt::Result {
        let line = self.screen.text();
        if self.screen.extent() != (line.len(), line.len()) {
            return Ok(());
        }
        let (mut count, mut common) = (0, "");
        completions(&line, |word, typed| {
            common = if count == 0 { &word[typed..] } else { shared(common, &word[typed..]) };
            count += 1;
        });
        let blank = if count == 1 { " " } else { "" };
        if line.len() + common.len() + blank.len() > LINE {
            return Ok(());
        }
        self.feed(common.as_bytes(), out)?;
        self.feed(blank.as_bytes(), out)?;
        if count > 1 && common.is_empty() { self.offer(&line, out) } else { Ok(()) }
    }

    /// Lists what `line` may become, and shows it again.
    fn offer(&self, line: &str, out: &mut impl Write) -> fmt::Result {
        out.write_char('\n')?;
        let mut result = Ok(());
        completions(line, |word, _| {
            result = result.and_then(|()| write!(out, "  {word}"));
        });
        result?;
        out.write_char('\n')?;
        self.show(out)
    }

    /// Gives `bytes` to the editor and draws what becomes of it.
    fn feed(&mut self, bytes: &[u8], out: &mut impl Write) -> fmt::Result {
        self.press(bytes);
        let mut drawn = self.screen.take_drawn().into_iter();
        drawn.try_for_each(|byte| out.write_char(char::from(byte)))
    }

    fn press(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.editor.process_byte::<RawCommand<'_>, _>(byte, &mut Nobody) {
                Ok(()) => {}
                Err(never) => match never {},
            }
        }
    }
}

/// What `a` and `b` both begin with.
fn shared<'s>(a: &'s str, b: &str) -> &'s str {
    let len = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.get(..len).unwrap_or("")
}

fn repeat(character: char, times: usize, out: &mut impl Write) -> fmt::Result {
    (0..times).try_for_each(|_| out.write_char(character))
}

#[cfg(test)]
mod tests;
