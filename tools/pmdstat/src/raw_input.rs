//! Standard input for whoever types into a machine.

use std::io::{self, IsTerminal as _};

use anyhow::{Context as _, Result};
use rustix::termios::{OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr};

/// What leaves: Ctrl-], as with telnet and virsh.
pub const LEAVE: u8 = 0x1d;

/// Whether somebody sits at a terminal, seeing and typing.
#[must_use]
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Standard input without line editing and echo. Undone when dropped.
pub struct RawInput {
    before: Termios,
}

impl RawInput {
    /// Switches the terminal.
    ///
    /// # Errors
    ///
    /// Standard input is no terminal.
    pub fn new() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("standard input is no terminal")?;
        let mut raw = before.clone();
        raw.make_raw();
        // Our own lines still end in a line feed alone.
        raw.output_modes |= before.output_modes & (OutputModes::OPOST | OutputModes::ONLCR);
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).context("cannot set the terminal")?;
        Ok(Self { before })
    }
}

impl Drop for RawInput {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
