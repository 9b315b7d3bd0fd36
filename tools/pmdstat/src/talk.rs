//! What is said to the user: data on standard output, the rest beside it.

use std::fmt::Arguments;
use std::io::{self, IsTerminal as _, Write as _};

/// Writes a line to standard error. If nobody reads that, there is nobody to tell.
pub(crate) fn say(text: Arguments<'_>) {
    let _nobody_listens = writeln!(io::stderr(), "{text}");
}

/// Writes a line to standard output. If nobody reads that, there is nobody to tell.
pub(crate) fn print(text: Arguments<'_>) {
    let _nobody_listens = writeln!(io::stdout(), "{text}");
}

/// Says how far something has come, in the place of what was said so before; to somebody who sits at a
/// terminal.
pub(crate) fn progress(text: Arguments<'_>) {
    let mut error = io::stderr();
    if error.is_terminal() {
        let _nobody_listens = write!(error, "\r{:40}\r{text}", "").and_then(|()| error.flush());
    }
}

/// Says now and then how much of something long was read: `count` bytes more than `total`. Nothing more means
/// the end.
pub(crate) fn far(total: &mut u64, count: usize) {
    /// What is read in a blink is not worth a word.
    const STEP: u64 = 16 << 20;
    let before = std::mem::replace(total, *total + count as u64) / STEP;
    match *total / STEP {
        0 => {}
        _ if count == 0 => progress(format_args!("")),
        now if now > before => progress(format_args!("{} MiB are read", *total >> 20)),
        _ => {}
    }
}
