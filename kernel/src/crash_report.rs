//! What a crash report says of the PMDs.

use core::fmt::{self, Write};

use heapless::Vec;
use perf::Metrics;
use perf::report::{ROW_TITLES, Row};
use spin::Once;

use crate::arch::{cores, crash};
use crate::{hw_watchdog, outgoing, ports};

/// Iterations of each PMD that a report shows.
const ROWS: u64 = 32;

/// A PMD's core and what it measured.
pub(crate) type Measured = (usize, &'static Metrics);

static PMDS: Once<Vec<Measured, { cores::MAX }>> = Once::new();

/// Has crashes quiet the devices, and go by the stream too: as soon as there are devices.
pub(crate) fn set_up() {
    crash::set_hooks(crash::Hooks {
        quiesce,
        report,
        stream: outgoing::report,
        go_on: hw_watchdog::feed,
    });
}

/// Has crashes show the last iterations of `pmds` from now on.
pub(crate) fn show(pmds: Vec<Measured, { cores::MAX }>) {
    PMDS.call_once(|| pmds);
}

fn quiesce() {
    ports::silence();
    hw_watchdog::on_crash();
}

fn report(out: &mut dyn Write) {
    for &(core, metrics) in PMDS.get().into_iter().flatten() {
        // A line that is stuck must not keep the others from being tried.
        let _ = iterations(core, metrics, out);
    }
}

fn iterations(core: usize, metrics: &Metrics, out: &mut dyn Write) -> fmt::Result {
    let last = metrics.ended();
    writeln!(out, "last iterations of the PMD on core {core}:\n{ROW_TITLES}")?;
    let numbers = (last.saturating_sub(ROWS - 1).max(1)..=last).rev();
    numbers
        .filter_map(|number| metrics.history().iteration(number))
        .try_for_each(|iteration| writeln!(out, "{}", Row(&iteration)))
}
