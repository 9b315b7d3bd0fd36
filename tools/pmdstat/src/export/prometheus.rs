//! Prometheus' text: what was counted, by the last copies of the last start.

use std::io::{self, Write};

use crate::exposition::{self, Exposition, Told};
use crate::recording::Boot;

/// Writes what `boot` counted on `host`.
///
/// # Errors
///
/// Those of `out`.
pub(super) fn write(boot: &Boot, host: &str, out: &mut impl Write) -> io::Result<()> {
    let mut page = Exposition::default();
    exposition::machine(boot, Told::Last, host, &mut page);
    out.write_all(page.text().as_bytes())
}
