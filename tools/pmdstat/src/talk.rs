//! What is said to the user beside the data.

use std::fmt::Arguments;
use std::io::{self, Write as _};

/// Writes a line to standard error. If nobody reads that, there is nobody to tell.
pub(crate) fn say(text: Arguments<'_>) {
    let _nobody_listens = writeln!(io::stderr(), "{text}");
}
