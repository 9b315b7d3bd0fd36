//! What is typed here.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context as _, Result};
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr};

use super::Event;

/// Leaves: Ctrl-], as with telnet and virsh.
const LEAVE: u8 = 0x1d;

/// The terminal without line editing and echo; undone when dropped.
pub(super) struct Keyboard {
    before: Termios,
}

impl Keyboard {
    /// Whether somebody sits at a terminal, seeing and typing.
    pub(super) fn is_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Tells of what is typed, in a thread of its own.
    ///
    /// # Errors
    ///
    /// Standard input is no terminal.
    pub(super) fn open(tell: Sender<Event>) -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("standard input is no terminal")?;
        let mut raw = before.clone();
        raw.make_raw();
        // Our own lines still end in a line feed alone.
        raw.output_modes |= before.output_modes & (OutputModes::OPOST | OutputModes::ONLCR);
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).context("cannot set the terminal")?;
        thread::spawn(move || pass_on(&tell));
        Ok(Self { before })
    }
}

/// Tells of what is typed until the user leaves.
fn pass_on(tell: &Sender<Event>) {
    let mut keys = [0; 256];
    while let Ok(count @ 1..) = io::stdin().read(&mut keys) {
        let typed = &keys[..count];
        let end = typed.iter().position(|key| *key == LEAVE);
        let sent = tell.send(Event::Typed(typed[..end.unwrap_or(count)].to_vec()));
        if sent.is_err() || end.is_some() {
            break;
        }
    }
    // Whoever no longer listens has ended already.
    let _ = tell.send(Event::Left);
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
