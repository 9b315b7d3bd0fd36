//! `pmd-sleep-show`: how long PMDs with little to do sleep at most, as Open vSwitch tells it.

use core::fmt::{self, Write};

use crate::control::Pmd;
use crate::options::Numbers;

/// Writes the default and a part for each PMD.
///
/// # Errors
///
/// Those of `out`.
pub fn sleep<O>(sleep: &Numbers, pmds: &[Pmd<O>], out: &mut impl Write) -> fmt::Result {
    writeln!(out, "Default max sleep: {:4} us", sleep.all)?;
    pmds.iter().try_for_each(|pmd| {
        writeln!(out, "pmd thread numa_id {} core_id {}:", pmd.node(), pmd.core())?;
        writeln!(out, "  max sleep: {:4} us", sleep.of(pmd.core()))
    })
}
